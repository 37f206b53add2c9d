"""The gate: waits for the scan of every image, all under one deadline, and lets none pass that was not judged good."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from erp_build.domain.image import BuiltImage
from erp_build.domain.project import GatePolicy
from erp_build.domain.verdict import ClearedImage, ScanReading, Verdict, Wait, judge, read_scan
from erp_build.errors import ErpBuildError, GateBlocked, GateInconclusive
from erp_build.tools.clock import Deadline
from erp_build.tools.toolbox import Tools

START_AFTER = 15.0
"""Seconds after which a scan that is not found is started by us: scan on push is not immediate."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
NOT_FOUND = "ScanNotFoundException"
PASSING_TROUBLE = {
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "ServerException",
    "InternalFailure",
    "InternalServerError",
    "ServiceUnavailable",
    "ConnectionError",
}
DENIED = {"AccessDenied", "AccessDeniedException"}
SERVER_ERROR = 500

ScanPage = Callable[[str, str, str | None], Mapping[str, Any]]
"""(repository, digest, token of the page or None) -> a page, or `{"Error": {"Code", "Message"}}`."""


class ScanStarter(Protocol):
    """The one effect of the gate."""

    def start_scan(self, repository: str, digest: str) -> None:
        """Ask for a scan."""


def clear_images(tools: Tools, policy: GatePolicy, images: Sequence[BuiltImage]) -> tuple[ClearedImage, ...]:
    """Judge every image; raises `GateBlocked` or `GateInconclusive`, which name all that did not pass."""
    deadline = Deadline(tools.clock, policy.timeout)
    watches = [ScanWatch(image, tools.registry.scan_page, tools.effects, policy, deadline) for image in images]
    verdicts = watch(watches, deadline, tools.progress.say)
    stop_unless_passed(images, verdicts)
    return tuple(ClearedImage(image, verdict, image.digest) for image, verdict in zip(images, verdicts, strict=True))


class ScanWatch:
    """Follows the scan of one image."""

    def __init__(
        self, image: BuiltImage, scan_page: ScanPage, starter: ScanStarter, policy: GatePolicy, deadline: Deadline
    ) -> None:
        self.image = image
        self._scan_page = scan_page
        self._starter = starter
        self._policy = policy
        self._deadline = deadline
        self._previous: ScanReading | None = None
        self._started = False

    def poll(self) -> Verdict | Wait:
        """Ask once, all pages."""
        pages: list[Mapping[str, Any]] = []
        token: str | None = None
        while True:
            page = self._scan_page(self.image.repository, self.image.digest, token)
            if "Error" in page:
                return self._judge_error(page)
            pages.append(page)
            token = page.get("nextToken")
            if not token:
                break
            if any(page.get("nextToken") == token for page in pages[:-1]):
                return Verdict(outcome="inconclusive", why="the registry repeats a page of findings")
        previous, self._previous = self._previous, read_scan(pages)
        return judge(self._previous, self._policy, previous)

    def _judge_error(self, page: Mapping[str, Any]) -> Verdict | Wait:
        # An interrupted row of readings proves nothing about the next one.
        self._previous = None
        error = page["Error"]
        code, text = str(error.get("Code", "")), str(error.get("Message", ""))
        status = page.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == NOT_FOUND:
            self._start_when_due()
            return Wait("there is no scan yet")
        if code in PASSING_TROUBLE or status >= SERVER_ERROR:
            return Wait(f"{code}: {text}")
        if code in DENIED:
            text = f"{text}; allow ecr:DescribeImageScanFindings to the role"
        return Verdict(outcome="inconclusive", why=f"{code}: {text}")

    def _start_when_due(self) -> None:
        if not self._started and self._policy.timeout - self._deadline.left >= START_AFTER:
            self._starter.start_scan(self.image.repository, self.image.digest)
            self._started = True


def watch(watches: Sequence[ScanWatch], deadline: Deadline, say: Callable[[str, str], object]) -> tuple[Verdict, ...]:
    """Poll all scans until each has a verdict or the deadline is over; a time-out is inconclusive, never a pass."""
    verdicts: dict[int, Verdict] = {}
    last: dict[int, str] = {}
    pause = FIRST_PAUSE
    while True:
        for number, one in enumerate(watches):
            if number not in verdicts:
                answer = one.poll()
                if last.get(number) != answer.why:
                    say(answer.why, one.image.target)
                last[number] = answer.why
                if isinstance(answer, Verdict):
                    verdicts[number] = answer
        if len(verdicts) == len(watches) or deadline.is_over:
            break
        deadline.pause(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    for number in range(len(watches)):
        verdicts.setdefault(number, Verdict(outcome="inconclusive", why=f"not finished in time: {last[number]}"))
    return tuple(verdicts[number] for number in range(len(watches)))


def stop_unless_passed(images: Sequence[BuiltImage], verdicts: Sequence[Verdict]) -> None:
    """Raise for everything that did not pass; findings go before doubt, since they are certain."""
    for outcome, error, what, next_step in (
        ("blocked", GateBlocked, "over the policy", "mend the image (base image, dependency), or change [gate]"),
        ("inconclusive", GateInconclusive, "without a verdict", "look at the scan in ECR, then run again"),
    ):
        stopped = [(image, verdict) for image, verdict in zip(images, verdicts, strict=True)
                   if verdict.outcome == outcome]  # fmt: skip
        if stopped:
            raise _gate_error(error, f"{len(stopped)} of {len(images)} images {what}", stopped, next_step)


def _gate_error(
    error: type[ErpBuildError], what: str, stopped: Sequence[tuple[BuiltImage, Verdict]], next_step: str
) -> ErpBuildError:
    lines = []
    for image, verdict in stopped:
        names = ", ".join(f"{finding.name} ({finding.package})" for finding in verdict.blocking[:5])
        lines.append(f"{image.target} {image.digest[:19]}: {verdict.why}" + (f": {names}" if names else ""))
    return error(
        what, where=", ".join(image.repository for image, _ in stopped), why="\n".join(lines), next_step=next_step
    )
