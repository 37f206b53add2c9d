"""What must hold after any fault, and after the second run that follows it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from erp_build.errors import Failure, Interrupted, told
from erp_build.report.document import report_document
from tests.fakes.world import FUNCTION
from tests.support.fault_cases import CUT_OFF, LOCK_TAKEN, OTHER, OVERTAKEN, SIGTERM, Case, Observed, run_case
from tests.support.faulted_scenarios import Scenario, State, state_of
from tests.support.faulted_world import FaultedWorld, exit_code, run_all
from tests.support.faults import ERRORS, INJECTED
from tests.support.samples import EMPLOYEE

LOCKED = 11


class Violation(NamedTuple):
    """An invariant that does not hold, in one case."""

    invariant: str
    detail: str
    scenario: str
    case: Case

    def __str__(self) -> str:
        return f"{self.invariant}: {self.scenario}, {self.case}: {self.detail}"


def violations(scenario: Scenario, case: Case) -> list[Violation] | None:
    """Everything that does not hold in a case; None if its fault did not come about."""
    seen = run_case(scenario, case)
    if seen is None:
        return None
    checks = (_nothing_uncleared, _state_is_told, _lock_loss_stops, _ledger_tells_the_truth, _ends_right, _is_reported)
    found = [Violation(*one, scenario.name, case) for check in checks for one in check(scenario, case, seen)]
    heals = _newer_stays(scenario, seen) if seen.newer else _heals(scenario, seen.world)
    return [*found, *(Violation(*one, scenario.name, case) for one in heals)]


Found = Iterator[tuple[str, str]]


def _nothing_uncleared(scenario: Scenario, case: Case, seen: Observed) -> Found:
    """Whatever runs now ran before, or was cleared by this run, or was deployed by the newer one."""
    allowed = {digest for state in scenario.before for digest in _digests(state)}
    allowed |= {one.image.digest for one in seen.world.report.cleared}
    if scenario.is_rollback:
        allowed |= _digests(scenario.after)
    if seen.newer:
        allowed |= _digests(seen.newer)
    if bad := _digests(seen.state) - allowed:
        yield "uncleared", f"{case.kind}: {sorted(bad)} runs"


def _digests(state: State) -> set[str]:
    return {digest for _, digest in state.services.values()} | set(state.functions.values())


def _state_is_told(scenario: Scenario, case: Case, seen: Observed) -> Found:
    """Everything is as before, or everything is new and proven, or the error says exactly what runs."""
    if seen.newer:
        return
    ended = seen.ended
    proven = [proof.target for proof in ended.proofs if proof.holds]
    is_new = seen.state == scenario.after and scenario.after not in scenario.before
    is_proven = scenario.is_rollback or proven == [one.target for one in scenario.undisturbed.proofs]
    if ended.error is None:
        if seen.state != scenario.after or not ended.proofs or not all(one.holds for one in ended.proofs):
            yield "exit 0, but not new and proven", _difference(scenario, seen.state)
        elif seen.world.latest() != scenario.latest:
            yield "exit 0, but `latest` is not moved", str(seen.world.latest())
        return
    if seen.state in scenario.before or (is_new and is_proven) or _says_what_runs(seen):
        return
    who = {SIGTERM: "signal: ", CUT_OFF: "signal: ", LOCK_TAKEN: "lost lock: "}.get(case.kind, "")
    what = "new, but not proven" if is_new else f"mixed: {_difference(scenario, seen.state)}"
    yield f"{who}the error does not say what runs", f"{what}; {_text(ended.error)[:300]!r}"


def _difference(scenario: Scenario, state: State) -> str:
    before, after = scenario.before[-1], scenario.after
    parts = zip(State._fields, state, before, after, strict=True)
    words = [f"{name} {'old' if now == old else 'new' if now == new else 'other'}" for name, now, old, new in parts]
    return ", ".join(words)


def _says_what_runs(seen: Observed) -> bool:
    """Whether the error names what each target runs now, and nothing else."""
    assert seen.ended.error is not None
    text = _own_text(seen.ended.error)
    _, _, told_now = text.partition("what runs now:")
    wanted = {name: f"{tag}," for name, (tag, _) in seen.state.services.items()}
    wanted |= {one.name: "no Deployment" for one in seen.world.project.services if one.name not in wanted}
    # While an update is in progress the line of a function may name both images.
    wanted[EMPLOYEE] = seen.state.functions[FUNCTION]
    lines = dict(line.strip().split(": ", 1) for line in told_now.splitlines() if ": " in line)
    return all(what in lines.get(name, "") for name, what in wanted.items())


def _own_text(error: BaseException) -> str:
    return "\n".join((told(error), getattr(error, "where", "")))


def _text(error: BaseException | None) -> str:
    """All words of an error and of those behind it."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(map(_own_text, chain))


