"""The platform of an image, against those of what is to run it: known before the push, not by "exec format error"."""

from collections.abc import Collection, Iterable, Mapping

from erp_build.domain.project import Function, Service
from erp_build.errors import BuildFailed
from erp_build.tools.toolbox import Tools

NAMES = {"x86_64": "amd64", "aarch64": "arm64"}
"""What Lambda calls an architecture -> what images and nodes call it."""

Platforms = Mapping[str, frozenset[str]]
"""Target -> the platforms that run it; empty where nothing can be known: there is nothing yet, or none may ask."""


def platforms_of(tools: Tools, cluster: str, targets: Iterable[Service | Function]) -> Platforms:
    """What runs these targets.

    The nodes, which are the same for all services, are asked once.
    """
    nodes: frozenset[str] | None = None
    found: dict[str, frozenset[str]] = {}
    for target in targets:
        if isinstance(target, Function):
            state = tools.functions.state(target.function)
            architectures = frozenset({state.architecture} if state else ())
        else:
            architectures = nodes = tools.cluster.architectures(cluster) if nodes is None else nodes
        found[target.name] = frozenset(f"linux/{NAMES.get(name, name)}" for name in architectures if name)
    return found


def check_platform(target: str, platform: str, wanted: Collection[str]) -> None:
    """Raise `BuildFailed` where the function, or every node of the cluster, is of another platform than the image's."""
    if platform and wanted and platform not in wanted:
        raise BuildFailed(
            "the image is for another platform than what runs it",
            where=target,
            why=f"the image is {platform}, wanted is {' or '.join(sorted(wanted))}",
            next_step="build on a host of that architecture, or name a base image for it",
        )
