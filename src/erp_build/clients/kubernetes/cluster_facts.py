"""Facts of a cluster that only `doctor` reads: its version, and which release owns which Deployment."""

from erp_build.clients.kubernetes.cluster import DEPLOYMENTS, RELEASE_ANNOTATION, annotation, images_of
from erp_build.clients.kubernetes.connection import ClusterConnection
from erp_build.model.releases.kubernetes import OwnedDeployment
from erp_build.model.releases.release import Release


class ClusterFacts:
    """Reads through the connection of a run."""

    def __init__(self, connection: ClusterConnection) -> None:
        self._connection = connection

    def version(self, release: Release) -> str:
        """The API server's version, such as `v1.34.4`."""
        return str(self._connection.ask(release, "version/").document["gitVersion"])

    def deployments(self, release: Release) -> tuple[OwnedDeployment, ...]:
        """Every Deployment of the release's namespace with the release that made it."""
        return tuple(
            OwnedDeployment(
                name=item["metadata"]["name"],
                owner=annotation(item, RELEASE_ANNOTATION) or "",
                images=images_of(item),
            )
            for item in self._connection.items(release, DEPLOYMENTS)
        )
