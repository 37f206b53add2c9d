"""The message about what runs: which images would not be cleared today, and why; or that nobody can say.

It is stateless, so it comes with each check until everything passes. It says what of it is new.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from erp_build.errors import ErpBuildError, told
from erp_build.formats.printable import few_names, json_text, one_line, printable
from erp_build.gate.result import Judged
from erp_build.gate.running import JudgedReleases
from erp_build.model.environment import Place
from erp_build.model.images.finding import Finding
from erp_build.report.notify import Message, escaped, subject_of

NEW_FOR = timedelta(hours=24)
"""A finding that was first seen within this time is new."""

MAX_FINDINGS_OF_IMAGE = 20
MAX_FINDINGS_TOLD = 200
MAX_IMAGES_TOLD = 40
MAX_NOT_JUDGED_TOLD = 20
"""What fits into the 256 KiB of a message in its two forms, with room to spare."""

MAX_WHY_CHARACTERS = 600

REBUILD_NEXT = "erp-build run --rebuild: it builds anew what has a fix, and what is built on a base that has moved"
LIBRARY_NEXT = (
    "a finding in a library of Java: raise its version in the pom, or take a newer base image if that brings it; a "
    "build of the same files has the same library"
)
WAIVE_NEXT = "a finding without a fix: another base or dependency, or a waiver with a reason and a day"
UNDONE_NEXT = "correct what is named, then erp-build gate --running; until then nobody knows whether what runs is well"
AGAIN = "This is told at each check until everything passes: a check knows nothing of the one before."


class RunningNews:
    """What is told of a check of what runs.

    Args:
        judged: what the gate says.
        broken: what ended the check before anything was judged; None: nothing did.
        place: where it runs; None: the check ended before it knew.
        now: the time of the check.
        link: address of the build that checked; empty: none.
    """

    def __init__(
        self,
        judged: JudgedReleases | None,
        broken: Exception | None,
        place: Place | None,
        now: datetime,
        link: str = "",
    ) -> None:
        self._rows = judged.judgement.rows if judged else ()
        self._undone: tuple[tuple[str, BaseException], ...] = judged.undone if judged else ()
        if broken:
            self._undone = (*self._undone, ("the check", broken))
        self._place, self._now, self._link = place, now, link

    @property
    def is_any(self) -> bool:
        """Whether there is something to be told: what passes is no news."""
        return bool(self._blocked or self._doubtful or self._undone)

    def message(self, mask: Callable[[str], str]) -> Message:
        """The message; `mask` takes the secrets out of each of its texts."""
        title = one_line(mask(f"{self._whose}: {self._what()}"))
        lines = [printable(mask(line)) for line in self._lines()]
        next_steps = [mask(step) for step in self._next_steps()]
        facts = [printable(mask(fact)) for fact in self._facts()]
        text = "\n".join((title, "", *lines, *(f"Next: {step}" for step in next_steps), AGAIN, "", *facts))
        return Message(subject_of(title), f"{text}\n", _chat(title, lines, next_steps, facts))

    @property
    def _whose(self) -> str:
        return f"{self._place.project} {self._place.environment}" if self._place else "erp_build"

    @property
    def _blocked(self) -> list[Judged]:
        return [row for row in self._rows if row.verdict.outcome == "blocked"]

    @property
    def _doubtful(self) -> list[Judged]:
        return [row for row in self._rows if row.verdict.outcome == "inconclusive"]

    def _is_new(self, finding: Finding) -> bool:
        return finding.first_seen is not None and finding.first_seen > self._now - NEW_FOR

    def _what(self) -> str:
        """The news in one line: findings are certain, so they come before what nobody can say."""
        if self._blocked:
            findings = [one for row in self._blocked for one in row.verdict.blocking]
            new = sum(map(self._is_new, findings))
            known = findings and all(one.first_seen for one in findings)
            how = f"{new} NEW" if new else ("none new in 24 hours" if known else "since when is not known")
            return f"FINDINGS in what runs: {len(self._blocked)} of {len(self._rows)} images, {how}"
        if self._rows:
            return f"NOT JUDGED: {len(self._doubtful) or 'a part'} of what runs"
        return "what runs was NOT JUDGED"

    def _lines(self) -> Iterator[str]:
        for row in self._blocked[:MAX_IMAGES_TOLD]:
            yield from self._image_lines(row)
        if (more := len(self._blocked) - MAX_IMAGES_TOLD) > 0:
            yield f"... and {more} more images (erp-build gate --running names them)"
        if self._doubtful or self._undone:
            yield "Not judged, so nobody knows whether it is well:"
            found = [f"  {name}: {_short(_told(error))}" for name, error in self._undone]
            found += [f"  {_named(row)}: {_short(row.verdict.why)}" for row in self._doubtful]
            yield from found[:MAX_NOT_JUDGED_TOLD]
            if (more := len(found) - MAX_NOT_JUDGED_TOLD) > 0:
                yield f"  ... and {more} more (erp-build gate --running names them)"
            yield ""

    def _image_lines(self, row: Judged) -> Iterator[str]:
        yield f"{_named(row)}: {_short(row.verdict.why)}"
        findings = sorted(row.verdict.blocking, key=self._is_new, reverse=True)
        most = min(MAX_FINDINGS_OF_IMAGE, MAX_FINDINGS_TOLD // min(len(self._blocked), MAX_IMAGES_TOLD))
        yield from (f"  {one_line(self._finding_text(one))}" for one in findings[:most])
        if (more := len(findings) - most) > 0:
            yield f"  ... and {more} more"
        yield ""

    def _finding_text(self, finding: Finding) -> str:
        fix = {True: f"fixed in {finding.fixed_in or 'a version that the scan does not name'}", False: "no fix"}
        since = f"since {finding.first_seen:%Y-%m-%d %H:%M}" if finding.first_seen else "since when is not said"
        new = ", NEW in the last 24 hours" if self._is_new(finding) else ""
        fixed = fix[finding.fixable] if finding.fixable is not None else "whether there is a fix is not said"
        return f"{finding.name} {finding.severity} in {_packages(finding)}: {fixed}; {since}{new}"

    def _next_steps(self) -> list[str]:
        libraries = [one.is_library for row in self._blocked for one in row.verdict.blocking]
        steps = {
            REBUILD_NEXT: self._blocked and not (libraries and all(libraries)),
            LIBRARY_NEXT: any(libraries),
            WAIVE_NEXT: self._blocked,
            UNDONE_NEXT: self._doubtful or self._undone,
        }
        return [step for step, helps in steps.items() if helps]

    def _facts(self) -> Iterator[str]:
        if place := self._place:
            yield f"cluster: {place.cluster}, {place.region}, account {place.account}"
        yield f"checked: {self._now:%Y-%m-%d %H:%M} UTC"
        if self._link:
            yield f"build: {self._link}"


def _named(row: Judged) -> str:
    return f"{row.image.target} ({row.image.repository}@{row.image.digest or 'unknown'})"


def _packages(finding: Finding) -> str:
    version = f" {finding.version}" if finding.version else ""
    return f"{few_names(finding.packages)}{version}" if finding.packages else "no package that is named"


def _told(error: BaseException) -> str:
    """What and why; for an error of ours also where, which names the missing right's resource, and what next."""
    if isinstance(error, ErpBuildError):
        return "; ".join(filter(None, (error.what, error.where, error.why, error.next_step)))
    return told(error)


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= MAX_WHY_CHARACTERS else f"{line[:MAX_WHY_CHARACTERS]}..."


def _chat(title: str, lines: Sequence[str], next_steps: Sequence[str], facts: Sequence[str]) -> str:
    """A custom notification of Amazon Q Developer in chat applications."""
    content = {
        "textType": "client-markdown",
        "title": f":warning: {escaped(title)}",
        "description": "\n".join(escaped(line) for line in (*lines, AGAIN, *facts)),
        "nextSteps": [escaped(step) for step in next_steps],
        "keywords": ["erp_build"],
    }
    metadata = {"summary": escaped(title), "eventType": "erp_build running"}
    return json_text({"version": "1.0", "source": "custom", "content": content, "metadata": metadata})
