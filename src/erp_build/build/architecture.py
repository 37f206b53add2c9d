"""Compares an image's platform with that of the function or the nodes, before the push.

Without the comparison a wrong platform shows only when the container starts ("exec format error").
"""

from erp_build.changes.reuse import Nodes, wanted_platforms
from erp_build.clients.site import Site
from erp_build.errors import BuildFailed
from erp_build.model.project import Function, Service


def check_platform(site: Site, nodes: Nodes, target: Service | Function, platform: str) -> None:
    """Raise `BuildFailed` if the function, or every node of the cluster, has another platform than the image."""
    wanted = wanted_platforms(site, nodes, target)
    if platform and wanted and platform not in wanted:
        raise BuildFailed(
            "the image is for another platform than the one that runs it",
            where=target.name,
            why=f"the image is {platform}, but what runs it is {' or '.join(sorted(wanted))}",
            next_step="build on a host of that architecture, or name a base image for it",
        )
