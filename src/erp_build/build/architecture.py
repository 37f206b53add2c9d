"""The platform of an image, against those of what is to run it: known before the push, not by "exec format error"."""

from collections.abc import Callable

from erp_build.clients.site import Site
from erp_build.errors import BuildFailed
from erp_build.model.project import Function, Service

IMAGE_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""What Lambda calls an architecture -> what images and nodes call it."""

Nodes = Callable[[], frozenset[str]]
"""The architectures of the cluster's nodes, which are the same for all services and so are asked once."""


def check_platform(site: Site, nodes: Nodes, target: Service | Function, platform: str) -> None:
    """Raise `BuildFailed` where the function, or every node of the cluster, is of another platform than the image's."""
    wanted = _wanted(site, nodes, target)
    if platform and wanted and platform not in wanted:
        raise BuildFailed(
            "the image is for another platform than what runs it",
            where=target.name,
            why=f"the image is {platform}, wanted is {' or '.join(sorted(wanted))}",
            next_step="build on a host of that architecture, or name a base image for it",
        )


def _wanted(site: Site, nodes: Nodes, target: Service | Function) -> set[str]:
    """The platforms that will do; empty where nothing can be known, because there is nothing yet or none may ask."""
    if isinstance(target, Function):
        state = site.clients.functions.state(target.function)
        architectures = {state.architecture} if state else set()
    else:
        architectures = set(nodes())
    return {f"linux/{IMAGE_ARCHITECTURES.get(name, name)}" for name in architectures if name}
