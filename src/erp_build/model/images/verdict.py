"""The verdict on one image, and an image that may be deployed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from erp_build.model.images.finding import Finding, Waived, Waiver
from erp_build.model.images.image import BuiltImage

VerdictOutcome = Literal["passed", "blocked", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Wait:
    """No verdict yet, and why not.

    `stale`: the result is too old to judge by, so only a new scan helps.
    """

    why: str
    stale: bool = False
    next_step: str = "raise `timeout` of [gate], or run again later"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The verdict on one image.

    Attributes:
        outcome: whether it may be deployed.
        why: a sentence for the reader.
        counts: severity -> number of all findings, whatever became of them.
        blocking: those that stop it, as far as the scan lists them.
        waived: those that a waiver lets pass.
        known: those that the deployed image has as well, rated as now or worse.
        unfixable: those that do not count because there is no fix.
        closed: those that Inspector suppresses or has closed.
        expired: waivers that would have let a finding pass and count no longer.
        findings: all that the scan lists.
        scanner: what scanned it.
        next_step: what helps, where it did not pass.
    """

    outcome: VerdictOutcome
    why: str
    counts: Mapping[str, int] = field(default_factory=dict)
    blocking: tuple[Finding, ...] = ()
    waived: tuple[Waived, ...] = ()
    known: tuple[Finding, ...] = ()
    unfixable: tuple[Finding, ...] = ()
    closed: tuple[Finding, ...] = ()
    expired: tuple[Waiver, ...] = ()
    findings: tuple[Finding, ...] = ()
    scanner: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class ClearedImage:
    """An image that may be deployed. It cannot be made without a passing verdict, and only the gate makes verdicts."""

    image: BuiltImage
    verdict: Verdict
    scanned: str
    """The digest that was scanned."""

    def __post_init__(self) -> None:
        """Refuse to exist for an image that was not cleared."""
        if self.verdict.outcome != "passed":
            raise ValueError(f"{self.image.target} was not cleared: {self.verdict.why}")
        if self.scanned != self.image.digest or not self.scanned:
            raise ValueError(f"{self.image.target}: {self.scanned or 'nothing'} was scanned, not {self.image.digest}")
