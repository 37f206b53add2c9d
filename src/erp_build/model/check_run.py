"""Checks before the image: how they ended."""

from dataclasses import dataclass, field
from typing import Literal

from erp_build.model.project import Check


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRun:
    """How a check of one target ended.

    Attributes:
        outcome: passed, failed (the check says no), or inconclusive (it did not come to an end).
        why: the end of what it printed, or why it did not run.
        seconds: how long it took.
        reports: (path below the target's directory, content) of the files that are kept.
    """

    outcome: Literal["passed", "failed", "inconclusive"]
    why: str = ""
    seconds: float = 0.0
    reports: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """A check, the name of the target that was checked, and how that ended."""

    check: Check
    target: str
    run: CheckRun

    @property
    def stops(self) -> bool:
        """Whether nothing may be built."""
        return self.check.blocks and self.run.outcome != "passed"

    @property
    def word(self) -> Literal["passed", "failed", "inconclusive", "warning"]:
        """How it ended, in a word: what does not block is a warning."""
        if self.run.outcome == "passed" or self.check.blocks:
            return self.run.outcome
        return "warning"
