"""Whether a scan result may clear an image: it must be counted, complete, fresh and settled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from erp_build.model.images.scan import ScanReading
from erp_build.model.images.verdict import Wait
from erp_build.model.project import SEVERITIES

SETTLED_AFTER_S = 10.0
"""Seconds for which an enhanced scan must say the same: its findings arrive after its status (aws/aws-sdk#288)."""

EMPTY_SETTLED_AFTER_S = 30.0
"""Seconds for an enhanced scan that says "nothing": most likely it has not begun (aws/aws-sdk#289)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanContext:
    """What is known about a reading besides its content.

    Attributes:
        not_before: a result that was completed earlier does not count; None: any does.
        settled: seconds for which the readings have been the same; None for the first of its kind.
        enhanced: whether the registry scans with Inspector; None where it does not say.
    """

    not_before: datetime | None = None
    settled: float | None = None
    enhanced: bool | None = False

    def is_settled(self, reading: ScanReading) -> bool:
        """Whether the reading has stayed the same for long enough. A basic scan is complete at once."""
        if reading.scanner == "basic" and (self.enhanced is False or (self.enhanced is None and reading.counts)):
            return True
        needed = SETTLED_AFTER_S if reading.counts else EMPTY_SETTLED_AFTER_S
        return self.settled is not None and self.settled >= needed


def doubt_of(reading: ScanReading, context: ScanContext) -> Wait | None:
    """Why a reading cannot clear an image yet: it is not counted, complete, fresh or settled. None: it can."""
    next_step = reading.state.next_step
    if reading.state.answer != "read":
        return Wait(str(reading), next_step=next_step)
    if reading.counts is None or reading.completed is None:
        return Wait(f"{reading}, but its findings are not there yet", next_step=next_step)
    if context.not_before and reading.completed < context.not_before:
        why = f"{reading} of {_minute(reading.completed)}, older than {_minute(context.not_before)}"
        return Wait(why, stale=True, next_step="start the scan again: aws ecr start-image-scan (once in 24 hours)")
    if not context.is_settled(reading):
        why = "reading again, because findings of a continuous scan arrive late"
        return Wait(f"{reading}, {counts_text(reading.counts)}; {why}", next_step=next_step)
    return None


def counts_text(counts: Mapping[str, int]) -> str:
    """The numbers as text, worst severity first; unknown severities come before all others."""
    names = [*sorted(set(counts) - set(SEVERITIES)), *(name for name in SEVERITIES if name in counts)]
    return ", ".join(f"{counts[name]} {name}" for name in names) or "no findings"


def _minute(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
