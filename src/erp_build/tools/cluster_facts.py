"""What only `doctor` asks a cluster: its version, and which release owns which Deployment."""

from typing import Any

from kubernetes import client as kubernetes

from erp_build.domain.release import OwnedDeployment, Release
from erp_build.tools.cluster import RELEASE_ANNOTATION
from erp_build.tools.connection import TIMEOUT, ClusterConnection


class ClusterFacts:
    """Reads through the connection of a run."""

    def __init__(self, connection: ClusterConnection) -> None:
        self._connection = connection

    def version(self, release: Release) -> str:
        """The API server's version, such as `v1.34.4`."""
        api = kubernetes.VersionApi(self._connection.client(release))
        with self._connection.asking(release):
            return str(api.get_code(_request_timeout=TIMEOUT).git_version)

    def deployments(self, release: Release) -> tuple[OwnedDeployment, ...]:
        """Every Deployment of the release's namespace with the release that made it."""
        apps = kubernetes.AppsV1Api(self._connection.client(release))
        with self._connection.asking(release):
            found: list[Any] = list(apps.list_namespaced_deployment(release.namespace, _request_timeout=TIMEOUT).items)
        return tuple(
            OwnedDeployment(
                name=item.metadata.name,
                owner=(item.metadata.annotations or {}).get(RELEASE_ANNOTATION, ""),
                images=tuple(container.image for container in item.spec.template.spec.containers),
            )
            for item in found
        )
