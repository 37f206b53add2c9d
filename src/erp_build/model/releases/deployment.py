"""What a run moved, the proof of it, and the alarms behind it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """What a run moved: target -> tag before and after (empty: nothing before), and the release's new revision."""

    tags_before: dict[str, str]
    tags_after: dict[str, str]
    revision: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Three digests of a target that must be one: built, scanned, running; `units` counts its pods or functions."""

    target: str
    built: str
    scanned: str
    running: str
    units: int

    @property
    def holds(self) -> bool:
        """Whether what runs is what was built and cleared."""
        return bool(self.built) and self.built == self.scanned == self.running and self.units > 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of CloudWatch and its state: `OK`, `ALARM` or `INSUFFICIENT_DATA`."""

    name: str
    state: str
