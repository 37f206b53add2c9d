"""The gate over recorded answers, in simulated time that passes only by waiting."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from erp_build.clients.clock import Deadline, SimulatedClock
from erp_build.gate.image_watch import DeployedWatch, ImageWatch
from erp_build.gate.result import GateRules, Judged, Judgement
from erp_build.gate.scan_watch import MAX_RESULT_AGE, ScanClient, ScanWatch
from erp_build.gate.stage import watch
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.scan import Scanning

Answers = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanRecording:
    """The recorded scan answers of one image.

    Attributes:
        name: of the recording, for reports.
        answers: of successive polls of DescribeImageScanFindings.
        deployed: those of the image that runs, where the policy compares with it.
        pushed: when the image was pushed; None: not recorded, so that a result of any time counts.
        now: when the first poll was.
        ages: whether `max_age` counts from that time; otherwise a result of any time does.
    """

    name: str
    answers: Answers
    deployed: Answers = ()
    pushed: datetime | None = None
    now: datetime
    ages: bool = False


def judge_recording(recording: ScanRecording, rules: GateRules, say: Callable[[str, str], object]) -> Judgement:
    """Judge recorded answers as a run would have done."""
    clock = SimulatedClock(recording.now)
    remarks: list[str] = []
    image = BuiltImage(target=recording.name, repository="recorded", tag="", digest="recorded", commit=None)
    oldest = recording.now - timedelta(seconds=rules.policy.max_age) if recording.ages else None
    scanner = _scanner(recording.answers, clock)
    part = ScanWatch("recorded", _digest(recording.answers), scanner, recording.pushed, oldest)
    deployed = None
    if rules.policy.new_only:
        scanner, oldest = _scanner(recording.deployed, clock), recording.now - MAX_RESULT_AGE
        parts = (ScanWatch("recorded", _digest(recording.deployed), scanner, oldest=oldest),)
        why = "" if recording.deployed else "none was recorded"
        deployed = DeployedWatch(parts, remarks.append, why)
    deadline = Deadline(clock, rules.policy.timeout)
    verdict = watch([ImageWatch(image, (part,), rules, deployed)], deadline, say)[0]
    return Judgement(rules=rules, rows=(Judged(image, verdict),), remarks=tuple(remarks))


def _digest(answers: Answers) -> str:
    """The image that a recording is about: the first that its answers name."""
    named = (image.get("imageDigest") for answer in answers if isinstance(image := answer.get("imageId"), Mapping))
    return next((str(digest) for digest in named if digest), "recorded")


def _scanner(answers: Answers, clock: SimulatedClock) -> ScanClient:
    scans = RecordedScans(answers)
    # A recording holds no registry settings: only the form of its answers tells which scanner it was.
    return ScanClient(page=scans.scan_page, starter=scans, clock=clock, scanning=lambda _: Scanning(enhanced=False))


class RecordedScans:
    """Replays recorded answers as the registry would give them; one poll is an answer and the pages of its tokens."""

    def __init__(self, answers: Answers) -> None:
        self._polls: list[list[Mapping[str, Any]]] = []
        follows = False
        for answer in answers:
            if follows:
                self._polls[-1].append(answer)
            else:
                self._polls.append([answer])
            follows = bool(answer.get("nextToken"))
        self._poll = -1
        self._pages: Iterator[Mapping[str, Any]] = iter(())

    def scan_page(self, repository: str, digest: str, token: str | None) -> Mapping[str, Any]:  # noqa: ARG002
        """The next poll's first answer, or with a token the next page of this poll."""
        if token is None:
            self._poll = min(self._poll + 1, len(self._polls) - 1)
            self._pages = iter(self._polls[self._poll])
        missing = {"Error": {"Code": "MissingPage", "Message": "the recording ends before the last page"}}
        return next(self._pages, missing)

    def start_scan(self, repository: str, digest: str) -> bool:  # noqa: ARG002
        """Do nothing: the recording already holds the result."""
        return True
