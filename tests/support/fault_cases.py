"""The cases of the sweep: a scenario, a point, before or after it, and a kind of fault; and what happens in one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from erp_build.model.effect import Effect
from tests.support.faulted_scenarios import Scenario, State, state_of
from tests.support.faulted_world import Ended, FaultedWorld, run_all
from tests.support.faults import ERRORS, Faults, Point, When, raising, signalling, sigterm_raises

SIGTERM, CUT_OFF = "SIGTERM", "SIGTERM that cuts Helm off"
LOCK_TAKEN, OVERTAKEN = "the lock is taken", "a newer run deploys"
OTHER = "other-1"
"""Who holds the lock that was taken from a run."""

UNGUARDED = tuple(f"effects.{name}" for name in ("upgrade_release", "rollback_release", "tag"))
"""Effects that take no word of what should be there before: neither Helm nor a registry compares."""

KINDS = (*ERRORS, SIGTERM, CUT_OFF, LOCK_TAKEN, OVERTAKEN)


class Case(NamedTuple):
    """One run: what strikes where."""

    point: Point
    when: When
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} {self.when} {self.point}"


@dataclass
class Observed:
    """What is seen after the run of a case.

    Attributes:
        world: the world after it.
        ended: how the run ended.
        state: what runs.
        said: what the run said on its way.
        was_done: whether the ledger's entry of this run had its outcome by then.
        was_held: whether this run held the lock when the fault struck.
        moved_since: effects on what runs, or on what says it, that began after the fault struck.
        is_unseen: whether the fault struck between the last look at anything and an effect that cannot be guarded.
        newer, newer_latest: what ran when the newer run had ended, and what `latest` named; None: there was
            none.
    """

    world: FaultedWorld
    ended: Ended
    state: State
    said: str
    was_held: bool = False
    was_done: bool = False
    moved_since: list[str] = field(default_factory=list)
    is_unseen: bool = False
    newer: State | None = None
    newer_latest: dict[str, str] = field(default_factory=dict)


def cases_of(scenario: Scenario) -> Iterator[Case]:
    """All cases of a scenario, in an order that stays."""
    for point in scenario.points:
        for kind in KINDS:
            if _is_possible(scenario, point, kind):
                yield Case(point, "before", kind)
                if kind != CUT_OFF:
                    yield Case(point, "after", kind)


def _is_possible(scenario: Scenario, point: Point, kind: str) -> bool:
    if kind in ERRORS:
        # To wait fails for nobody.
        return point.call != "clock.sleep"
    if kind == CUT_OFF:
        # A first installation that was cut off is only removed by somebody who asks for it.
        return point.call in ("effects.upgrade_release", "effects.rollback_release") and bool(scenario.before[-1].chart)
    if kind == OVERTAKEN:
        # While a worker thread runs, the main thread waits for it: that is the same moment.
        return scenario.newer is not None and not point.in_worker
    return True


def run_case(scenario: Scenario, case: Case) -> Observed | None:
    """Run a case; None if its fault did not come about."""
    world = scenario.world.again()
    seen = Observed(world, Ended(None, 0, ()), scenario.after, "")
    noted = 0

    def mark() -> None:
        nonlocal noted
        lease = world.leases.lease
        seen.was_held = bool(lease and lease.holder and lease.holder != OTHER)
        seen.was_done = _has_ended(scenario, world)
        noted = len(world.effects.journal.effects)

    faults = Faults(case.point, case.when, _striking(scenario, case, world, seen, mark))
    with sigterm_raises():
        seen.ended = world.ends(scenario.act, faults)
    if not faults.struck or (case.kind == LOCK_TAKEN and not seen.was_held):
        return None
    moved = [
        f"{one.name} {one.target}"
        for one in world.effects.journal.effects[noted:]
        if one.moves_what_runs or _is_written(one) or one.target.endswith(":latest")
    ]
    # Between its last look and an effect a run cannot know that the lock is lost.
    is_between = faults.next_call.startswith("effects.") or case.point.call.startswith("effects.")
    seen.moved_since = moved[1:] if is_between else moved
    seen.is_unseen = faults.next_call in UNGUARDED
    seen.state = state_of(world)
    seen.said = "\n".join(world.progress.lines)
    return seen


def _is_written(effect: Effect) -> bool:
    """Whether a branch was written; where the lock was lost, the write is refused in its midst."""
    return effect.name == "edit_branch" and effect.state != "failed"


def _has_ended(scenario: Scenario, world: FaultedWorld) -> bool:
    new = world.ledger()[len(scenario.world.ledger()) :]
    return bool(new) and new[-1]["outcome"] != "begun"


def _striking(
    scenario: Scenario, case: Case, world: FaultedWorld, seen: Observed, mark: Callable[[], None]
) -> Callable[[], None]:
    def take_the_lock() -> None:
        if seen.was_held:
            world.leases.is_held(alive=True)

    def overtake() -> None:
        assert scenario.newer is not None
        ended = world.of_another_run(scenario.newer).ends(run_all)
        assert ended.error is None, ended
        seen.newer, seen.newer_latest = state_of(world), world.latest()

    stop = signalling(lambda: world.faults)

    def cut_off() -> None:
        world.helm.is_pending()
        stop()

    others = {
        SIGTERM: stop,
        CUT_OFF: cut_off,
        LOCK_TAKEN: take_the_lock,
        OVERTAKEN: overtake,
    }
    strike = others.get(case.kind) or raising(case.kind, case.point)

    def marked() -> None:
        mark()
        strike()

    return marked
