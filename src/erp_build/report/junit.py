"""A run's stages, its checks and its gate as JUnit's XML, for report groups of CodeBuild."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple
from xml.etree import ElementTree as ET

from erp_build.errors import Failure
from erp_build.gate.result import Judged, Judgement
from erp_build.model.check_run import Checked
from erp_build.run_record import RunReport

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold. The names of findings are untrusted text and may contain them."""

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


class JUnitSuite(NamedTuple):
    """Test cases that belong together, and what else must be said of them, a line each."""

    name: str
    cases: Sequence[JUnitCase]
    notes: Sequence[str] = ()


def run_junit_text(report: RunReport, mask: Mask = str) -> str:
    """A test case per stage, check and image; it is never empty, because a report group wants a file of every build."""
    return _file([_run_suite(report), *_suites(report.judgement, report.checked)], mask)


def junit_text(judgement: Judgement | None, checked: Sequence[Checked] = (), mask: Mask = str) -> str:
    """A test case per check and per image: a failure where it stops, an error where nothing could be judged."""
    return _file(_suites(judgement, checked), mask)


def _run_suite(report: RunReport) -> JUnitSuite:
    cases = [
        JUnitCase("run", stage.name, "passed", "", stage.seconds) for stage in report.stages if stage.status == "done"
    ]
    if report.error is None:
        return JUnitSuite("run", [*cases, JUnitCase("run", "outcome", "passed", report.outcome)])
    # Stages within stages end with the same error: it is told once, by the innermost.
    name = next((stage.name for stage in report.stages if stage.status == "failed"), "start")
    seconds = sum(stage.seconds for stage in report.stages if stage.name == name)
    return JUnitSuite("run", [*cases, JUnitCase("run", name, "failure", _error_lines(report.error), seconds)])


def _suites(judgement: Judgement | None, checked: Sequence[Checked]) -> list[JUnitSuite]:
    suites = [JUnitSuite("checks", [_check_case(one) for one in checked])] if checked else []
    if judgement:
        suites.append(JUnitSuite("gate", [_image_case(row) for row in judgement.rows], judgement.notes))
    return suites


def _file(suites: Sequence[JUnitSuite], mask: Mask) -> str:
    def text(raw: str) -> str:
        return NO_XML.sub("\N{REPLACEMENT CHARACTER}", mask(raw))

    root = ET.Element("testsuites")
    for suite in suites:
        _add_suite(root, suite, text)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add_suite(root: ET.Element, suite: JUnitSuite, text: Mask) -> None:
    ends = [case.end for case in suite.cases]
    element = ET.SubElement(
        root,
        "testsuite",
        name=text(suite.name),
        tests=str(len(ends)),
        failures=str(ends.count("failure")),
        errors=str(ends.count("error")),
        skipped="0",
        time=f"{sum(case.seconds for case in suite.cases):.3f}",
    )
    for case in suite.cases:
        _add_case(element, case, text)
    if suite.notes:
        ET.SubElement(element, "system-out").text = text("\n".join(suite.notes))


def _add_case(suite: ET.Element, case: JUnitCase, text: Mask) -> None:
    element = ET.SubElement(
        suite, "testcase", classname=text(case.where), name=text(case.what), time=f"{case.seconds:.3f}"
    )
    why = text(case.why)  # before it is cut into lines: a secret may have several
    if case.end != "passed":
        ET.SubElement(element, case.end, message=why.partition("\n")[0]).text = why
    elif why:
        ET.SubElement(element, "system-out").text = why


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
