"""Go back after a failed deployment: functions and release to what ran before, and a report of what runs where.

What the cluster says about pods that do not get ready is collected first, because the rollback removes them. Where a
migration has run, what ran before may not work with what it left: then everything stays, and the error says so.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TypeVar

from erp_build.clients.site import Site
from erp_build.deployment.bake.stage import bake, require_time_for_bake
from erp_build.deployment.frozen.approval import approved_text
from erp_build.deployment.going_back.proven import Entries, is_whole
from erp_build.deployment.going_back.take_back import NOTHING_BEFORE, read_previous_state, take_back
from erp_build.deployment.going_back.what_runs import what_runs
from erp_build.deployment.ledger import DeploymentOutcome, LedgerEntry, PreviousState
from erp_build.deployment.lock import Lock
from erp_build.deployment.migrations.passed import ANSWER, MAY_NOT_WORK, Passed, passed_after_failure
from erp_build.deployment.recording import failure_recorded, recorded
from erp_build.deployment.rollout.items import sort_items
from erp_build.errors import BakeBroken, ErpBuildError, Locked, OutOfReach, ReleaseFailed, attempt, explain, told
from erp_build.formats.printable import few_names
from erp_build.model.plan import Plan
from erp_build.model.releases.bake import Bake
from erp_build.model.releases.evidence import ClusterEvent, Evidence
from erp_build.model.releases.kubernetes import ObjectName, Pod, Workload
from erp_build.model.releases.release import Release
from erp_build.model.stages.stage import stage
from erp_build.run_record import Run

T = TypeVar("T")
MAX_PODS_PER_SERVICE, MAX_EVENTS_PER_POD = 2, 8
"""Limits of the evidence of one service."""


def recorded_deployment(
    run: Run, site: Site, plan: Plan, lock: Lock, red: tuple[str, ...] = ()
) -> AbstractContextManager[None]:
    """Record what the block deploys. If it fails, collect evidence, and take functions and release back.

    Once something has moved, any error does this, a bug of this program too: what runs is then not proven. A signal and
    a lost lock take nothing back: a signal leaves no time, and after a lost lock somebody else deploys. The end of the
    run's time is a failure as every other; going back has its own time. `red` is what was red before.
    """
    before = read_previous_state(site, lock.entries)
    names = [step.target.name for step in plan.services if step.action != "none"]
    # A caller's hook has the arguments that it always had, unless something was left out.
    with_release = {} if plan.upgrades_release or not plan.unchosen else {"with_release": False}

    def failed(entry: LedgerEntry, error: Exception) -> LedgerEntry:
        site.clients.clock.lift_limit()
        if not run.moved:
            return replace(entry, outcome="failed", migrations=())
        _collect_evidence(run, site, names, error)
        go_back = partial(_roll_back, run, site, _of_plan(plan, before), with_release)
        return _gone_back_or_stayed(run, site, lock.entries, before, error, go_back)

    preview = run.report().preview
    return recorded(
        site,
        lock,
        LedgerEntry(
            at=lock.time,
            commit=plan.head,
            build=lock.build,
            before=before,
            left_out=few_names(plan.left_out),
            # Whoever approves may write anything, and the ledger is read by many.
            approved=site.clients.secrets.mask(approved_text(run.report().saved, run.report().approvals)),
            migrations=preview.migrations if preview else (),
            red=red,
        ),
        proven=lambda entry: replace(entry, outcome="deployed", bake=bake_words(run)),
        failed=failed,
    )


def bake_deployment(run: Run, site: Site, lock: Lock, red: tuple[str, ...]) -> None:
    """Watch what was deployed for the time of `bake`, if there is one; raises as that stage."""
    if site.project.deploy.bake:
        run.stage(bake, site, lock, red, partial(_keep_bake, run))


def bake_again(run: Run, site: Site, lock: Lock) -> None:
    """Bake what a deployment has left behind that was cut off or failed; what breaks is taken back behind it.

    A migration of that deployment, or of a failed one before it, keeps it where it is, as it keeps its own run.
    """
    if not site.project.deploy.bake:
        return
    require_time_for_bake(site)
    before = read_previous_state(site, lock.entries)

    def failed(_: LedgerEntry, error: Exception) -> LedgerEntry:
        site.clients.clock.lift_limit()
        _collect_evidence(run, site, [one.name for one in site.project.services], error)
        go_back = partial(_roll_back, run, site, before, {})
        return _gone_back_or_stayed(run, site, lock.entries, before, error, go_back)

    with failure_recorded(site, lock, failed):
        bake_deployment(run, site, lock, lock.entries[-1].red)


def bake_words(run: Run) -> str:
    """How the bake of this run ended, in words; empty: it had none."""
    return "; ".join(one.words for one in run.report().bakes)


def _keep_bake(run: Run, found: Bake) -> None:
    run.keep(bakes=(found,))


def _collect_evidence(run: Run, site: Site, names: Collection[str], error: Exception) -> None:
    objects = error.objects if isinstance(error, ReleaseFailed | BakeBroken) else ()
    if trouble := attempt(partial(run.stage, collect_evidence, site, names, [ObjectName(*one) for one in objects])):
        site.say(f"no evidence can be collected: {told(trouble)}")


def _gone_back_or_stayed(
    run: Run,
    site: Site,
    entries: Entries,
    before: PreviousState,
    error: Exception,
    go_back: Callable[[Exception], DeploymentOutcome],
) -> LedgerEntry:
    """Go back, unless the project or a migration forbids it; returns the last entry as it is written then."""
    passed = passed_after_failure(site, entries, before)
    run.keep(migrated=passed.lines)
    outcome: DeploymentOutcome = "failed"
    if _goes_back(site, passed):
        outcome = go_back(error)
    else:
        _explain_staying(site, before, passed, error)
    return replace(entries[-1], outcome=outcome, migrations=passed.migrations, bake=bake_words(run))


def _goes_back(site: Site, passed: Passed) -> bool:
    policy = site.project.deploy.on_failure
    return policy == "rollback-over-migrations" or (policy == "rollback" and not passed)


def _explain_staying(site: Site, before: PreviousState, passed: Passed, error: Exception) -> None:
    """Say why nothing was taken back, and what runs. Somebody who keeps failures looks for himself."""
    policy = site.project.deploy.on_failure
    if not passed and policy == "keep":
        return
    why = ('not taken back: [deploy] on_failure is "forward"',) if policy == "forward" else ()
    if passed:
        why = (*why, f"not taken back: a migration has run, and {MAY_NOT_WORK}:")
    lines, next_step = [f"  {line}" for line in passed.lines], ""
    if passed:
        next_step = (error.next_step if isinstance(error, ErpBuildError) else "") or "fix the cause and run again"
        if _has_something_before(site, before):
            next_step += f"; to go back, {ANSWER}"
        else:
            lines.append(f"the release has nothing to go back to: {NOTHING_BEFORE}")
    explain(error, *why, *lines, "what runs now:", *what_runs(site), next_step=next_step)


def _has_something_before(site: Site, before: PreviousState) -> bool:
    """Whether a rollback by hand has somewhere to lead; where that cannot be read, it tells so itself."""
    found: list[bool] = []
    attempt(lambda: found.append(is_whole(before, site.clients.helm.history(site.release))))
    return found != [False]


def _roll_back(
    run: Run, site: Site, before: PreviousState, with_release: Mapping[str, bool], error: Exception
) -> DeploymentOutcome:
    lines: list[str] = []

    def note(line: str) -> None:
        lines.append(line)
        run.keep(taken_back=tuple(lines))

    second = attempt(partial(run.stage, take_back, site, before, note, **with_release))
    explain(error, *(f"taken back: {line}" for line in lines))
    if second is None:
        return "taken back"
    if isinstance(second, Locked):
        explain(second, told(error))
        raise second from error
    explain(
        error,
        f"the rollback failed as well: {_error_lines(second)}",
        "what runs now:",
        *what_runs(site),
        next_step="erp-build status shows what runs; fix the cause, then run again or erp-build rollback",
    )
    return "failed"


def _of_plan(plan: Plan, before: PreviousState) -> PreviousState:
    """Where the plan's functions go back to; one that was not chosen stays where it is."""
    functions = {name: image for name, image in before.functions.items() if name not in plan.unchosen}
    return replace(before, functions=functions)


