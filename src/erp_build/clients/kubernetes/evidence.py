"""Events and logs of a release. They explain a failure and must never hide it: unreadable ones are left out."""

from contextlib import suppress

from erp_build.clients.kubernetes.connection import ClusterConnection, namespaced
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.evidence import ClusterEvent
from erp_build.model.releases.release import Release

MAX_LOG_LINES, MAX_LOG_BYTES = 20, 8192
"""What is read of the end of a log."""


def read_events(connection: ClusterConnection, release: Release) -> tuple[ClusterEvent, ...]:
    """Return the warnings of the namespace, oldest first; empty without the permission."""
    with suppress(ReleaseFailed):
        found = connection.items(release, "api/v1/events", fieldSelector="type!=Normal")
        return tuple(
            ClusterEvent(
                item["involvedObject"].get("name", ""),
                item.get("reason", ""),
                (item.get("message") or "").strip(),
                item.get("count") or 1,
            )
            for item in sorted(found, key=lambda item: item["metadata"]["resourceVersion"])
        )
    return ()


def read_log(connection: ClusterConnection, release: Release, pod: str, container: str) -> tuple[str, ...]:
    """Return the last lines of the previous container, or of the current one; empty if there are none."""
    path = f"{namespaced(release, 'api/v1/pods', pod)}/log"
    # A container that was just restarted has an empty log; one that never ended has no previous log (HTTP 400).
    for previous in ("true", "false"):
        query = {
            "container": container,
            "previous": previous,
            "tailLines": f"{MAX_LOG_LINES}",
            "limitBytes": f"{MAX_LOG_BYTES}",
        }
        with suppress(ReleaseFailed):
            if lines := connection.ask(release, path, query).body.decode("utf-8", "replace").splitlines():
                return tuple(lines)
    return ()
