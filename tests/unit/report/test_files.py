"""What a run leaves on the disk: every form, however it ended, and no secret in any of them."""

import io
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions
from erp_build.cli.reported import error_noted
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.secrets import Secrets
from erp_build.errors import BuildFailed, Failure, Interrupted
from erp_build.formats.secrets.names import is_maskable
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import Checked, CheckRun
from erp_build.report.files import write_reports
from erp_build.report.text.error import error_text
from erp_build.report.text.run import report_text
from erp_build.run_record import Run, RunReport
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.report_schema import SCHEMA, objects_of
from tests.support.reports import Names, full
from tests.support.writers import WRITERS

FORMS = {"report.json", "report.html", "report.md", "junit.xml", "gate.sarif"}
SECRETS = ("p<w&d'_*|x", 'quo"te\\d', "비밀번호-값", "https://user:hunter2@db.invalid/x", "AKIA" + "A" * 16)
"""Each one is written in another way by one of the forms."""


class Written:
    """A console whose streams can be read, and the files that are left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "out"
        self.err, self.out = io.StringIO(), io.StringIO()
        options = CommonOptions()
        options.repo = str(folder)
        self.console = Console(options, Secrets(), self.out, self.err)

    def write(self, report: RunReport) -> dict[str, str]:
        write_reports(report, self.folder / "report.json", self.console.secrets, self.console.complain)
        return {path.name: path.read_text("utf-8") for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def early(error: Failure) -> RunReport:
    return RunReport(error=error)


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_leaves_its_report_in_every_form(fails: bool, written: Written) -> None:  # noqa: FBT001 - a parameter
    files = written.write(full(fails=fails))
    assert set(files) == FORMS
    assert json.loads(files["report.json"])["outcome"] == ("failed" if fails else "deployed")
    assert written.err.getvalue() == ""


def test_the_folder_of_reports_ignores_itself(erp: Checkout, written: Written) -> None:
    written.folder = erp.root / "erp-build-report"
    written.write(full())
    assert erp.git("status", "--porcelain") == ""
    assert {path.name for path in written.folder.iterdir()} == {*FORMS, ".gitignore"}
    (written.folder / ".gitignore").write_text("!report.md\n", encoding="utf-8")
    assert written.write(full())[".gitignore"] == "!report.md\n"


def test_another_folder_is_left_to_whoever_named_it(written: Written) -> None:
    assert ".gitignore" not in written.write(full())


@pytest.mark.parametrize("error", [BuildFailed("no engine"), Interrupted(15, "SIGTERM")])
def test_a_run_that_ended_early_leaves_all_but_findings(error: Failure, written: Written) -> None:
    files = written.write(early(error))
    assert set(files) == FORMS - {"gate.sarif"}
    assert error.what in files["report.md"].replace("\\", "")
    assert error.what in files["report.html"]


def test_junit_has_a_case_per_stage_and_names_the_one_that_failed(written: Written) -> None:
    suites = ET.fromstring(written.write(full(fails=True))["junit.xml"])  # noqa: S314 - our own
    cases = {case.get("name"): case for case in suites.iterfind("testsuite[@name='run']/testcase")}
    assert list(cases)[-2:] == ["clear images", "deploy"]
    failure = cases["deploy"].find("failure")
    assert failure is not None
    assert failure.get("message") == "the rollout of notification-service failed"
    assert "next: look at the log below" in str(failure.text)
    assert [suite.get("name") for suite in suites] == ["run", "checks", "gate"]


def test_junit_is_never_empty_because_a_report_group_wants_cases(written: Written) -> None:
    suites = ET.fromstring(written.write(early(BuildFailed("no engine")))["junit.xml"])  # noqa: S314 - our own
    assert [(case.get("name"), case.find("failure") is not None) for case in suites.iter("testcase")] == [
        ("start", True)
    ]


def test_a_run_that_did_not_fail_has_no_failed_stage(written: Written) -> None:
    suites = ET.fromstring(written.write(full())["junit.xml"])  # noqa: S314 - our own
    suite = suites.find("testsuite[@name='run']")
    assert suite is not None
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
    assert [case.get("name") for case in suite][-1] == "outcome"


@pytest.mark.parametrize("secret", SECRETS)
def test_no_form_shows_a_secret_however_it_escapes_texts(secret: str, written: Written) -> None:
    written.console.secrets.add(secret)
    names = Names(path=f"a/{secret}", finding=secret, log=f"x {secret} y", what=f"{secret} failed", warning=secret)
    files = written.write(full(names, fails=True))
    shapes = {
        secret,
        secret.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#x27;"),
        secret.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;").replace('"', "&#34;"),
        json.dumps(secret)[1:-1],
    }
    shapes |= {secret.replace("_", "\\_").replace("*", "\\*"), "hunter2", "비밀번호"}
    for name, text in files.items():
        assert not [shape for shape in shapes if shape in text], name
        assert "***" in text or name == "gate.sarif", name


def test_a_folder_that_cannot_be_written_is_told_and_raises_nothing(written: Written) -> None:
    written.folder.write_text("in the way", encoding="utf-8")
    write_reports(full(), written.folder / "report.json", written.console.secrets, written.console.complain)
    assert written.err.getvalue().count("the report cannot be written") == len(FORMS)


def test_a_form_that_cannot_be_made_is_told_and_leaves_the_others(written: Written) -> None:
    report = full()
    broken = CheckRun(outcome="passed", reports=(("spotbugs.xml", "no bytes"),))  # type: ignore[arg-type]
    report = replace(report, checked=(Checked(Check(name="spotbugs"), "a", broken),))
    assert set(written.write(report)) == FORMS
    assert "a bug of erp_build in spotbugs.xml" in written.err.getvalue()


def test_what_a_check_left_lies_beside_the_report_byte_for_byte(written: Written) -> None:
    report = full()
    run = CheckRun(outcome="passed", reports=(("target/a.xml", b"\xff\xfe <a/>"),))
    report = replace(report, checked=(Checked(Check(name="spotbugs"), "a", run),))
    write_reports(report, written.folder / "report.json", written.console.secrets, written.console.complain)
    assert (written.folder / "checks" / "spotbugs" / "a" / "target" / "a.xml").read_bytes() == b"\xff\xfe <a/>"


@pytest.mark.parametrize(
    ("raised", "said", "what"),
    [
        (BuildFailed("no engine"), "no engine", "no engine"),
        (KeyboardInterrupt(), "ended by SIGINT", "ended by SIGINT"),
        (ZeroDivisionError("division by zero"), "division by zero", "a bug of erp_build"),
    ],
)
def test_whatever_ends_a_run_is_noted(raised: BaseException, said: str, what: str) -> None:
    run = Run(clock=SimulatedClock(), on_stage=lambda _: None)
    with pytest.raises((type(raised), Interrupted), match=said), error_noted(run):
        raise raised
    error = run.report().error
    assert error
    assert error.what == what


def test_what_is_noted_at_a_mistake_of_this_program_is_in_the_report() -> None:
    run, mistake = Run(clock=SimulatedClock(), on_stage=lambda _: None), KeyError("image")
    mistake.add_note("taken back: release erp-microservices: back to revision 1")
    with pytest.raises(KeyError), error_noted(run):
        raise mistake
    error = run.report().error
    assert error
    assert error.why.splitlines() == ["KeyError: 'image'", *mistake.__notes__]


def test_the_command_leaves_its_report_also_when_it_cannot_begin(
    erp: Checkout, erp_build: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "nowhere")
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("CODEBUILD_BUILD_ID", "erp-unified-build:7")
    answer = erp_build("run", "--repo", erp.root, "--report", tmp_path / "out" / "r.json")
    assert answer.code == 2
    report = json.loads((tmp_path / "out" / "r.json").read_text(encoding="utf-8"))
    assert (report["outcome"], report["exit_code"], report["build"]["id"]) == ("failed", 2, "erp-unified-build:7")
    assert "erp-unified-build:7" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "report.md").is_file()


@cache
def names_of_fields() -> frozenset[str]:
    """How the documents name their fields. They stay as they are, whatever is secret."""
    with TemporaryDirectory() as folder:
        written = [Written(Path(folder)).write(full(fails=fails)) for fails in (False, True)]
    texts = [text for files in written for name, text in files.items() if name.endswith((".json", ".sarif"))]
    return frozenset(name for text in texts for one in objects_of(json.loads(text)) for name in one)


@settings(max_examples=40, deadline=None)
@given(
    value=st.text(st.characters(codec="utf-8"), min_size=8, max_size=60) | st.integers(min_value=10**7).map(str),
    writer=st.sampled_from(sorted(WRITERS)),
    fails=st.booleans(),
)
def test_no_output_of_a_run_shows_any_secret_in_any_form_at_any_place(value: str, writer: str, *, fails: bool) -> None:
    assume(is_maskable(value) and "*" not in value and value.strip() not in names_of_fields())
    text = WRITERS[writer](value)
    names = Names(path=text, finding=text, log=text, what=text, warning=text, build=text)
    with TemporaryDirectory() as folder:
        written = Written(Path(folder))
        written.console.secrets.add(value)
        report = full(names, fails=fails)
        files = written.write(report)
        written.console.print(report_text(report))
        if report.error:
            written.console.complain(error_text(report.error))
    assert json.loads(files["report.json"])["schema"] == 1
    jsonschema.validate(json.loads(files["report.json"]), SCHEMA)
    assert json.loads(files["gate.sarif"])["version"] == "2.1.0"
    ET.fromstring(files["junit.xml"])  # noqa: S314 - our own
    for name, shown in {**files, "stdout": written.out.getvalue(), "stderr": written.err.getvalue()}.items():
        for line in (value, value.strip(), text):
            assert len(line) < 8 or line not in shown, name


def test_a_secret_number_in_the_json_of_a_check_leaves_it_a_document(written: Written) -> None:
    report = full()
    content = b'{"pin": 8675309867, "many": [8675309867, 1.5], "8675309867": "x 8675309867"}'
    run = CheckRun(outcome="passed", reports=(("a.json", content), ("b.json", b'{"pin": "8675309867"}')))
    report = replace(report, checked=(Checked(Check(name="owasp"), "a", run),))
    written.console.secrets.add("8675309867")
    files = written.write(report)
    assert json.loads(files["a.json"]) == {"pin": "***", "many": ["***", 1.5], "***": "x ***"}
    assert files["b.json"] == '{"pin": "***"}'
