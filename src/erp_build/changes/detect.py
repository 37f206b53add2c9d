"""Detection: a baseline per target, and what differs between it and head. Any doubt builds more, and says why."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from erp_build.changes.baselines import find_baselines, find_head, refuse_doubt
from erp_build.changes.build_context.at_commit import rules_at
from erp_build.changes.content_key import build_settings
from erp_build.changes.make_plan import choose, make_plan
from erp_build.changes.modules.of_commits import poms_of
from erp_build.changes.modules.uses import ModuleUses
from erp_build.changes.rules import CONFIGURATION, Rules, attribute, folder_read_from_below, values_path
from erp_build.errors import ConfigurationError, ErpBuildError
from erp_build.formats.patterns import spellings
from erp_build.model.change import Baseline, ChangeSet, PathChange, TargetChange
from erp_build.model.choice import EVERYTHING, Choice
from erp_build.model.plan import LiveState, Plan
from erp_build.model.stages.stage import stage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from erp_build.clients.git.repository import GitRepository
    from erp_build.model.project import Project

SOME = 3
"""Files that a warning names."""

ONLY_ITS_DIRECTORY: Mapping[str, Any] = {"inputs": (), "context": "", "dockerfile": ""}
"""Fields of a target of which nothing is an input but its own directory."""


def plan(  # noqa: PLR0913 - each is a choice of the caller, by its name
    project: Project,
    repository: GitRepository,
    *,
    base: str | None = None,
    head: str | None = None,
    live: LiveState | None = None,
    variables: Mapping[str, str] | None = None,
    strict: bool = False,
    rebuild: Collection[str] = (),
    choice: Choice = EVERYTHING,
) -> Plan:
    """What a run would do, and why: head, baselines, changes and plan in one call. It changes nothing.

    Args:
        project: its targets.
        repository: where the commits are looked up.
        base: a revision that every target is compared with; None: found by the ladder.
        head: the revision to plan for; None: what CodeBuild names, else what is checked out.
        live: what runs of its one release; None plans offline, without reuse.
        variables: environment variables, for what CodeBuild says of the source.
        strict: raise `DetectionRefused` when a baseline is in doubt.
        rebuild: names of services and functions that are built anew in any case.
        choice: the targets that a run may deploy; every other one is left as it runs.
    """
    if len(project.releases) > 1:
        parts = (
            plan(
                release, repository, base=base, head=head, live=live, variables=variables, strict=strict,
                rebuild=rebuild, choice=choice,
            )
            for release in project.releases
        )  # fmt: skip
        return without_owned(repository, project, reduce(Plan.beside, parts))
    changes = compared(
        project, repository, base=base, head=head, live=live, variables=variables, strict=strict, choice=choice
    )
    made = make_plan(project, look_behind(repository, project, changes), live or LiveState(), rebuild=rebuild)
    return choose(made, choice)


def without_owned(repository: GitRepository, project: Project, plan: Plan) -> Plan:
    """The plan of several units, without what is nobody's only for those that run an older commit than its owner."""
    if not plan.unowned:
        return plan
    rules = rules_at(repository, project, plan.head)
    return plan._replace(unowned=tuple(path for path in plan.unowned if not rules.owners(path)))


def compared(
    project: Project,
    repository: GitRepository,
    *,
    base: str | None = None,
    head: str | None = None,
    live: LiveState | None = None,
    variables: Mapping[str, str] | None = None,
    strict: bool = False,
    choice: Choice = EVERYTHING,
) -> ChangeSet:
    """What Git sees: head, baselines and changes of a `plan`, without a look behind links."""
    stated = variables or {}
    commit = find_head(repository, stated, head)
    baselines = find_baselines(repository, project, commit, live=live, variables=stated, base=base)
    if strict:
        refuse_doubt(baselines, choice)
    return detect_changes(repository, project, baselines, commit)


