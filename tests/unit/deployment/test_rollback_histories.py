"""Every history of up to five deployments, at the ledger: where a failure and a rollback by hand lead after it.

Each of them is gone through with every way in which a kill can leave things, and with Helm's history kept or not when
the release is uninstalled.
"""

import copy
from dataclasses import dataclass, field, replace
from typing import Literal

import pytest

from erp_build.deployment.going_back.proven import good_revision, last_good, previous_state, proven_before, revision_of
from erp_build.deployment.ledger import DeploymentOutcome, LedgerEntry, as_text, read_entries
from erp_build.model.releases.release import Revision
from tests.support.rollback_histories import LONGEST, STEPS, Expectation, Step

Extent = Literal["nothing", "the function", "both", "a pending revision"]
FUNCTION, OTHER = "employee-service", "a-function-that-stays"


def image(content: int) -> str:
    return f"host/erp/{FUNCTION}@sha256:{content:064}"


@dataclass
class Ledger:
    """A ledger, Helm's history and the function, as runs leave them.

    `contents` is a revision's time -> its content; `purged` are contents whose revisions are gone.
    """

    extent: Extent
    keeps_history: bool
    record: str = ""
    history: list[Revision] = field(default_factory=list)
    contents: dict[str, int] = field(default_factory=dict)
    function: int = 0
    made: int = 0
    purged: set[int] = field(default_factory=set)

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        return read_entries(self.record)

    @property
    def images(self) -> dict[str, str]:
        return {FUNCTION: image(self.function), OTHER: image(0)}

    def do(self, step: Step, content: int) -> bool:
        """Go through a step; returns whether a run came as far as its deployment."""
        if step == "uninstalled":
            self.uninstall()
            return True
        if not self.recovers():
            return False
        before = previous_state(self.entries, tuple(self.history), self.images)
        self.write(LedgerEntry(at="now", commit=f"{content:040}", build="a build", before=before))
        if step == "killed":
            self.move(content)
            return True
        self.function = content
        self.revise("deployed", content)
        outcome: DeploymentOutcome = "deployed" if step == "proven" else "failed"
        if step == "taken back":
            self.function = int(before.functions[FUNCTION][-20:])
            if back := revision_of(before, tuple(self.history)):
                self.roll_back(back)
                outcome = "taken back"
        newest = self.history[-1]
        ended = replace(self.entries[-1], outcome=outcome, revision=newest.number, updated=newest.updated)
        self.record = as_text((*self.entries[:-1], replace(ended, functions=self.images)))
        return True

    def write(self, entry: LedgerEntry) -> None:
        self.record = as_text((*self.entries, entry))

    def move(self, content: int) -> None:
        """As far as a killed run came."""
        if self.extent != "nothing":
            self.function = content
        if self.extent in ("both", "a pending revision"):
            self.revise("deployed" if self.extent == "both" else "pending-upgrade", content)

    def revise(self, status: str, content: int, description: str = "") -> None:
        self.made += 1
        updated = f"2026-01-01T00:00:00.{self.made:06}Z"
        self.contents[updated] = content
        if status == "deployed":
            self.supersede()
        self.history.append(
            Revision(number=len(self.history) + 1, status=status, description=description, updated=updated)
        )

    def supersede(self) -> None:
        """Helm supersedes what it calls deployed, and an uninstalled revision when the release is installed again."""
        for place, one in enumerate(self.history):
            if one.status == "deployed":
                self.history[place] = replace(one, status="superseded")
            if one.status == "uninstalled":
                self.history[place] = replace(one, status="superseded", description="superseded by new release")

    def roll_back(self, to: Revision) -> None:
        self.revise("deployed", self.contents[to.updated], f"Rollback to {to.number}")

    def recovers(self) -> bool:
        """As a run ends what a killed one left pending."""
        if not self.history or not self.history[-1].is_pending:
            return True
        if good := good_revision(self.entries, tuple(self.history)):
            self.roll_back(good)
            return True
        if last_good(tuple(self.history)) is None:
            self.purge()
        return not self.history

    def uninstall(self) -> None:
        if self.history and self.keeps_history:
            self.supersede()
            gone = replace(self.history[-1], status="uninstalled", description="Uninstallation complete")
            self.history[-1] = gone
        elif not self.keeps_history:
            self.purge()

    def purge(self) -> None:
        self.purged |= set(self.contents.values())
        self.history.clear()


@pytest.mark.parametrize(
    ("extent", "keeps_history"),
    [
        pytest.param("nothing", False, marks=pytest.mark.slow),
        pytest.param("nothing", True),
        pytest.param("the function", False),
        pytest.param("the function", True, marks=pytest.mark.slow),
        pytest.param("both", False, marks=pytest.mark.slow),
        pytest.param("both", True),
        pytest.param("a pending revision", False, marks=pytest.mark.slow),
        pytest.param("a pending revision", True),
    ],
)
def test_after_every_history_both_halves_go_back_to_what_the_ledger_says_was_proven(
    extent: Extent, *, keeps_history: bool
) -> None:
    assert go_on(Ledger(extent, keeps_history), Expectation(), ()) == 5 + 25 + 125 + 625 + 3125


def go_on(ledger: Ledger, expected: Expectation, steps: tuple[Step, ...]) -> int:
    """Add every step to a history, and compare; returns how many histories there were."""
    if len(steps) == LONGEST:
        return 0
    count = 0
    for step in STEPS:
        there, known, content = copy.deepcopy(ledger), copy.deepcopy(expected), len(steps) + 1
        if there.do(step, content):
            known.see(step, content, is_installed=bool(there.history) and there.history[-1].status != "uninstalled")
        known.gone |= there.purged
        compare(there, known, (*steps, step))
        count += 1 + go_on(there, known, (*steps, step))
    return count


def compare(ledger: Ledger, expected: Expectation, steps: tuple[Step, ...]) -> None:
    history = tuple(ledger.history)
    back = previous_state(ledger.entries, history, ledger.images)
    revision = revision_of(back, history)
    release = ledger.contents[revision.updated] if revision else None
    assert release == expected.automatic_release, steps
    assert back.functions[FUNCTION] == image(expected.automatic_function), steps
    assert by_hand(ledger) == expected.by_hand, steps


def by_hand(ledger: Ledger) -> int | None:
    """The content to which a rollback leads, the same one of both halves; None: it refuses."""
    history = tuple(ledger.history)
    found = proven_before(ledger.entries, history, ledger.images) if ledger.entries else None
    revision = revision_of(found.state, history) if found else None
    if found is None or (found.state.revision and revision is None):
        return None
    content = ledger.contents[revision.updated] if revision else 0
    assert found.state.functions[FUNCTION] == image(content)
    assert found.commit == (f"{content:040}" if content else "")
    return content
