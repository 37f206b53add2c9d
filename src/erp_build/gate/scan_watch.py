"""Watch one scan: poll it, start one where the registry does not, and say what is known about each reading."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from erp_build.clients.clock import Clock
from erp_build.errors import ErpBuildError
from erp_build.formats import access_denied as denial
from erp_build.formats.transient import code_passes
from erp_build.gate.scans import NoReading, UnreadableScan, read_scan
from erp_build.gate.verdict import ScanContext, inconclusive
from erp_build.model.images.scan import Scanning, ScanReading
from erp_build.model.images.verdict import Verdict, Wait

SCAN_START_GRACE_S = 15.0
"""Seconds before a scan that is not found is started: scan on push begins only after the push."""

ON_PUSH_SCAN_GRACE_S = 60.0
"""The same where the registry scans on push; the image may be older than that setting."""

MAX_FINDING_PAGES = 1000
"""Pages of one poll. A registry that never stops giving tokens ends as inconclusive, not as an endless loop."""

MAX_RESULT_AGE = timedelta(hours=24)
"""ECR allows one manual scan of an image in this time: a younger result cannot be renewed."""

SCAN_NOT_FOUND_CODE = "ScanNotFoundException"
BAD_TOKEN_CODES = {"InvalidParameterException", "ValidationException"}
"""ECR's errors for a page token that has expired."""

FOREIGN_ANSWER_CODE = "ForeignAnswer"
"""The code that our client gives an answer which does not have ECR's form."""

ScanPage = Callable[[str, str, str | None], Mapping[str, Any]]
"""(repository, digest, token of the page or None) -> a page, or `{"Error": {"Code", "Message"}}`."""


class ScanStarter(Protocol):
    """The only effect of the gate."""

    def start_scan(self, repository: str, digest: str) -> bool:
        """Start a scan; False where the registry has made one in the last 24 hours, or scans by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanClient:
    """What a watch needs: a page of findings, the start of a scan, how a repository is scanned, and the clock."""

    page: ScanPage
    starter: ScanStarter
    clock: Clock
    scanning: Callable[[str], Scanning]


@dataclass(frozen=True, slots=True)
class SeenScan:
    """A reading, and what is known about it."""

    reading: ScanReading
    context: ScanContext


class ScanWatch:
    """Follows the scan of one digest.

    Args:
        repository, digest: of the image, or of one platform of an index.
        scanner: the calls that it makes.
        not_before: an earlier result is not of this push; None: any is.
        oldest: an earlier result is too old, unless the scan goes on; None: none is.

    Attributes:
        is_renewed: whether a scan was begun, whose result is still to come or is there already.
    """

    def __init__(
        self,
        repository: str,
        digest: str,
        scanner: ScanClient,
        not_before: datetime | None = None,
        oldest: datetime | None = None,
    ) -> None:
        self.repository = repository
        self.digest = digest
        self._not_before = not_before
        self._oldest = oldest
        self._scanner = scanner
        self._began = scanner.clock.monotonic()
        self._previous: ScanReading | None = None
        self._same_since = 0.0
        self._started = False
        self.is_renewed = False

    def look(self) -> SeenScan | Wait | Verdict:
        """Read all pages once: a reading, or why there is none yet, or why there will never be one."""
        pages: list[Mapping[str, Any]] = []
        tokens: set[str] = set()
        token: str | None = None
        while len(pages) < MAX_FINDING_PAGES:
            page = self._scanner.page(self.repository, self.digest, token)
            if "Error" in page:
                return self._judge_error(page, paging=token is not None)
            pages.append(page)
            token = page.get("nextToken")
            if not token:
                return self._read(pages)
            if token in tokens:
                return inconclusive("the registry repeats a page of findings")
            tokens.add(token)
        return inconclusive(f"the registry has more than {MAX_FINDING_PAGES} pages of findings")

    def start(self) -> Verdict | Wait | None:
        """Start a scan, once, unless the registry scans continuously; a verdict if the registry refuses.

        A registry that cannot start one now is asked again at the next look.
        """
        if self._started or not self._scanner.scanning(self.repository).startable:
            return None
        self._started = True
        try:
            begun = self._scanner.starter.start_scan(self.repository, self.digest)
        except ErpBuildError as error:
            if error.passes:
                self._started = False
                return Wait(f"{error.what}: {error.why}", next_step=error.next_step)
            return inconclusive(f"{error.what}: {error.why}", error.next_step)
        self.is_renewed = begun
        if not begun:
            # ECR has scanned in the last 24 hours and refuses to scan again: there is no fresher result than that one.
            possible = self._scanner.clock.now() - MAX_RESULT_AGE
            self._not_before = self._not_before and min(self._not_before, possible)
            self._oldest = self._oldest and min(self._oldest, possible)
        return None

    def _read(self, pages: list[Mapping[str, Any]]) -> SeenScan | Wait | Verdict:
        try:
            reading = read_scan(pages)
        except NoReading as error:
            return self._no_reading(str(error))
        except UnreadableScan as error:
            return inconclusive(f"the answer does not have ECR's form: {error}")
        if reading.digest not in ("", self.digest):
            return self._no_reading(f"the answer is about {reading.digest}, and {self.digest} was asked for")
        now = self._scanner.clock.monotonic()
        settled = None
        if reading == self._previous:
            settled = now - self._same_since
        else:
            self._same_since = now
        self._previous = reading
        enhanced = self._scanner.scanning(self.repository).enhanced
        context = ScanContext(not_before=self._not_before, oldest=self._oldest, settled=settled, enhanced=enhanced)
        return SeenScan(reading, context)

    def _no_reading(self, why: str) -> Wait:
        self._previous = None
        return Wait(f"{why}; reading again", next_step="look at what answers for ECR, then run again")

    def _judge_error(self, page: Mapping[str, Any], *, paging: bool) -> Wait | Verdict:
        # A reading is settled only by equal readings in a row, and an error interrupts the row.
        self._previous = None
        error = page["Error"]
        code, text = str(error.get("Code", "")), str(error.get("Message", ""))
        status = page.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == SCAN_NOT_FOUND_CODE:
            return self._not_found()
        if code == FOREIGN_ANSWER_CODE or code_passes(code, status):
            return Wait(f"{code}: {text}", next_step="check the network and the quota of ECR's API, then run again")
        if paging and code in BAD_TOKEN_CODES:
            return Wait(f"{code}: {text}; reading from the first page again", next_step="run again")
        if denial.is_denied(code):
            return inconclusive(
                f"{code}: {text}; {denial.refused(text, 'ecr:DescribeImageScanFindings')} is not allowed",
                denial.next_step(text, "ecr:DescribeImageScanFindings"),
            )
        return inconclusive(f"{code}: {text}")

    def _not_found(self) -> Wait | Verdict:
        waited = self._scanner.clock.monotonic() - self._began
        if waited >= SCAN_START_GRACE_S:
            on_push = self._scanner.scanning(self.repository).frequency == "SCAN_ON_PUSH"
            if (not on_push or waited >= ON_PUSH_SCAN_GRACE_S) and (refused := self.start()):
                return refused
        return Wait(
            "there is no scan yet",
            next_step="let the registry scan on push (aws ecr put-registry-scanning-configuration), then run again",
        )
