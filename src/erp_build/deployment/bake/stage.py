"""The stages of a bake: what is red is read before anything moves, and behind the proof everything is watched."""

from collections.abc import Callable

from erp_build.clients.clock import Deadline
from erp_build.clients.site import Site
from erp_build.deployment.bake.look import Lookout, Seen
from erp_build.deployment.bake.troubles import (
    TROUBLE_TOLERATED_S,
    Pods,
    Targets,
    Tolerance,
    Trouble,
    alarms_on,
    failed_checks,
    red_now,
)
from erp_build.deployment.lock import Lock
from erp_build.errors import BakeBroken, ErpBuildError, ReleaseFailed, RunTimedOut, told
from erp_build.model.plan import Plan
from erp_build.model.project import Service
from erp_build.model.releases.bake import Bake, BakeState
from erp_build.model.stages.stage import stage

BAKE_POLL_S, SHORTEST_POLL_S, LOOKS = 5.0, 1.0, 10
"""Seconds between two looks, and how many a short bake has at least."""

PROGRESS_EVERY_S = 60.0

Note = Callable[[Bake], object]
"""Gets the bake as far as it has come, for the report."""


@stage("reads only: cluster, CloudWatch, load balancers, the checks of a bake")
def look_before(site: Site, plan: Plan) -> tuple[str, ...]:
    """Read what is red before anything moves: it will not count. Services that are deployed anew count in any case.

    Raises `ReleaseFailed` where the run has less time left than the bake takes. What cannot be read is said, and so is
    what is red.
    """
    require_time_for_bake(site)
    if not site.clients.health.watched(site.project.deploy.bake):
        return ()
    try:
        red = _red_before(site, plan, Lookout(site))
    except RunTimedOut:
        raise
    except ErpBuildError as error:
        site.say(f"what is red before the deployment is not known: {told(error)}")
        return ()
    for one in red:
        site.say(f"warning: red before the deployment, so it will not count: {one}")
    return tuple(dict.fromkeys(one.subject for one in red))


def require_time_for_bake(site: Site) -> None:
    """Raise `ReleaseFailed` where the run has less time left than the bake takes, before anything moves."""
    wanted, left = site.clients.health.watched(site.project.deploy.bake), site.clients.clock.time_left()
    if left < wanted:
        raise ReleaseFailed(
            "the bake does not fit into the time that the run has left",
            where="timeout of erp-build.toml, or --timeout",
            why=f"{left:.0f} s are left, and `bake` is {wanted:.0f} s; nothing was deployed or taken back",
            next_step="raise the timeout, or lower `bake` of [deploy]",
        )


def _red_before(site: Site, plan: Plan, lookout: Lookout) -> list[Trouble]:
    """What is red, and stays so for as long as it would have to in the bake: one bad answer excuses nothing."""
    seen = lookout.look(patiently=True)
    for line in seen.unseen:
        site.say(f"not known whether it is red before the deployment: {line}")
    red = _red(site, plan, seen)
    if not any(one.tolerated for one in red):
        return red
    Deadline(site.clients.clock, TROUBLE_TOLERATED_S).pause(TROUBLE_TOLERATED_S)
    again = {one.subject for one in _red(site, plan, lookout.look(patiently=True))}
    return [one for one in red if not one.tolerated or one.subject in again]


def _red(site: Site, plan: Plan, seen: Seen) -> list[Trouble]:
    targets = [step.target for step in plan.services if step.action != "none"]
    anew = {site.repository(one) for one in targets if isinstance(one, Service)}
    kept = [one for one in seen.workloads or () if anew.isdisjoint(one.repositories)]
    return [*red_now(kept, seen.groups), *alarms_on(seen.alarms), *failed_checks(seen.checks)]


@stage("reads only: cluster, CloudWatch, load balancers, the checks of a bake")
def bake(site: Site, lock: Lock, red_before: tuple[str, ...], note: Note) -> Bake:
    """Watch what was deployed for the time of `bake`; raises `BakeBroken` with what broke, `Locked`, or `RunTimedOut`.

    It lasts longer only while something is on its way that may still pass, or break: a target that is not healthy yet
    has the time of a rollout.

    Args:
        site: where it runs.
        lock: held for all of that time.
        red_before: what was red before the deployment, and does not count.
        note: keeps how far it has come.
    """
    watch = _Watch(site, red_before, note)
    while not watch.has_ended:
        lock.require_held()
        watch.look()
    if watch.result.wanted:
        # What was watched is what is written down as proven.
        lock.require_undisturbed()
    return watch.result


