"""The way to a cluster's API: one client per cluster, signed in for every call, and its errors made ours."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import urllib3
from kubernetes import client as kubernetes

from erp_build.domain.release import Release
from erp_build.errors import OutOfReach, ReleaseFailed
from erp_build.tools.kubeconfig import ClusterAccess

UNKNOWN = 401
TIMEOUT = (5, 30)
"""Seconds to connect and to read; the client has none of its own."""


class ClusterConnection:
    """Clients that sign in as a run does."""

    def __init__(self, access: ClusterAccess) -> None:
        self._access = access
        self._clients: dict[str, kubernetes.ApiClient] = {}

    def client(self, release: Release) -> kubernetes.ApiClient:
        """A client of the release's cluster whose token is good for this call."""
        cluster = release.cluster
        if cluster not in self._clients:
            found = self._access.to(cluster)
            configuration = kubernetes.Configuration(host=found.endpoint)
            configuration.ssl_ca_cert = str(found.certificate)
            configuration.retries = urllib3.Retry(2, backoff_factor=0.2)
            self._clients[cluster] = kubernetes.ApiClient(configuration)
        client = self._clients[cluster]
        # Set for every call: a token lives for fourteen minutes and a rollout may take longer.
        client.set_default_header("Authorization", f"Bearer {self._access.token(cluster)}")
        return client

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    @contextmanager
    def asking(self, release: Release) -> Iterator[None]:
        """Make an error of ours of what the client raises in the block."""
        try:
            yield
        except kubernetes.ApiException as error:
            raise self._refused(error, release) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise OutOfReach(
                "the cluster cannot be reached",
                where=f"{release.cluster}, {self._access.to(release.cluster).endpoint}",
                why=str(error),
                next_step="a private endpoint is reached only from inside its VPC: check the network of the build",
            ) from error

    def _refused(self, error: kubernetes.ApiException, release: Release) -> ReleaseFailed:
        mode = self._access.to(release.cluster).authentication_mode
        hints = {
            401: f"the cluster does not know this role (authentication mode {mode}): add an access entry for it",
            403: f"allow it to the role in namespace {release.namespace}: infra/access.yaml has all that a run needs",
        }
        kind = ReleaseFailed
        if error.status == UNKNOWN:
            # In the middle of a wait it is an old token, whose successor will do; at the beginning nobody waits.
            self._access.forget_token(release.cluster)
            kind = OutOfReach
        return kind(
            f"the cluster answered {error.status} {error.reason}",
            where=f"{release.cluster}, namespace {release.namespace}",
            why=_message(error),
            next_step=hints.get(error.status, "look at the API server, then run again"),
        )


def _message(error: kubernetes.ApiException) -> str:
    """What the API server says: for a refusal the user, the verb and the resource."""
    try:
        return str(json.loads(error.body or "{}").get("message", ""))
    except (ValueError, AttributeError):
        return ""