def _lock_loss_stops(scenario: Scenario, case: Case, seen: Observed) -> Found:
    """After a lost lock this run moves nothing, and what a newer run deployed stays."""
    if case.kind == LOCK_TAKEN and seen.moved_since:
        yield "moves something after the lock was lost", ", ".join(seen.moved_since)
    if not seen.newer or seen.is_unseen or (scenario.is_rollback and not seen.was_held):
        return
    if seen.state != seen.newer:
        yield "older over newer", _became(seen.newer, seen.state)
    if seen.world.latest() != seen.newer_latest:
        yield "older over newer in `latest`", ", ".join(seen.moved_since)


def _became(newer: State, now: State) -> str:
    pairs = zip(State._fields, newer, now, strict=True)
    return ", ".join(f"{name}: {old} became {new}" for name, old, new in pairs if old != new)


def _ledger_tells_the_truth(scenario: Scenario, case: Case, seen: Observed) -> Found:
    if seen.newer or case.kind == LOCK_TAKEN:
        # The ledger is the other run's now.
        return
    entries, former = seen.world.ledger(), scenario.world.ledger()
    new = entries[len(former) :]
    if former and former[-1]["outcome"] == "begun" and entries[: len(former)] != former:
        # A run with nothing to do has proven what a cut-off one left, and closed its entry.
        yield from _entry_is_true(scenario, seen, entries[len(former) - 1], 1)
        former = [*former[:-1], entries[len(former) - 1]]
    if entries[: len(former)] != former:
        yield "the ledger's past changed", str(entries[: len(former)])
    if not new:
        if seen.state not in scenario.before:
            yield "the ledger knows nothing of what moved", _difference(scenario, seen.state)
        return
    yield from _entry_is_true(scenario, seen, new[-1], len(new))


def _entry_is_true(scenario: Scenario, seen: Observed, entry: dict[str, Any], count: int) -> Found:
    outcome, error = entry["outcome"], seen.ended.error
    where = f"{outcome}, {_difference(scenario, seen.state)}"
    if count > 1:
        yield "the ledger has two entries for one run", where
    if outcome in ("deployed", "rolled back") and seen.state != scenario.after:
        yield f"the ledger says {outcome!r}, and it is not so", where
    if outcome == "taken back" and seen.state not in scenario.before:
        yield "the ledger says 'taken back', and it is not so", where
    if outcome == "begun":
        if error is None:
            yield "exit 0, but the ledger's entry stays open", where
        elif seen.state in scenario.before or isinstance(error, Interrupted):
            # An open entry says that its result was not proven, and this run could say no more.
            pass
        elif "could not be written down" not in seen.said:
            yield "the ledger's entry stays open without a word", where
        return
    image, left = seen.state.functions[FUNCTION], entry["functions"].get(EMPLOYEE, "").rpartition("@")[2]
    number = len(seen.world.helm.revisions) or None
    if (entry["revision"], left) != (number, image):
        yield "the ledger names another end", f"{entry['revision']} {left}, but it is {number} {image}"