def look_behind(repository: GitRepository, project: Project, changes: ChangeSet) -> ChangeSet:
    """Return the changes with those behind links, and with warnings of what the rules cannot see.

    Raises `ConfigurationError` where the configuration names what can be no service, or a chart that was deleted.
    """
    # Imported here: a short plan of a large project looks behind no links.
    from erp_build.changes.blind_spots.links import follow_links
    from erp_build.changes.blind_spots.named_places import look_up

    return look_up(repository, project, follow_links(repository, project, changes))


@stage("reads only: Git")
def detect_changes(
    repository: GitRepository, project: Project, baselines: tuple[Baseline, ...], head: str
) -> ChangeSet:
    """Compare each target's own baseline with head; one comparison per different baseline."""
    rules = rules_at(repository, project, head)
    poms = poms_of(repository)
    changes: dict[str, tuple[TargetChange, ...]] = {}
    unowned: set[str] = set()
    removed: set[str] = set()
    unclear: dict[str, str] = {}
    for commit in dict.fromkeys(baseline.commit for baseline in baselines):
        if commit is None:
            continue
        differing = repository.changed_paths(commit, head) if commit != head else ()
        graphs = poms.between(commit, head, differing) if differing and project.image_targets else ()
        rules.modules = ModuleUses(graphs, project.image_targets)
        found, nobodys = attribute(rules, (change.path for change in differing))
        unclear |= {path: why for graph in reversed(graphs) for path, why in graph.unclear.items()}
        found = without_other_settings(found, project, repository, commit)
        unowned.update(nobodys)
        ours = {baseline.target for baseline in baselines if baseline.commit == commit}
        changes.update({name: found.get(name, ()) for name in ours})
        removed |= ours & _removed(repository, project, head, differing, found)
    found_all = ChangeSet(
        head=head,
        baselines=baselines,
        changes=changes,
        removed=frozenset(removed),
        unowned=tuple(sorted(unowned)),
        warnings=(*_baseline_warnings(baselines), *overlaps(project), *unclear_warnings(unclear)),
    )
    return _without_tag_edits(repository, project, found_all)


def without_other_settings(
    found: dict[str, tuple[TargetChange, ...]], project: Project, repository: GitRepository, commit: str
) -> dict[str, tuple[TargetChange, ...]]:
    """Return the changes without the configuration file, for targets whose image it makes as it did at a commit.

    A file that was not there, or cannot be read today, may have said anything.
    """
    suspects = [name for name, changes in found.items() if any(one.rule.startswith(CONFIGURATION) for one in changes)]
    before = settings_at(repository, commit, project) if suspects else None
    if before is None:
        return found
    now = {target.name: build_settings(project, target) for target in project.image_targets}
    same = {name for name in suspects if before.get(name) == now[name]}
    return {
        name: tuple(one for one in changes if name not in same or not one.rule.startswith(CONFIGURATION))
        for name, changes in found.items()
    }


def settings_at(repository: GitRepository, commit: str, project: Project) -> dict[str, tuple[object, ...]] | None:
    """Target -> what decides what its image holds, by the configuration of a commit; None where that cannot be read.

    Packagers of a caller are those of the project: no commit has them.
    """
    from erp_build.config.load import parse_project

    content = repository.read_file(commit, project.config_path)
    try:
        before = parse_project(content.decode("utf-8-sig")) if content is not None else None
    except (ErpBuildError, UnicodeDecodeError):
        return None
    if before is None:
        return None
    before = before._replace(packagings=project.packagings)
    return {target.name: build_settings(before, target) for target in before.image_targets}


def overlaps(project: Project) -> tuple[str, ...]:
    """Targets that lie on or inside each other's directory; a change there belongs to both, which is allowed."""
    by_path: dict[str, list[str]] = {}
    for target in project.targets:
        by_path.setdefault(target.path, []).append(target.name)
    said = []
    for path, names in by_path.items():
        parts = path.split("/")
        outer = [name for length in range(1, len(parts)) for name in by_path.get("/".join(parts[:length]), ())]
        if len(names) > 1 or outer:
            said.append(f"{path} belongs to {', '.join((*names, *outer))}: a change in it counts for each of them")
    return tuple(said)


