"""Calls the API of a cluster: one client per cluster, a sign-in for every call, errors translated.

Objects are read as JSON, with the API's own names (docs/decisions/0023). The client's models are 250 modules, which add
0.4 s to every command that asks a cluster, and they refuse an object that lacks a field they know.
"""

from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

import urllib3

from erp_build.clients.calls import within
from erp_build.clients.kubernetes.kubeconfig import ClusterAccess
from erp_build.errors import OutOfReach, ReleaseFailed, first_hint
from erp_build.formats.json_text import parsed_json
from erp_build.formats.messages import catalogue
from erp_build.formats.transient import PASSING_STATUSES, retry_after
from erp_build.model.releases.release import Release
from erp_build.model.releases.rights import WRITTEN_BY

if TYPE_CHECKING:
    from kubernetes import client as kubernetes

CONNECT_READ_TIMEOUT_S = (5, 30)
"""Seconds to connect, and to read; the client library has no timeout by default."""

CLUSTER_CALL_S = 60.0
"""Seconds for one call of a cluster's API, with its whole answer and what urllib3 repeats."""

ApiObject = Mapping[str, Any]
"""An object of the API as JSON, with the names of the API reference."""


NOT_FOR_WANT_OF_RIGHTS = ("being terminated", "denied the request", "exceeded quota")
"""Parts of refusals (403) that no right would change."""


class Refused(ReleaseFailed):
    """The cluster answered, and does not do what it was asked; it would say so again."""


class Answer(NamedTuple):
    """A response of the API server.

    Attributes:
        where: the cluster and the path that was asked.
        status: of HTTP.
        headers, body: as they came.
    """

    where: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> ApiObject:
        """The body as an object of the API; raises `ReleaseFailed` where it is none."""
        try:
            found = parsed_json(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._foreign("not a JSON object")
        return found

    @property
    def listed(self) -> Sequence[Any]:
        """The objects of a list, such as a `DeploymentList`; raises `ReleaseFailed` where the body is none."""
        found = self.document
        items = found.get("items", False)
        if not str(found.get("kind")).endswith("List") or not (items is None or isinstance(items, list)):
            raise self._foreign("no list of objects")
        return items or ()

    def _foreign(self, what: str) -> ReleaseFailed:
        return ReleaseFailed(
            "the response is not that of a Kubernetes API server",
            where=self.where,
            why=f"HTTP {self.status}, {what}: {self.body[:80].decode('utf-8', 'replace')!r}",
            next_step="look for a proxy between the build and the cluster",
        )


class ClusterConnection:
    """Clients of clusters that sign in with the tokens of the run."""

    def __init__(self, access: ClusterAccess) -> None:
        self._access = access
        self._clients: dict[str, kubernetes.ApiClient] = {}

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def items(self, release: Release, collection: str, **query: str) -> list[Any]:
        """The objects of a collection in the release's namespace.

        Args:
            release: whose cluster and namespace.
            collection: API and plural name, such as `apis/apps/v1/deployments`.
            query: such as `fieldSelector`.

        Raises as `ask`, and `ReleaseFailed` for an answer that is no list: it must not be taken for an empty one.
        """
        return list(self.ask(release, namespaced(release, collection), query).listed)

    def ask(
        self,
        release: Release,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: ApiObject | None = None,
        content_type: str = "application/json",
        expected: Collection[int] = (),
        accept: str = "application/json, */*",
    ) -> Answer:
        """Ask the API server of the release's cluster.

        Args:
            release: whose cluster; its namespace stands in errors.
            path: below the server's address.
            query: parameters.
            method: of HTTP.
            body: a document to send.
            content_type: what kind of document.
            expected: statuses of an error that the caller understands.
            accept: the forms of an answer that the caller understands.

        Raises `OutOfReach` where nobody answers, the cluster cannot answer now, or the sign-in is not known, and
        `Refused` for every other status. It asks once: the caller's patience asks again (`clients/patience.py`).
        """
        cluster = release.cluster
        client = self._client(cluster)
        url = f"{client.configuration.host}/{path}?{urlencode(query or {})}".rstrip("?")
        # A new header for every call: a token lives for 14 minutes, and a rollout may take longer.
        headers = {
            **client.default_headers,
            "Accept": accept,
            "Authorization": f"Bearer {self._access.token(cluster)}",
            **({"Content-Type": content_type} if body else {}),
        }

        def call() -> tuple[Answer, str]:
            found = client.call_api(method, url, headers, body, _request_timeout=CONNECT_READ_TIMEOUT_S)
            return Answer(f"{cluster}, {path}", found.status, found.headers, found.read()), found.reason

        try:
            answer, reason = within(CLUSTER_CALL_S, call)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise OutOfReach(
                "the cluster cannot be reached",
                where=f"{cluster}, {self._access.to(cluster).endpoint}",
                why=str(error),
                next_step="a private endpoint is reached only from inside its VPC: check the network of the build",
            ).passing(if_so="certificate" not in str(error).lower()) from error
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._access.forget_token(cluster)
        is_success = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
        if not is_success and answer.status not in expected:
            raise self._refused(answer, reason, release)
        return answer

    def _client(self, cluster: str) -> "kubernetes.ApiClient":
        # Imported here: it takes 0.2 s, which a build spends while Maven works.
        from kubernetes import client as kubernetes

        if cluster not in self._clients:
            found = self._access.to(cluster)
            configuration = kubernetes.Configuration(host=found.endpoint)
            configuration.ssl_ca_cert = str(found.certificate)
            configuration.retries = urllib3.Retry(0, raise_on_redirect=False)
            self._clients[cluster] = kubernetes.ApiClient(configuration)
        return self._clients[cluster]

    def _refused(self, answer: Answer, reason: str, release: Release) -> ReleaseFailed:
        mode = self._access.to(release.cluster).authentication_mode
        hints = {
            401: f"the cluster does not know this role (authentication mode {mode}): {_way_in(mode)}",
            403: f"allow it to the role in namespace {release.namespace}: {WRITTEN_BY} writes all that a run needs",
        }
        message = _message(answer)
        causes = {part: hint for part, hint in catalogue("helm").items() if part in NOT_FOR_WANT_OF_RIGHTS}
        # A token may have expired, and the next one works; so it is where the API server cannot check tokens now.
        passes = answer.status in (*PASSING_STATUSES, HTTPStatus.UNAUTHORIZED)
        error = (OutOfReach if passes else Refused)(
            f"the cluster answered {answer.status} {reason}",
            where=f"{release.cluster}, namespace {release.namespace}",
            why=message,
            next_step=first_hint(causes, message, hints.get(answer.status, "look at the API server, then run again")),
        )
        return error.passing(retry_after(answer.headers), if_so=passes)


def namespaced(release: Release, collection: str, name: str = "") -> str:
    """The path of a collection in the release's namespace, or of one object of it."""
    api, _, plural = collection.rpartition("/")
    place = f"{api}/namespaces/{quote(release.namespace, safe='')}/{plural}"
    return f"{place}/{quote(name, safe='')}" if name else place


def _way_in(mode: str) -> str:
    """How a role gets into a cluster of this authentication mode."""
    if mode == "CONFIG_MAP":
        return "it has no access entries: add the role with the group erp-build to mapRoles of the ConfigMap aws-auth"
    return "add an access entry for it"


def _message(answer: Answer) -> str:
    """The message of the API server; a refusal names user, verb and resource."""
    try:
        return str(answer.document.get("message", ""))
    except ReleaseFailed:
        return ""
