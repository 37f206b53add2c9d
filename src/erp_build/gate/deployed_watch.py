"""Watch the scans of the deployed image, with which the findings of a new one are compared."""

from collections.abc import Callable, Mapping, Sequence

from erp_build.gate.filter import Identity, identities
from erp_build.gate.scan_doubt import doubt_of
from erp_build.gate.scan_watch import ScanWatch, SeenScan
from erp_build.model.images.scan import ScanReading
from erp_build.model.images.verdict import Verdict, Wait


class DeployedWatch:
    """Finds out the findings of the image that runs now; they count only from a fresh scan result.

    Attributes:
        known: its findings and how often it has each; None: nothing is known.
        pending: why there is no result yet; empty: `known` is final.
    """

    def __init__(self, parts: Sequence[ScanWatch], say: Callable[[str], object], why: str = "") -> None:
        self._parts = parts
        self._say = say
        self._readings: dict[int, ScanReading] = {}
        self.known: Mapping[Identity, int] | None = None
        self.pending = "" if why else "not asked yet"
        if why:
            self.give_up(why)

    def poll(self) -> None:
        """Poll each scan that has no result yet."""
        if not self.pending:
            return
        for number, part in enumerate(self._parts):
            if number not in self._readings:
                answer = _proven(part)
                if isinstance(answer, Verdict):
                    self.give_up(answer.why)
                    return
                if isinstance(answer, Wait):
                    self.pending = answer.why
                else:
                    self._readings[number] = answer
        if len(self._readings) == len(self._parts):
            self.pending = ""
            self.known = identities(self._readings.values())

    def give_up(self, why: str) -> None:
        """Go on without the deployed image: every finding counts as new, which can only stop more."""
        self.pending = ""
        self._say(f"no fresh scan of the deployed image, so every finding counts as new: {why}")


def _proven(part: ScanWatch) -> ScanReading | Wait | Verdict:
    seen = part.look()
    if not isinstance(seen, SeenScan):
        return seen
    if seen.reading.state.answer == "stop":
        return Verdict(outcome="inconclusive", why=str(seen.reading))
    doubt = doubt_of(seen.reading, seen.context)
    if doubt is None:
        return seen.reading
    return (part.start() if doubt.stale else None) or doubt