def _error_lines(error: Exception) -> str:
    return f"{error.what}\n{error.why}".strip() if isinstance(error, ErpBuildError) else told(error)


@stage("reads only: cluster", keeps="evidence")
def collect_evidence(site: Site, names: Collection[str], objects: Collection[ObjectName] = ()) -> tuple[Evidence, ...]:
    """Collect states, events and last log lines of new pods; none where the cluster does not answer.

    Args:
        site: where they run.
        names: services; those that are complete, and none of whose containers has started again, are left out.
        objects: further objects, whose rollout has failed.
    """
    try:
        found = site.clients.cluster.workloads(site.release, objects)
    except ReleaseFailed as error:
        site.say(f"no evidence can be collected: {error.what}")
        return ()
    changed, _ = sort_items(site, found, names, {name: {} for name in objects})
    # Events and logs explain a failure; without them the states of the pods are still worth to be kept.
    places = dict.fromkeys((site.release, *(_place(site, item.workload) for item in changed if item.workload)))
    events = {place: _unless_away(site, partial(site.clients.cluster.events, place)) for place in places}
    collected: list[Evidence] = []
    for item in changed:
        if item.workload and (not item.is_complete or any(pod.restarts for pod in item.workload.current_pods)):
            collected += _of_workload(site, item.name, item.workload, events[_place(site, item.workload)])
    return tuple(collected)


