"""The results of `doctor`: what each check looked at, what it found, and the next step."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Area = Literal["machine", "repository", "account", "cluster"]
AREAS: tuple[Area, ...] = ("machine", "repository", "account", "cluster")

State = Literal["ok", "warning", "problem", "unknown"]
"""`warning`: a run works, but something should be fixed. `problem`: a run fails or does something unwanted.
`unknown`: the check could not look, which never counts as ok."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check.

    Attributes:
        state: how serious it is.
        looked_at: the file, call or program that was asked.
        found: what was found; may have several lines, never a secret.
        next_step: what to do now; empty for `ok`.
    """

    state: State
    looked_at: str
    found: str
    next_step: str = ""


class Look(NamedTuple):
    """A look at a file, a call or a program; its methods make the result of the check that looks."""

    at: str

    def ok(self, found: str) -> CheckResult:
        """Make the result for nothing wrong."""
        return CheckResult("ok", self.at, found)

    def warning(self, found: str, next_step: str) -> CheckResult:
        """Make the result for something that should be fixed, although a run works."""
        return CheckResult("warning", self.at, found, next_step)

    def problem(self, found: str, next_step: str) -> CheckResult:
        """Make the result for something that makes a run fail or do something unwanted."""
        return CheckResult("problem", self.at, found, next_step)

    def unknown(self, found: str, next_step: str) -> CheckResult:
        """Make the result where the check could not look, and why."""
        return CheckResult("unknown", self.at, found, next_step)


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """The result of a check with the check's name and area."""

    name: str
    area: Area
    result: CheckResult


def has_problem(diagnoses: Iterable[Diagnosis]) -> bool:
    """Whether anything must be fixed before a run."""
    return any(one.result.state == "problem" for one in diagnoses)
