"""A run's stages, its checks and its gate as JUnit's XML, for report groups of CodeBuild."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple
from xml.etree import ElementTree as ET

from erp_build.errors import Failure
from erp_build.formats.printable import printable
from erp_build.gate.result import Judged, Judgement
from erp_build.model.quality_checks.check_run import Checked
from erp_build.run_record import RunReport

Mask = Callable[[str], str]
"""Takes the secrets out of a text. It is called before XML escapes the text, which would hide a secret from it."""


End = Literal["passed", "failure", "error"]
"""How a case ended: `failure` stops the run, `error` says that nothing could be judged."""

ENDS: Mapping[str, End] = {"blocked": "failure", "failed": "failure", "inconclusive": "error"}
"""What a verdict or the outcome of a check becomes; any other has passed."""


class JUnitCase(NamedTuple):
    """A test case: where, what, how it ended, why (may have several lines), and its seconds."""

    where: str
    what: str
    end: End
    why: str = ""
    seconds: float = 0.0


def run_junit_text(report: RunReport, mask: Mask = str) -> str:
    """A test case per stage, check and image; it is never empty, because a report group wants a file of every build."""
    return _file([_suite("run", _run_cases(report), mask), *_suites(report.judgement, report.checked, mask)])


def junit_text(judgement: Judgement | None, checked: Sequence[Checked] = (), mask: Mask = str) -> str:
    """A test case per check and per image: a failure where it stops, an error where nothing could be judged."""
    return _file(_suites(judgement, checked, mask))


def _run_cases(report: RunReport) -> list[JUnitCase]:
    cases = [
        JUnitCase("run", stage.name, "passed", "", stage.seconds) for stage in report.stages if stage.status == "done"
    ]
    if report.error is None:
        return [*cases, JUnitCase("run", "outcome", "passed", report.outcome)]
    # Stages within stages end with the same error: it is told once, by the innermost.
    name = next((stage.name for stage in report.stages if stage.status == "failed"), "start")
    seconds = sum(stage.seconds for stage in report.stages if stage.name == name)
    return [*cases, JUnitCase("run", name, "failure", _error_lines(report.error), seconds)]


def _suites(judgement: Judgement | None, checked: Sequence[Checked], mask: Mask) -> list[ET.Element]:
    suites = [_suite("checks", [_check_case(one) for one in checked], mask)] if checked else []
    if judgement:
        suites.append(_suite("gate", [_image_case(row) for row in judgement.rows], mask, judgement.notes))
    return suites


def _file(suites: Sequence[ET.Element]) -> str:
    root = ET.Element("testsuites")
    root.extend(suites)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(name: str, cases: Sequence[JUnitCase], mask: Mask, notes: Sequence[str] = ()) -> ET.Element:
    """Test cases that belong together, and what else must be said of them, a line each."""
    ends = [case.end for case in cases]
    suite = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(ends)),
        failures=str(ends.count("failure")),
        errors=str(ends.count("error")),
        skipped="0",
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    for case in cases:
        _add_case(suite, case, mask)
    if notes:
        ET.SubElement(suite, "system-out").text = _clean("\n".join(notes), mask)
    return suite


def _add_case(suite: ET.Element, case: JUnitCase, mask: Mask) -> None:
    where, what, why = (_clean(text, mask) for text in (case.where, case.what, case.why))
    element = ET.SubElement(suite, "testcase", classname=where, name=what, time=f"{case.seconds:.3f}")
    # `why` is cut into lines only now that it is masked: a secret may have several.
    if case.end != "passed":
        ET.SubElement(element, case.end, message=why.partition("\n")[0]).text = why
    elif why:
        ET.SubElement(element, "system-out").text = why


def _clean(text: str, mask: Mask) -> str:
    """A text without secrets and without what XML 1.0 cannot hold, which is not printable either."""
    return printable(mask(text))


def _error_lines(error: Failure) -> str:
    said = (("where", error.where), ("why", error.why), ("next", error.next_step))
    return "\n".join((error.what, *(f"{name}: {text}" for name, text in said if text)))


def _image_case(row: Judged) -> JUnitCase:
    lines = [row.verdict.why]
    lines += [f"{finding.severity} {finding}" for finding in row.verdict.blocking]
    lines += [f"waived: {one.finding}: {one.waiver.reason} ({one.waiver})" for one in row.verdict.waived]
    if row.verdict.next_step:
        lines.append(f"next: {row.verdict.next_step}")
    return JUnitCase(
        row.image.repository,
        f"{row.image.target} {row.image.digest[:19]}",
        ENDS.get(row.verdict.outcome, "passed"),
        "\n".join(lines),
    )


def _check_case(one: Checked) -> JUnitCase:
    why = f"{one.word}: {one.run.why}" if one.run.why else one.word
    return JUnitCase(one.target, one.check.name, ENDS.get(one.word, "passed"), why, one.run.seconds)
