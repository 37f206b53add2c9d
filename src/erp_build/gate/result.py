"""The result of the gate for all images of a run, whether they pass or not."""

from dataclasses import dataclass

from erp_build.gate.filter import Waivers
from erp_build.model.images.finding import Waiver
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.verdict import Verdict
from erp_build.model.project import GatePolicy

OS_PACKAGES_ONLY = "Basic scanning sees packages of the operating system and no jars: a library in a jar is not judged."


@dataclass(frozen=True, kw_only=True, slots=True)
class GateRules:
    """The policy and the waivers that a run's images are judged by."""

    policy: GatePolicy
    waivers: Waivers

    @property
    def warning(self) -> str:
        """A warning about the rules themselves; empty: none."""
        if self.policy.severities:
            return ""
        return "THE GATE BLOCKS NOTHING: [gate] names no severity in `block` and has no limits"


@dataclass(frozen=True, slots=True)
class Judged:
    """An image and its verdict."""

    image: BuiltImage
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """The verdicts of all images of a run.

    Attributes:
        rules: what the images were judged by.
        rows: in the order of the images.
        remarks: other notes, such as a comparison that was not possible.
    """

    rules: GateRules
    rows: tuple[Judged, ...] = ()
    remarks: tuple[str, ...] = ()

    def beside(self, other: "Judgement") -> "Judgement":
        """The verdicts of the images of two releases, by the same rules."""
        remarks = tuple(dict.fromkeys((*self.remarks, *other.remarks)))
        return Judgement(rules=self.rules, rows=(*self.rows, *other.rows), remarks=remarks)

    @property
    def unused(self) -> tuple[Waiver, ...]:
        """The waivers that match no finding of these images."""
        return self.rules.waivers.unused(finding for row in self.rows for finding in row.verdict.findings)

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes below the table; the warning comes first."""
        basic = any(row.verdict.scanner == "basic" for row in self.rows)
        today = self.rules.waivers.today
        unused = [
            f"unused waiver{'' if row.counts_on(today) else ', and expired'}: {row}; remove it" for row in self.unused
        ]
        notes = (self.rules.warning, *self.remarks, *unused, OS_PACKAGES_ONLY if basic else "")
        return tuple(note for note in notes if note)
