"""Asks a cluster whether a release may be deployed, and names everything that keeps it from that at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from erp_build.clients.protocols import Cluster
from erp_build.clients.site import Site
from erp_build.deployment.chart_values import below_paths
from erp_build.deployment.rights.given import rights_of_role
from erp_build.deployment.rights.needs import kind_of, needs_of
from erp_build.deployment.rights.rbac import places_of, told_rules
from erp_build.errors import ErpBuildError, ReleaseFailed
from erp_build.formats.kubernetes.hooks import is_hook
from erp_build.formats.kubernetes.manifest import flattened
from erp_build.model.releases.release import Release
from erp_build.model.releases.rights import WRITTEN_BY, Kind, Need, Right, Why

Object = Mapping[str, Any]
Objects = tuple[Object, ...]

ALL_RIGHTS = (
    f"let {WRITTEN_BY} write all that this chart needs, and an administrator of the cluster apply it: "
    "kubectl apply --filename access.yaml"
)

OTHER_VERSION = (
    "write a version that the cluster serves into the templates, or first install what serves these kinds "
    "(the definitions of its operator)"
)

CUSTOM = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "of the chart"},
}
"""Stands for the definitions of a chart's folder `crds`, which Helm makes with the first installation."""


class Lacks(NamedTuple):
    """What a release lacks in a cluster.

    Attributes:
        asked: how many rights were asked for.
        needs: the rights that the role does not have.
        unserved: the kinds of objects that the cluster does not serve.
    """

    asked: int
    needs: tuple[Need, ...] = ()
    unserved: tuple[Kind, ...] = ()

    @property
    def fatal(self) -> tuple[Need, ...]:
        """The missing rights without which a deployment fails."""
        return tuple(need for need in self.needs if need.is_fatal)


class Tried(NamedTuple):
    """What a cluster says to a release: the objects that it has, those that it would have, and the hooks for it."""

    before: Objects
    after: Objects
    hooks: Objects


def try_release(site: Site, values: bytes, rendered: Sequence[Object]) -> Tried:
    """Let the cluster try the chart; it changes nothing.

    Args:
        site: the release and its chart.
        values: of the release.
        rendered: what the chart makes of them without the cluster, hooks included.

    Raises `ReleaseFailed` with what the cluster would not take: all missing rights and kinds if it is that, otherwise
    with its own words.
    """
    helm, release, chart = site.clients.helm, site.release, site.chart_root / site.project.chart.path
    running = helm.manifest(release)
    expected = rendered
    if not running and any(chart.glob("crds/*")):
        expected = (*rendered, CUSTOM)
    try:
        tried = helm.check_chart(release, chart, values, below_paths(site.chart_root, site.project.chart))
    except ReleaseFailed as error:
        if not error.passes:
            # Helm names the first thing that it lacks. The objects may differ from those that the cluster would render,
            # but without that it cannot be known.
            refuse(site.clients.cluster, release, find_lacks(site.clients.cluster, release, expected, running), error)
        raise
    after = tuple(one for one in tried if not is_hook(one))
    # The cluster is not asked to take hooks, and Helm hides Secrets.
    beside = (one for one in flattened(expected) if is_hook(one) or one.get("kind") == "Secret" or one is CUSTOM)
    lacks = find_lacks(site.clients.cluster, release, (*after, *beside), running)
    refuse(site.clients.cluster, release, lacks)
    return Tried(running, after, tuple(one for one in tried if is_hook(one)))


def find_lacks(cluster: Cluster, release: Release, rendered: Iterable[Object], running: Iterable[Object]) -> Lacks:
    """Ask for every right that the objects need, each once."""
    new, old = tuple(flattened(rendered)), tuple(flattened(running))
    kinds = {kind for one in (*new, *old) if (kind := kind_of(one)).api_version}
    known = cluster.served(release, kinds)
    needs = needs_of(new, old, known, release.namespace)
    asked = {right for need in needs for right in (need.right, *need.instead)}
    missing = cluster.missing_rights(release, asked)
    lacking = (
        need for need in needs if need.right in missing and not (need.instead and missing.isdisjoint(need.instead))
    )
    return Lacks(
        len(needs),
        tuple(need for need in lacking if need.why is not Why.BOUND or not _has_all_of(cluster, release, need.right)),
        tuple(sorted(kinds - set(known))),
    )


def _has_all_of(cluster: Cluster, release: Release, bind: Right) -> bool:
    """Whether the caller has every right of a role that he may not bind: then he may bind it all the same."""
    role = cluster.role(release, bind)
    return role is not None and not cluster.missing_rights(release, rights_of_role(role, bind.namespace))


def refuse(cluster: Cluster, release: Release, lacks: Lacks, because: ErpBuildError | None = None) -> None:
    """Raise one `ReleaseFailed` with everything that a deployment fails for; nothing where there is none."""
    rights = [need.right for need in lacks.fatal]
    what, why, next_steps = [], [], []
    if lacks.unserved:
        what.append(f"the cluster does not serve {counted(len(lacks.unserved), 'kind')} of the release's objects")
        why.append(told_kinds(cluster, release, lacks.unserved))
        next_steps.append(OTHER_VERSION)
    if rights:
        what.append(f"the role lacks {counted(len(rights), 'right')} that this deployment needs")
        why.append(told_rules(rights))
        next_steps.append(ALL_RIGHTS)
    if what:
        raise ReleaseFailed(
            ", and ".join(what),
            where=", ".join((release.cluster, *([places_of(rights)] if rights else []))),
            why="\n".join(why),
            next_step="; ".join(next_steps),
        ) from because


def told_kinds(cluster: Cluster, release: Release, kinds: Sequence[Kind]) -> str:
    """A line for each kind that the cluster does not serve, with what it serves in its place."""
    versions = {group: cluster.served_versions(release, group) for group in sorted({kind.group for kind in kinds})}
    return "\n".join(f"{kind}: {_instead(kind, versions[kind.group])}" for kind in kinds)


def _instead(kind: Kind, versions: Sequence[str]) -> str:
    others = [version for version in versions if version != kind.api_version]
    if kind.api_version in versions:
        return "the version is served, but has no such kind"
    if others:
        return f"of this API group it serves {', '.join(others)}"
    return f"it has no API group {kind.group}" if kind.group else "it does not serve this version"


def counted(number: int, word: str) -> str:
    """A number with its word: `1 right`, `2 rights`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
