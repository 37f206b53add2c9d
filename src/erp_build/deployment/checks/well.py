"""Whether all is well with what runs: `status --exit-code` answers it by the exit code of the error that is found here.

What is worse, or hides the rest, comes first: a run that is at work, a deployment that failed or was never proven, and
what runs without having been recorded.
"""

from collections.abc import Iterable, Iterator, Mapping

from erp_build.deployment.fencing.watch import locked_by
from erp_build.deployment.ledger import Standing
from erp_build.errors import DriftFound, ErpBuildError, Locked, VerificationFailed, explain
from erp_build.model.plan import EDITED, LiveState
from erp_build.model.project import Project
from erp_build.model.releases.lease import LeaseReading
from erp_build.model.releases.release import Release
from erp_build.model.target_status import TargetStatus

WORST_FIRST: tuple[type[ErpBuildError], ...] = (Locked, VerificationFailed, DriftFound)
"""Of several units the first of these counts. While a run is at work, what else is found changes by the second."""

DEPLOYED = "deployed"
"""Helm's status of a revision whose upgrade has ended well."""


def held_by_another(release: Release, reading: LeaseReading) -> Locked | None:
    """The error of a lock that a run holds now; None where it is free, or was left by a run that died."""
    lease = reading.lease
    return locked_by(release, lease) if lease and lease.is_held(reading.now) else None


def what_is_wrong(
    project: Project, where: str, live: LiveState, statuses: Mapping[str, TargetStatus], standing: Standing
) -> ErpBuildError | None:
    """What is not well with a unit, as the error of its exit code; None: everything is as it was proven.

    Args:
        project: of the unit.
        where: the unit, in words.
        live: what runs.
        statuses: target -> its drift.
        standing: what the ledger says of it.
    """
    if failed := (*_failed(project, live, statuses, standing),):
        return VerificationFailed(
            "a deployment failed, or what runs was never proven",
            where=where,
            why="\n".join(failed),
            next_step="erp-build history tells of the deployments, erp-build verify reads back what runs; "
            "erp-build run deploys and proves",
        )
    if drift := (*_drift(live, statuses, standing),):
        return DriftFound(
            "what runs is not what was deployed",
            where=where,
            why="\n".join(drift),
            next_step="erp-build run repairs what an upgrade sets; what was meant to be belongs into the chart",
        )
    return None


def worst_of(found: Iterable[ErpBuildError]) -> ErpBuildError | None:
    """One error for all units: the worst one, which names what was found of the others as well; None: all is well."""
    ordered = sorted(found, key=lambda error: WORST_FIRST.index(type(error)))
    for other in ordered[1:]:
        explain(ordered[0], f"{other.where}: {other.what}", other.why)
    return next(iter(ordered), None)


def _failed(
    project: Project, live: LiveState, statuses: Mapping[str, TargetStatus], standing: Standing
) -> Iterator[str]:
    """What failed, is not healthy, or was never proven."""
    if live.revision and live.revision.status != DEPLOYED:
        yield f"revision {live.revision.number} of the release is {live.revision.status}"
    if entry := standing.failed:
        how = "was cut off" if entry.outcome == "begun" else entry.outcome
        yield f"the deployment of {entry.commit[:12]} by {entry.build}, {entry.at[:16]}: {how}"
    elif standing.proven is None:
        yield "no deployment that was proven is recorded"
    for target in project.image_targets:
        running, drifted = live.running.get(target.name), statuses.get(target.name, TargetStatus()).drift
        if running is None and not drifted:
            yield f"{target.name}: nothing runs of it"
        # What was edited is drift, and so is an alias that somebody has moved.
        if running and running.trouble and not drifted and not running.trouble.startswith(EDITED):
            yield f"{target.name}: {running.trouble}"


def _drift(live: LiveState, statuses: Mapping[str, TargetStatus], standing: Standing) -> Iterator[str]:
    """What is not as the last deployment left it."""
    yield from (f"chart: {text}" for text in live.chart_drift)
    yield from (f"{name}: {text}" for name, status in statuses.items() for text in status.drift)
    if standing.proven and (standing.runs is None or standing.runs.commit != standing.proven.commit):
        what = f"the deployment of {standing.runs.commit[:12]}" if standing.runs else "no deployment that was proven"
        yield f"what runs is {what}, and not the one that was proven last ({standing.proven.commit[:12]})"
