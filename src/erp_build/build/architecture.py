"""Compares an image's platform with that of the function or the nodes, before the push.

Without the comparison a wrong platform shows only when the container starts ("exec format error").
"""

from collections.abc import Callable

from erp_build.clients.site import Site
from erp_build.errors import BuildFailed
from erp_build.model.project import Function, Service

IMAGE_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""Lambda's name of an architecture -> the name that images and nodes use."""

Nodes = Callable[[], frozenset[str]]
"""Returns the architectures of the cluster's nodes; they are the same for all services, so they are read once."""


def check_platform(site: Site, nodes: Nodes, target: Service | Function, platform: str) -> None:
    """Raise `BuildFailed` if the function, or every node of the cluster, has another platform than the image."""
    wanted = _wanted(site, nodes, target)
    if platform and wanted and platform not in wanted:
        raise BuildFailed(
            "the image is for another platform than the one that runs it",
            where=target.name,
            why=f"the image is {platform}, but what runs it is {' or '.join(sorted(wanted))}",
            next_step="build on a host of that architecture, or name a base image for it",
        )


def _wanted(site: Site, nodes: Nodes, target: Service | Function) -> set[str]:
    """The platforms that fit; empty if unknown: no function yet, or no permission to list nodes."""
    if isinstance(target, Function):
        state = site.clients.functions.state(target.function)
        architectures = {state.architecture} if state else set()
    else:
        architectures = set(nodes())
    return {f"linux/{IMAGE_ARCHITECTURES.get(name, name)}" for name in architectures if name}
