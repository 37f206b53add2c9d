"""What `doctor` finds: a diagnosis per check, with what was looked at and the next step."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Area = Literal["machine", "repository", "account", "cluster"]
AREAS: tuple[Area, ...] = ("machine", "repository", "account", "cluster")

State = Literal["ok", "warning", "problem", "unknown"]
"""`warning`: a run works, and something is better mended. `problem`: a run fails, or does what nobody wants.
`unknown`: the check could not look, which is never taken for OK."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """What a check saw.

    Attributes:
        state: how it stands.
        looked_at: the file, call or program, for the reader.
        found: what is there, may have several lines; never a secret.
        next_step: what the reader does now; empty where all is well.
    """

    state: State
    looked_at: str
    found: str
    next_step: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """The result of a check with the check's name and area."""

    name: str
    area: Area
    result: CheckResult

    @property
    def state(self) -> State:
        """How it stands."""
        return self.result.state


def ok(looked_at: str, found: str) -> CheckResult:
    """All is well."""
    return CheckResult(state="ok", looked_at=looked_at, found=found)


def warning(looked_at: str, found: str, next_step: str) -> CheckResult:
    """A run works, and something is better mended."""
    return CheckResult(state="warning", looked_at=looked_at, found=found, next_step=next_step)


def problem(looked_at: str, found: str, next_step: str) -> CheckResult:
    """A run fails, or does what nobody wants."""
    return CheckResult(state="problem", looked_at=looked_at, found=found, next_step=next_step)


def unknown(looked_at: str, found: str, next_step: str) -> CheckResult:
    """The check could not look, and says why."""
    return CheckResult(state="unknown", looked_at=looked_at, found=found, next_step=next_step)


def has_problem(diagnoses: Iterable[Diagnosis]) -> bool:
    """Whether anything must be mended before a run."""
    return any(one.state == "problem" for one in diagnoses)
