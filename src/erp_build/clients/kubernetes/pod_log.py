"""Reads the log of a container from a moment on, with the time of each line."""

from http import HTTPStatus

from erp_build.clients.kubernetes.connection import ClusterConnection, namespaced
from erp_build.formats.logs.moments import whole_second
from erp_build.formats.logs.printed import read_lines
from erp_build.model.releases.logs import LogPart
from erp_build.model.releases.release import Release

MAX_PART_BYTES = 1024 * 1024
"""What is read at once. The API cuts the newest of it off, so that a reader goes on where the last part ended."""

WITHOUT_LOG = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
"""Answers about a container that has not begun, or has not ended before, and about a pod that is gone."""


def read_log(
    connection: ClusterConnection, release: Release, pod: str, container: str, since: int, *, previous: bool
) -> LogPart:
    """The lines of a container from the second of a moment on, oldest first; raises as `ClusterConnection.ask`.

    Args:
        connection: of the cluster.
        release: whose namespace.
        pod: its name.
        container: one of it.
        since: nanoseconds since 1970. Kubernetes reckons in seconds: lines of that second may come again.
        previous: the container that ended before the one that runs.
    """
    query = {
        "container": container,
        "previous": f"{previous}".lower(),
        "timestamps": "true",
        "sinceTime": whole_second(since),
        "limitBytes": f"{MAX_PART_BYTES}",
    }
    path = f"{namespaced(release, 'api/v1/pods', pod)}/log"
    answer = connection.ask(release, path, query, expected=WITHOUT_LOG)
    if answer.status in WITHOUT_LOG:
        return LogPart(())
    body = answer.body
    is_cut = len(body) >= MAX_PART_BYTES
    # The last line may be a part of one; a line as long as that is shown in parts.
    whole = body[: body.rfind(b"\n") + 1] if is_cut else body
    return LogPart(tuple(read_lines((whole or body).decode("utf-8", "replace"), since)), is_cut)