def _ends_right(scenario: Scenario, case: Case, seen: Observed) -> Found:
    """The exit code says what happened, the fault is told, and the lock is free."""
    code, error = seen.ended.code, seen.ended.error
    text = _text(error) + seen.said
    if case.kind in (SIGTERM, CUT_OFF) and code != 128 + 15:
        yield "a signal does not end the run with 143", f"{code}: {error!r}"
    if (
        seen.was_held
        and case.kind in (LOCK_TAKEN, OVERTAKEN)
        and code not in (LOCKED, scenario.undisturbed.code or LOCKED)
    ):
        what = "does not end with 11" if code or not seen.was_done else "ends with 0, after everything was done"
        yield f"a run that lost its lock {what}", f"{code}: {error!r}"
    if case.kind == OVERTAKEN and not seen.was_held and not scenario.is_rollback and code not in (0, LOCKED):
        yield "an older run does not end with 11", f"{code}: {error!r}"
    if case.kind in ERRORS:
        expected = (exit_code(ERRORS[case.kind](case.point)), scenario.undisturbed.code)
        if error and code not in expected and INJECTED not in _text(error):
            yield "the exit code is another error's", f"{code}: {error!r}"
        # A call that was tried again, and then went well, needs no word.
        if error and code != scenario.undisturbed.code and INJECTED not in text:
            yield "the fault is not told", f"{code}: {error!r}"
    lease = seen.world.leases.lease
    is_ours = bool(lease and lease.holder and lease.holder != OTHER)
    if is_ours and case.kind in ERRORS and "cannot be freed" not in seen.said:
        yield "the lock is not freed", f"{code}: {error!r}"


def _is_reported(scenario: Scenario, case: Case, seen: Observed) -> Found:
    """The report tells the error and the exit code."""
    if scenario.is_rollback:
        return
    document = report_document(seen.world.report)
    said, error = document["error"], seen.ended.error
    if document["exit_code"] != seen.ended.code or bool(said) != bool(error):
        yield "the report tells another end", f"{document['outcome']} {document['exit_code']}, it is {error!r}"
    elif isinstance(error, Failure) and said and said["what"] != error.what:
        yield "the report tells another error", f"{case.kind}: {said}"


def _heals(scenario: Scenario, world: FaultedWorld) -> Found:
    """A second run makes everything new and proven, and a third one has nothing to do."""
    world.leases.stays_alive(alive=False)
    left = world.leases.lease.holder if world.leases.lease else ""
    scenario.cure(world)
    ended = world.ends(scenario.heal)
    if ended.error is not None:
        yield "the second run does not heal", repr(ended.error) + _text(ended.error)
        return
    state, latest = state_of(world), world.latest()
    if state != scenario.healed:
        yield "the second run does not heal", f"{state} instead of {scenario.healed}"
    if not ended.proofs or not all(proof.holds for proof in ended.proofs):
        yield "the second run proves nothing", str(ended.proofs)
    if latest != scenario.healed_latest:
        yield "the second run leaves `latest` behind", f"{latest} instead of {scenario.healed_latest}"
    if world.leases.lease and world.leases.lease.holder not in ("", left):
        yield "the second run leaves its lock", world.leases.lease.holder
    if (entries := world.ledger()) and entries[-1]["outcome"] not in ("deployed", "rolled back"):
        yield "after the second run the ledger is not closed", entries[-1]["outcome"]
    if scenario.heal is run_all and (again := world.ends(run_all)).error is None and world.done():
        yield "the third run does something", f"{world.done()} {again.code}"


def _newer_stays(scenario: Scenario, seen: Observed) -> Found:
    """The newer run, once more, has nothing to mend."""
    if seen.is_unseen or (scenario.is_rollback and not seen.was_held):
        return
    assert scenario.newer is not None
    ended = seen.world.of_another_run(scenario.newer).ends(run_all)
    if ended.error is not None or (seen.state == seen.newer != state_of(seen.world)):
        yield "the newer run does not stay", repr(ended.error)
