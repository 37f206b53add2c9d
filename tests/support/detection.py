"""Detection as an offline plan does it, in one call."""

from collections.abc import Mapping
from pathlib import Path

from erp_build.changes.baselines import find_baselines, find_head
from erp_build.changes.detect import detect_changes
from erp_build.changes.make_plan import make_plan
from erp_build.clients.git.repository import GitRepository
from erp_build.config.load import default_project, load_project
from erp_build.model.change import Baseline, ChangeSet
from erp_build.model.plan import LiveState, Plan
from erp_build.model.project import FILE_NAME, Project

Variables = Mapping[str, str]


def project_of(root: Path) -> Project:
    """The project of the file; without one the default, of which a test may have taken a part away."""
    return load_project(root) if (root / FILE_NAME).exists() else default_project()


def detect(root: Path, base: str | None, head: str | None = None, variables: Variables | None = None) -> ChangeSet:
    """The changes between a base, or what the ladder finds, and head."""
    project, repository = project_of(root), GitRepository(root)
    commit = find_head(repository, variables or {}, head)
    found = find_baselines(repository, project, commit, live=None, variables=variables or {}, base=base)
    return detect_changes(repository, project, found, commit)


def changed(root: Path, base: str, head: str | None = None) -> dict[str, set[str]]:
    """Target -> its changed paths, for the targets that changed."""
    changes = detect(root, base, head).changes
    return {name: {change.path for change in found} for name, found in changes.items() if found}


def plan(root: Path, base: str | None = None, variables: Variables | None = None) -> Plan:
    """The offline plan."""
    return make_plan(project_of(root), detect(root, base, variables=variables), LiveState())


def baselines(
    root: Path, live: LiveState | None = None, base: str | None = None, variables: Variables | None = None
) -> tuple[Baseline, ...]:
    """The baselines of the ladder."""
    project, repository = project_of(root), GitRepository(root)
    head = find_head(repository, variables or {})
    return find_baselines(repository, project, head, live=live, variables=variables or {}, base=base)


def built(planned: Plan) -> set[str]:
    """The names of the targets that a plan builds or redeploys."""
    return {step.target.name for step in planned.steps if step.action != "none"}


def plan_live(root: Path, live: LiveState) -> Plan:
    """The plan when this is what runs."""
    project, repository = project_of(root), GitRepository(root)
    head = find_head(repository, {})
    found = find_baselines(repository, project, head, live=live, variables={})
    return make_plan(project, detect_changes(repository, project, found, head), live)
