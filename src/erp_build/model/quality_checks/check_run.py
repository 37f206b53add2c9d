"""Outcomes of the checks that run before an image is built."""

from dataclasses import dataclass, field
from typing import Literal

from erp_build.model.quality_checks.check import Check

Outcome = Literal["passed", "failed", "inconclusive"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRun:
    """How a check of one target ended.

    Attributes:
        outcome: passed, failed, or inconclusive (it did not finish).
        why: the end of what it printed, or why it did not run.
        seconds: how long it took.
        reports: (path below the target's directory, content) of the files that are kept.
    """

    outcome: Outcome
    why: str = ""
    seconds: float = 0.0
    reports: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """A check, the name of its target, and its outcome."""

    check: Check
    target: str
    run: CheckRun

    @property
    def stops(self) -> bool:
        """Whether this outcome stops the build."""
        return self.check.blocks and self.run.outcome != "passed"

    @property
    def word(self) -> Literal["passed", "failed", "inconclusive", "warning"]:
        """The outcome in one word; a check that does not block can only warn."""
        if self.run.outcome == "passed" or self.check.blocks:
            return self.run.outcome
        return "warning"
