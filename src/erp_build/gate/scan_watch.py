"""Following one scan: asks, starts one where nobody does, and says what was read and how far to trust it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from erp_build.clients.clock import Clock
from erp_build.errors import ErpBuildError
from erp_build.formats import access_denied as denial
from erp_build.gate.scans import UnreadableScan, read_scan
from erp_build.gate.verdict import Circumstances
from erp_build.model.images.scan import Scanning, ScanReading
from erp_build.model.images.verdict import Verdict, Wait

GRACE = 15.0
"""Seconds after which a scan that is not found is looked after: scan on push is not immediate."""

ON_PUSH_GRACE = 60.0
"""The same where the registry says that it scans on push: the image may have been pushed before it was told to."""

MOST_PAGES = 1000
"""Pages of one poll: a registry that always has one more ends as inconclusive, not as an endless loop."""

FRESH_FOR = timedelta(hours=24)
"""ECR makes one manual scan of an image in this time: what is younger cannot be asked for anew."""

NOT_FOUND = "ScanNotFoundException"
BAD_TOKEN = {"InvalidParameterException", "ValidationException"}
"""How ECR answers a page token that it does not know any more."""

PASSING_TROUBLE = {
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "ServerException",
    "InternalFailure",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "ConnectionError",
}
SERVER_ERROR = 500

ScanPage = Callable[[str, str, str | None], Mapping[str, Any]]
"""(repository, digest, token of the page or None) -> a page, or `{"Error": {"Code", "Message"}}`."""


class ScanStarter(Protocol):
    """The one effect of the gate."""

    def start_scan(self, repository: str, digest: str) -> bool:
        """Ask for a scan; False where the registry made one in the last 24 hours, or scans by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanner:
    """What a watch works with: the two calls, how the repository is scanned, and the time."""

    page: ScanPage
    starter: ScanStarter
    clock: Clock
    scanning: Callable[[str], Scanning]


@dataclass(frozen=True, slots=True)
class Seen:
    """A reading and what is known of it."""

    reading: ScanReading
    around: Circumstances


class ScanWatch:
    """Follows the scan of one digest.

    Args:
        repository, digest: of the image, or of one platform of an index.
        scanner: what it works with.
        not_before: a result that was completed earlier does not count.
    """

    def __init__(self, repository: str, digest: str, scanner: Scanner, not_before: datetime | None = None) -> None:
        self.repository = repository
        self.digest = digest
        self._not_before = not_before
        self._scanner = scanner
        self._began = scanner.clock.monotonic()
        self._previous: ScanReading | None = None
        self._same_since = 0.0
        self._started = False

    def look(self) -> Seen | Wait | Verdict:
        """Ask once, all pages: a reading, or why there is none yet, or why there will be none."""
        pages: list[Mapping[str, Any]] = []
        tokens: set[str] = set()
        token: str | None = None
        while len(pages) < MOST_PAGES:
            page = self._scanner.page(self.repository, self.digest, token)
            if "Error" in page:
                return self._judge_error(page, paging=token is not None)
            pages.append(page)
            token = page.get("nextToken")
            if not token:
                return self._read(pages)
            if token in tokens:
                return _given_up("the registry repeats a page of findings")
            tokens.add(token)
        return _given_up(f"the registry has more than {MOST_PAGES} pages of findings")

    def start(self) -> Verdict | None:
        """Ask for a scan, once, unless the registry scans by itself all the time; a verdict where that is refused."""
        if self._started or not self._scanner.scanning(self.repository).startable:
            return None
        self._started = True
        try:
            begun = self._scanner.starter.start_scan(self.repository, self.digest)
        except ErpBuildError as error:
            return _given_up(f"{error.what}: {error.why}", error.next_step)
        if not begun and self._not_before:
            # There is no fresher result to be had than that of the last 24 hours.
            self._not_before = min(self._not_before, self._scanner.clock.now() - FRESH_FOR)
        return None

    def _read(self, pages: list[Mapping[str, Any]]) -> Seen | Verdict:
        try:
            reading = read_scan(pages)
        except UnreadableScan as error:
            return _given_up(f"the answer is not as ECR gives them: {error}")
        now = self._scanner.clock.monotonic()
        settled = None
        if reading == self._previous:
            settled = now - self._same_since
        else:
            self._same_since = now
        self._previous = reading
        enhanced = self._scanner.scanning(self.repository).enhanced
        return Seen(reading, Circumstances(not_before=self._not_before, settled=settled, enhanced=enhanced))

    def _judge_error(self, page: Mapping[str, Any], *, paging: bool) -> Wait | Verdict:
        # An interrupted row of readings proves nothing about the next one.
        self._previous = None
        error = page["Error"]
        code, text = str(error.get("Code", "")), str(error.get("Message", ""))
        status = page.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == NOT_FOUND:
            return self._not_found()
        if code in PASSING_TROUBLE or status >= SERVER_ERROR:
            return Wait(f"{code}: {text}", next_step="check the network and the quota of ECR's API, then run again")
        if paging and code in BAD_TOKEN:
            return Wait(f"{code}: {text}; reading from the first page again", next_step="run again")
        if denial.is_denied(code):
            return _given_up(
                f"{code}: {text}; {denial.refused(text, 'ecr:DescribeImageScanFindings')} is not allowed",
                denial.next_step(text, "ecr:DescribeImageScanFindings"),
            )
        return _given_up(f"{code}: {text}")

    def _not_found(self) -> Wait | Verdict:
        waited = self._scanner.clock.monotonic() - self._began
        if waited >= GRACE:
            on_push = self._scanner.scanning(self.repository).frequency == "SCAN_ON_PUSH"
            if (not on_push or waited >= ON_PUSH_GRACE) and (refused := self.start()):
                return refused
        return Wait(
            "there is no scan yet",
            next_step="let the registry scan on push (aws ecr put-registry-scanning-configuration), then run again",
        )


def _given_up(why: str, next_step: str = "look at the scan in ECR, then run again") -> Verdict:
    return Verdict(outcome="inconclusive", why=why, next_step=next_step)
