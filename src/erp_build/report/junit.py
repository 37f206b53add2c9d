"""A run's stages, its checks and its gate as JUnit's XML, for report groups of CodeBuild."""

from collections.abc import Sequence
from html import escape

from erp_build.errors import Failure
from erp_build.gate.result import Judged, Judgement
from erp_build.model.check_run import Checked
from erp_build.run_record import RunReport


def run_junit_text(report: RunReport) -> str:
    """A test case per stage, check and image; it is never empty, because a report group wants a file of every build."""
    cases = [Case("run", stage.name, "passed", "", stage.seconds) for stage in report.stages if stage.status == "done"]
    if report.error:
        # Stages within stages end with the same error: it is told once, by the innermost.
        name = next((stage.name for stage in report.stages if stage.status == "failed"), "start")
        seconds = sum(stage.seconds for stage in report.stages if stage.name == name)
        cases.append(Case("run", name, "failure", _error_lines(report.error), seconds))
    end = [] if report.error else [Case("run", "outcome", "passed", report.outcome)]
    return junit_text(report.judgement, report.checked, [_suite("run", [*cases, *end])])


def junit_text(judgement: Judgement | None, checked: Sequence[Checked] = (), first: Sequence[str] = ()) -> str:
    """A test case per check and per image: a failure where it stops, an error where nothing could be judged.

    `first` are suites that come before.
    """
    suites = [*first, *([_suite("checks", [_check_case(one) for one in checked])] if checked else [])]
    if judgement:
        suites.append(_suite("gate", [_image_case(row) for row in judgement.rows], judgement.notes))
    return '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n' + "".join(suites) + "</testsuites>\n"


class Case:
    """A test case: where, what, how it ended (`passed`, `failure`, `error`, `skipped`), why, and its seconds."""

    def __init__(self, where: str, what: str, end: str, why: str, seconds: float = 0.0) -> None:
        self.where = where
        self.what = what
        self.end = end
        self.why = why
        self.seconds = seconds

    def __str__(self) -> str:
        """Its element."""
        head = f"    <testcase classname={_quoted(self.where)} name={_quoted(self.what)} time='{self.seconds:.3f}'>"
        first, _, _ = self.why.partition("\n")
        ends = {
            "failure": f"\n      <failure message={_quoted(first)}>{_text(self.why)}</failure>",
            "error": f"\n      <error message={_quoted(first)}>{_text(self.why)}</error>",
        }
        said = f"\n      <system-out>{_text(self.why)}</system-out>" if self.end not in ends and self.why else ""
        return f"{head}{ends.get(self.end, said)}\n    </testcase>\n"


def _suite(name: str, cases: Sequence[Case], notes: Sequence[str] = ()) -> str:
    ends = [case.end for case in cases]
    seconds = sum(case.seconds for case in cases)
    head = (
        f"  <testsuite name={_quoted(name)} tests={_quoted(str(len(cases)))} "
        f"failures={_quoted(str(ends.count('failure')))} errors={_quoted(str(ends.count('error')))} "
        f'skipped="0" time={_quoted(f"{seconds:.3f}")}>\n'
    )
    said = f"    <system-out>{_text(chr(10).join(notes))}</system-out>\n" if notes else ""
    return head + "".join(map(str, cases)) + said + "  </testsuite>\n"


def _error_lines(error: Failure) -> str:
    said = (("where", error.where), ("why", error.why), ("next", error.next_step))
    return "\n".join((error.what, *(f"{name}: {text}" for name, text in said if text)))


def _image_case(row: Judged) -> Case:
    end = {"blocked": "failure", "inconclusive": "error"}.get(row.verdict.outcome, "passed")
    lines = [row.verdict.why]
    lines += [f"{finding.severity} {finding}" for finding in row.verdict.blocking]
    lines += [f"waived: {one.finding}: {one.waiver.reason} ({one.waiver})" for one in row.verdict.waived]
    if row.verdict.next_step:
        lines.append(f"next: {row.verdict.next_step}")
    return Case(row.image.repository, f"{row.image.target} {row.image.digest[:19]}", end, "\n".join(lines))


def _check_case(one: Checked) -> Case:
    end = {"failed": "failure", "inconclusive": "error"}.get(one.word, "passed")
    why = f"{one.word}: {one.run.why}" if one.run.why else one.word
    return Case(one.target, one.check.name, end, why, one.run.seconds)


def _text(text: str) -> str:
    return escape(_clean(text), quote=False)


def _quoted(text: str) -> str:
    return f'"{escape(_clean(text))}"'


def _clean(text: str) -> str:
    return "".join(char if _is_xml(char) else "\N{REPLACEMENT CHARACTER}" for char in text)


def _is_xml(char: str) -> bool:
    """Whether XML 1.0 can hold a character at all; a name of a finding is a stranger's text."""
    code = ord(char)
    return char in "\t\n\r" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000  # noqa: PLR2004
