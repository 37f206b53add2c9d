"""Baselines: the commit that each target is compared with, found by a ladder. Any doubt builds more, and says why."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from erp_build.config.codebuild import commit_from
from erp_build.errors import ConfigurationError, DetectionRefused, NewerDeployed
from erp_build.model.change import Baseline, BaselineSource
from erp_build.model.choice import EVERYTHING, Choice
from erp_build.model.plan import LiveState
from erp_build.model.project import Chart, Project, Target
from erp_build.model.stages.stage import stage

if TYPE_CHECKING:
    from erp_build.clients.git.repository import GitRepository


RESOLVED = "CODEBUILD_RESOLVED_SOURCE_VERSION"


PREVIOUS = "CODEBUILD_WEBHOOK_PREV_COMMIT"


NO_UPSTREAM = ("no upstream configured", "HEAD does not point to a branch")
"""What Git says of a branch without an upstream, and of a detached HEAD: both are as they should be."""


class Rung(NamedTuple):
    """A candidate of the ladder: where it comes from, its commit, and why it has none."""

    source: BaselineSource
    commit: str | None
    why_not: str = ""


def find_head(repository: "GitRepository", variables: Mapping[str, str], wanted: str | None = None) -> str:
    """The commit to build: as asked for, else what CodeBuild resolved, else HEAD; CodeBuild and HEAD must agree."""
    if wanted:
        return _resolve(repository, wanted, "--head")
    stated = commit_from(variables, RESOLVED)
    checked_out = repository.resolve("HEAD") if repository.has_metadata() else None
    if stated and checked_out and stated != checked_out:
        raise ConfigurationError(
            "the checkout is not the commit that CodeBuild names",
            where=str(repository.root),
            why=f"HEAD is {checked_out}, {RESOLVED} is {stated}",
            next_step="check out that commit, or name one with --head",
        )
    head = stated or checked_out
    if head is None:
        trouble = repository.trouble(variables)
        raise ConfigurationError(
            "there is no commit to name the images after",
            where=str(repository.root),
            why=f"{trouble.what}, and {RESOLVED} holds no commit",
            next_step=trouble.next_step,
        )
    return head


@stage("reads only: Git")
def find_baselines(
    repository: "GitRepository",
    project: Project,
    head: str,
    *,
    live: LiveState | None,
    variables: Mapping[str, str],
    base: str | None = None,
) -> tuple[Baseline, ...]:
    """Find each target's baseline by the ladder: `--base`, deployed, webhook, upstream (offline only), none.

    Args:
        repository: where the commits are looked up.
        project: its targets.
        head: full commit that is built.
        live: what runs; None offline.
        variables: the environment variables.
        base: a revision for all targets.
    """
    argument = [Rung("argument", _resolve(repository, base, "--base"))] if base else []
    doubt_of_name = [ambiguity(base)] if base and repository.is_ambiguous(base) else []
    webhook = [_webhook(repository, head, variables)] if PREVIOUS in variables else []
    # A rung is not climbed, nor Git asked for it, where an earlier one holds for every target. The upstream stands in
    # for nothing that somebody has stated: where that fails, the upstream may be head itself, and hide every change.
    doubt = doubt_of_name if repository.has_metadata() else [repository.trouble(variables).what]
    offline = [] if live or base or webhook or doubt else [_upstream(repository, head)]
    seen: dict[str, str | None] = {head: None}
    baselines = []
    for target in project.targets:
        if live and (absent := _absence(target, live)):
            baselines.append(Baseline(target=target.name, commit=None, source="none", because=absent))
            continue
        deployed = [_deployed(target, live)] if live else []
        rungs = [*argument, *deployed, *webhook, *offline]
        baselines.append(_climb(repository, target.name, rungs, doubt, seen))
    return tuple(baselines)


def refuse_doubt(baselines: tuple[Baseline, ...], choice: Choice = EVERYTHING) -> None:
    """For `--strict`: stop when a baseline of what was chosen is none or was found only after another one failed."""
    chosen = (item for item in baselines if choice.has(item.target))
    if doubtful := [f"{item.target}: {item.because}" for item in chosen if item.because]:
        raise DetectionRefused(
            f"{len(doubtful)} baselines are in doubt",
            where="change detection",
            why="\n".join(doubtful),
            next_step="make the baselines readable (full clone, a first deployment), or run without --strict",
        )


def chosen_of(live: LiveState, project: Project, choice: Choice) -> LiveState:
    """What runs of the chosen targets. What was not chosen stays as it runs, so it may be newer than head."""
    return live._replace(
        running={name: running for name, running in live.running.items() if choice.has(name)},
        chart_commit=live.chart_commit if choice.has(project.chart.name) else None,
    )


def refuse_older(repository: "GitRepository", head: str, live: LiveState) -> None:
    """Stop when something newer than head is live: a run that waited too long must not take it back."""
    deployed = {running.target: running.commit for running in live.running.values()}
    named = [*deployed.items(), ("the release's chart", live.chart_commit)]
    # Many targets run few commits, and all commits are asked about at once.
    others = tuple(dict.fromkeys(commit for _, commit in named if commit and commit != head))
    contain_it = repository.containing(head, others) if others else frozenset()
    for target, newer in named:
        if newer in contain_it:
            raise NewerDeployed(
                "a newer commit is already deployed",
                where=target,
                why=f"{newer} runs, and it contains {head}",
                next_step="nothing to do for a late run; to go back on purpose, run with --allow-older",
            )


def _climb(
    repository: "GitRepository", target: str, rungs: list[Rung], doubt: list[str], seen: dict[str, str | None]
) -> Baseline:
    failed = list(doubt)
    for rung in rungs:
        if rung.commit is None:
            failed.append(f"{rung.source}: {rung.why_not}")
            continue
        if rung.commit not in seen:
            seen[rung.commit] = _why_unread(repository, rung.commit)
        if (why := seen[rung.commit]) is not None:
            # What it would be compared with is known. Another commit in its place may lack some of the changes.
            failed.append(f"{rung.source}: commit {rung.commit[:12]} cannot be read in this clone{why}")
            break
        return Baseline(target=target, commit=rung.commit, source=rung.source, because="; ".join(failed))
    return Baseline(target=target, commit=None, source="none", because="; ".join(failed) or "no baseline was given")


def ambiguity(revision: str) -> str:
    """What is said of a revision whose name a tag and a branch have."""
    return f"{revision} is a tag and a branch: the tag is taken, as Git does; refs/heads/{revision} is the branch"


def _why_unread(repository: "GitRepository", commit: str) -> str | None:
    """What Git says of a commit that cannot be read and not be fetched, in brackets; None if it can."""
    if repository.has_commit(commit):
        return None
    return f" ({repository.complaint})" if repository.complaint else ""


def _upstream(repository: "GitRepository", head: str) -> Rung:
    commit = repository.upstream_base(head)
    said = repository.complaint
    is_usual = not said or any(text in said for text in NO_UPSTREAM)
    return Rung("upstream", commit, "the branch has no upstream" + ("" if is_usual else f" that can be read ({said})"))


def _absence(target: Target, live: LiveState) -> str:
    """Why a target must be deployed whatever the baseline, or an empty text."""
    if not isinstance(target, Chart):
        return "" if target.name in live.running else "nothing of it runs yet"
    if live.revision is None:
        return "there is no release yet"
    status = live.revision.status
    return "" if status == "deployed" else f"revision {live.revision.number} of the release is {status}"


def _deployed(target: Target, live: LiveState) -> Rung:
    if isinstance(target, Chart):
        return Rung("deployed", live.chart_commit, "the release's description names no commit")
    running = live.running[target.name]
    return Rung("deployed", running.commit, f"the running image {running.tag or running.digest} names no commit")


def _webhook(repository: "GitRepository", head: str, variables: Mapping[str, str]) -> Rung:
    commit = commit_from(variables, PREVIOUS)
    if commit is None:
        return Rung("webhook", None, f"{PREVIOUS} holds no commit")
    why = _why_unread(repository, commit)
    if why is not None or not repository.is_ancestor(commit, head):
        return Rung("webhook", None, f"{commit[:12]} of {PREVIOUS} is no ancestor of head{why or ''}")
    return Rung("webhook", commit)


def _resolve(repository: "GitRepository", revision: str, option: str) -> str:
    commit = repository.resolve(revision)
    if commit is None:
        raise ConfigurationError(
            f"{option} names no commit",
            where=str(repository.root),
            why=f"git does not know {revision!r}",
            next_step="git fetch, or check the spelling",
        )
    return commit