def _place(site: Site, workload: Workload) -> Release:
    """Where an object's events and logs are read: its namespace may be another than that of the release."""
    return replace(site.release, namespace=workload.namespace) if workload.namespace else site.release


def _of_workload(site: Site, target: str, workload: Workload, events: tuple[ClusterEvent, ...]) -> list[Evidence]:
    pods = [pod for pod in workload.current_pods if not pod.is_ready or pod.restarts]
    # Those that are not ready tell more than those that have come up again.
    pods.sort(key=lambda pod: pod.is_ready)
    if not pods:
        # There is no pod at all. The cause (a quota) is in the events of the Deployment and its ReplicaSets.
        about = [one for one in events if one.about == workload.name or one.about.startswith(f"{workload.name}-")]
        return [Evidence(target=target, pod="", states=(workload.failure or workload.progress,), events=_last(about))]
    place = _place(site, workload)
    return [_of_pod(site, place, target, pod, events) for pod in pods[:MAX_PODS_PER_SERVICE]]


def _of_pod(site: Site, place: Release, target: str, pod: Pod, events: tuple[ClusterEvent, ...]) -> Evidence:
    telling = [one for one in pod.containers if one.blocks_readiness or one.restarts]
    states = [f"{one.name}: {one.state if one.blocks_readiness else one.past}" for one in telling]
    if pod.unschedulable:
        states.append(pod.unschedulable)
    started = [one.name for one in telling if one.image_id]
    log = [
        line
        for name in started
        for line in _unless_away(site, partial(site.clients.cluster.log, place, pod.name, name))
    ]
    about = _last([event for event in events if event.about == pod.name])
    return Evidence(target=target, pod=pod.name, states=tuple(states), events=about, log=tuple(log))


def _unless_away(site: Site, read: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
    """What is read; nothing where the cluster stays away."""
    try:
        return read()
    except OutOfReach as error:
        site.say(f"a part of the evidence is missing: {error.what}")
        return ()


def _last(events: list[ClusterEvent]) -> tuple[str, ...]:
    return tuple(str(event) for event in events[-MAX_EVENTS_PER_POD:])
