"""The check of the rights in the cluster against what the chart consists of, and the file that gives them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from erp_build.deployment.rights.access_file import assumption_notes, file_of_release
from erp_build.deployment.rights.assumed import assumed_resources, is_own
from erp_build.deployment.rights.check import (
    ALL_RIGHTS,
    OTHER_VERSION,
    counted,
    find_lacks,
    told_kinds,
)
from erp_build.deployment.rights.needs import kind_of, needs_of
from erp_build.deployment.rights.rbac import told_rules
from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.errors import ErpBuildError, ReleaseFailed
from erp_build.formats.kubernetes.manifest import flattened
from erp_build.model.releases.release import Release
from erp_build.model.releases.rights import Kind, Resource

Objects = tuple[Mapping[str, Any], ...]


def check_rights(facts: Facts) -> CheckResult:
    """Whether the caller may do everything that a deployment of the chart does, and the cluster serves its kinds."""
    release, rendered = facts.release(), facts.rendered()
    cluster = facts.remote.clients.cluster
    look = Look(f"SelfSubjectAccessReviews in {release.cluster}, for the objects of {facts.project.chart.path}")
    running, note = _running(facts, release)
    lacks = find_lacks(cluster, release, rendered, running)
    found, next_steps = [], []
    if lacks.unserved:
        found.append(f"the cluster does not serve:\n{told_kinds(cluster, release, lacks.unserved)}")
        next_steps.append(OTHER_VERSION)
    if lacks.needs:
        found.append(f"{counted(len(lacks.needs), 'right')} of {lacks.asked} missing:\n{_told(lacks.needs)}")
        next_steps.append(ALL_RIGHTS)
    if not found:
        return look.ok(f"all {lacks.asked} rights that a deployment needs are there{note}")
    is_problem = bool(lacks.unserved or lacks.fatal)
    return (look.problem if is_problem else look.warning)("\n".join(found) + note, "; ".join(next_steps))


def _told(needs: Any) -> str:
    return told_rules(need.right for need in needs)


class AccessFile(NamedTuple):
    """The file that gives the rights of a chart: its text, and a line about it for each thing that was assumed."""

    text: str
    notes: tuple[str, ...]


def rights_file(facts: Facts, path: str) -> AccessFile:
    """Make the file with every right that the chart needs; `path` is where it will be.

    Without a cluster, the names of its resources are assumed where Kubernetes does not have them itself. Raises
    `ReleaseFailed` where the chart does not render.
    """
    chart, rendered = facts.project.chart, facts.rendered()
    notes: list[str] = []
    running: Objects = ()
    try:
        release = facts.release()
        running, _ = _running(facts, release)
        kinds = _kinds(rendered, running)
        known = dict(facts.remote.clients.cluster.served(release, kinds))
    except ErpBuildError as error:
        release, known, kinds = Release("", chart.namespace, chart.release), {}, _kinds(rendered, ())
        notes.append(f"The cluster was not asked: {error.what}.")
    unknown = kinds - set(known)
    known |= assumed_resources(unknown, rendered)
    notes += _assumptions(unknown, known)
    needs = needs_of(rendered, running, known, release.namespace)
    return AccessFile(file_of_release(needs, flattened(rendered), release, path=path, notes=notes), tuple(notes))


def _assumptions(kinds: set[Kind], known: dict[Kind, Resource]) -> list[str]:
    return assumption_notes((kind for kind in kinds if not is_own(kind)), known)


def _kinds(rendered: Objects, running: Objects) -> set[Kind]:
    return {kind for one in flattened((*rendered, *running)) if (kind := kind_of(one)).api_version}


def _running(facts: Facts, release: Release) -> tuple[Objects, str]:
    """The objects of the running release, and what to say where they may not be read."""
    try:
        return facts.remote.clients.helm.manifest(release), ""
    except ReleaseFailed as error:
        if error.passes:
            raise
        return (), f"\nthe running release was not looked at: {error.what}"
