"""What only `doctor` asks a cluster: its version, and which release owns which Deployment."""

from erp_build.domain.release import OwnedDeployment, Release
from erp_build.tools.cluster import DEPLOYMENTS, RELEASE_ANNOTATION, annotation, images_of
from erp_build.tools.connection import ClusterConnection


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
