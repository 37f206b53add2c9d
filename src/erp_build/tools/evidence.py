"""Events and logs of a release. They explain a failure and must never hide it: what may not be read is left out."""

from contextlib import suppress
from typing import Any

from kubernetes import client as kubernetes

from erp_build.domain.evidence import Event
from erp_build.domain.release import Release
from erp_build.errors import ReleaseFailed
from erp_build.tools.connection import TIMEOUT, ClusterConnection

LINES, BYTES = 20, 8192
"""Of a log."""


def read_events(connection: ClusterConnection, release: Release) -> tuple[Event, ...]:
    """The warnings of the namespace, oldest first; none where they may not be read."""
    api = kubernetes.CoreV1Api(connection.client(release))
    with suppress(ReleaseFailed), connection.asking(release):
        found: Any = api.list_namespaced_event(
            release.namespace, field_selector="type!=Normal", _request_timeout=TIMEOUT
        ).items
        return tuple(
            Event(item.involved_object.name or "", item.reason or "", (item.message or "").strip(), item.count or 1)
            for item in sorted(found, key=lambda item: item.metadata.resource_version)
        )
    return ()


def read_log(connection: ClusterConnection, release: Release, pod: str, container: str) -> tuple[str, ...]:
    """The last lines of a container that ended before, else of the one that runs; none where there are none."""
    api = kubernetes.CoreV1Api(connection.client(release))
    # A container that has just been started again has an empty log, and one that never ended has no previous one (400).
    for previous in (True, False):
        with suppress(ReleaseFailed), connection.asking(release):
            answer: Any = api.read_namespaced_pod_log(
                pod,
                release.namespace,
                container=container,
                previous=previous,
                tail_lines=LINES,
                limit_bytes=BYTES,
                _preload_content=False,
                _request_timeout=TIMEOUT,
            )
            if lines := answer.data.decode("utf-8", "replace").splitlines():
                return tuple(lines)
    return ()