def unclear_warnings(unclear: Mapping[str, str]) -> tuple[str, ...]:
    """What is said of poms that nobody can understand, and so of what depends on them."""
    said = [
        f"{path} cannot be understood ({why}): a change at or below its folder builds every module"
        for path, why in sorted(unclear.items())
    ]
    more = [f"{len(said) - SOME} more poms cannot be understood"] if said[SOME:] else []
    return (*said[:SOME], *more)


def _removed(
    repository: GitRepository, project: Project, head: str, differing: tuple[PathChange, ...], touched: Iterable[str]
) -> set[str]:
    """The touched targets whose directory is not in head; Git is asked only where no file of theirs shows that it is.

    One may also have been gone before the baseline, and be touched by a shared input.
    """
    kept = {one.path for one in differing if one.status != "D" and folder_read_from_below(one.path) is None}
    # What becomes of an input of a target says nothing of its directory.
    services = tuple(service._replace(**ONLY_ITS_DIRECTORY) for service in project.services)
    functions = tuple(function._replace(**ONLY_ITS_DIRECTORY) for function in project.functions)
    rules = Rules(project._replace(shared=(), config_path="", services=services, functions=functions, packagings=()))
    suspects = set(touched) - rules.touched(kept)
    directories = {target.name: spellings(target.path) for target in project.image_targets if target.name in suspects}
    if not directories:
        return set()
    alive = repository.modes(head, {path for paths in directories.values() for path in paths})
    return {name for name, paths in directories.items() if alive.keys().isdisjoint(paths)}


def _without_tag_edits(repository: GitRepository, project: Project, changes: ChangeSet) -> ChangeSet:
    """Return the changes without the chart, if only its values file differs, and there only tags.

    Otherwise the commit that writes tags back would trigger a deployment. A file that cannot be read counts as changed.
    """
    chart = project.chart
    path = values_path(chart)
    found = changes.changes.get(chart.name, ())
    base = next((one.commit for one in changes.baselines if one.target == chart.name), None)
    if base is None or {change.path for change in found} != {path}:
        return changes
    before, after = repository.read_file(base, path), repository.read_file(changes.head, path)
    if before is None or after is None or not same_but_tags(before, after, project):
        return changes
    warning = f"{path}: only tags differ, which deployments write themselves"
    return changes._replace(changes={**changes.changes, chart.name: ()}, warnings=(*changes.warnings, warning))


def same_but_tags(before: bytes, after: bytes, project: Project) -> bool:
    """Whether two values files differ in nothing but the services' tags."""
    # Imported here: few plans need it.
    from erp_build.formats.values import file

    keys = [service.values_key for service in project.services]
    try:
        return file.same_but_tags(before, after, keys, where=values_path(project.chart))
    except ConfigurationError:
        return False


def warning_of(uncommitted: Sequence[str] | None, complaint: str = "") -> tuple[str, ...]:
    """A warning where tracked files differ from head: they are built, but not compared. None: Git cannot say.

    Args:
        uncommitted: those files.
        complaint: what Git said where it cannot say.
    """
    if uncommitted is None:
        why = f" ({complaint})" if complaint else ""
        return (f"git status fails{why}, so nobody knows which files are changed but not committed",)
    some = ", ".join(uncommitted[:SOME]) + (", ..." if len(uncommitted) > SOME else "")
    files = "file is" if len(uncommitted) == 1 else "files are"
    text = f"{len(uncommitted)} {files} changed but not committed and not part of the comparison: {some}"
    return (text,) if uncommitted else ()


def _baseline_warnings(baselines: tuple[Baseline, ...]) -> tuple[str, ...]:
    return tuple(sorted({item.because for item in baselines if item.because and item.commit}))