class _Watch:
    """A bake that goes on."""

    def __init__(self, site: Site, red_before: tuple[str, ...], note: Note) -> None:
        self._site, self._clock, self._note = site, site.clients.clock, note
        rollout = site.project.chart.timeout if site.project.has_release else 0.0
        self._wanted = site.clients.health.watched(site.project.deploy.bake)
        self._began = self._clock.monotonic()
        self._end: float | None = None
        self._poll = min(BAKE_POLL_S, max(SHORTEST_POLL_S, self._wanted / LOOKS))
        self._pods, self._targets = Pods(rollout), Targets(rollout)
        self._tolerance = Tolerance(red_before)
        self._lookout: Lookout | None = None
        self._said: set[str] = set()
        self._unseen: dict[str, None] = {}
        self._next_progress = PROGRESS_EVERY_S
        self.has_ended = not self._wanted
        self.result = Bake(unit=_unit(site), wanted=self._wanted, red_before=red_before, state="well")

    @property
    def _seconds(self) -> float:
        return self._clock.monotonic() - self._began

    def look(self) -> None:
        """Look once, and wait for the next look unless it was the last one."""
        is_first, is_last = self._lookout is None, self._seconds >= self._wanted
        self._lookout = self._lookout or Lookout(self._site)
        seen = self._lookout.look(patiently=is_last)
        troubles, now = _troubles(seen, self._pods, self._targets), self._clock.monotonic()
        if is_first:
            # What changes from here on is seen.
            self._site.say(f"bake: what runs now is watched for {self._wanted:.0f} s")
        broken, open_ones = self._tolerance.look(troubles, now)
        if is_last and self._end is None:
            self._end = now
        self._unseen |= dict.fromkeys(seen.unseen)
        self._say(troubles, seen)
        if broken:
            self._keep("broken", broken)
            raise _broken(self._site, broken, self._seconds)
        # What begins later makes it no longer: where pods come and go, something is always on its way.
        self.has_ended = self._end is not None and all(self._tolerance.began(one) > self._end for one in open_ones)
        self._keep("well" if self.has_ended else "going on")
        if self.has_ended:
            self._site.say(f"bake: nothing has broken in {self._seconds:.0f} s")
        else:
            Deadline(self._clock, self._poll).pause(self._poll)

    def _say(self, troubles: list[Trouble], seen: Seen) -> None:
        red = self._tolerance.red_before
        lines = [f"not looked at: {line}" for line in seen.unseen]
        lines += [f"{'red before, does not count: ' * (one.subject in red)}{one}" for one in troubles]
        for line in lines:
            if line not in self._said:
                self._site.say(f"bake: {line}")
        self._said |= set(lines)
        if self._seconds >= self._next_progress:
            self._next_progress += PROGRESS_EVERY_S
            self._site.say(f"bake: {self._seconds:.0f} of {self._wanted:.0f} s")

    def _keep(self, state: BakeState, broken: list[Trouble] | None = None) -> None:
        self.result = Bake(
            unit=self.result.unit,
            wanted=self._wanted,
            seconds=self._seconds,
            state=state,
            red_before=self.result.red_before,
            broken=tuple(map(str, broken or ())),
            unseen=tuple(self._unseen),
        )
        self._note(self.result)


def _troubles(seen: Seen, pods: Pods, targets: Targets) -> list[Trouble]:
    of_pods = pods.look(seen.workloads) if seen.workloads is not None else []
    return [*of_pods, *targets.look(seen.groups), *alarms_on(seen.alarms), *failed_checks(seen.checks)]


def _broken(site: Site, broken: list[Trouble], seconds: float) -> BakeBroken:
    error = BakeBroken(
        f"the bake is broken after {seconds:.0f} s",
        where=_unit(site),
        why="\n".join(map(str, broken)),
        next_step="see the evidence in the report; fix the cause and run again",
    )
    error.objects = tuple(dict.fromkeys(one.workload for one in broken if one.workload))
    return error


def _unit(site: Site) -> str:
    return site.release.name if site.project.has_release else site.project.functions[0].name
