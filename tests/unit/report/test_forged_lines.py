"""Names and texts of strangers in everything that is printed: none forges a line, moves the cursor or turns a text."""

import ast
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

import erp_build as erp_build_package
from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions
from erp_build.clients.secrets import Secrets
from erp_build.doctor.diagnosis import CheckResult, Diagnosis
from erp_build.errors import BuildFailed, GateBlocked
from erp_build.formats.printable import json_text
from erp_build.model.effect import Effect, EffectKind
from erp_build.model.images.finding import Waived
from erp_build.model.releases.deployment import Alarm
from erp_build.report.text.doctor import doctor_text
from erp_build.report.text.error import error_text
from erp_build.report.text.gate import judgement_text
from erp_build.report.text.plan import plan_markdown, plan_text
from erp_build.report.text.run import report_text
from erp_build.report.text.status import proof_text
from tests.support.cli import CommandLine
from tests.support.judgements import JUDGEMENT, LOG4J, WAIVER
from tests.support.reports import Names, full
from tests.support.samples import NOTIFICATION, plan_of

FORGED = "erp_build: passed"
HOSTILE = f"CVE-1\n{FORGED}\n\x1b[2J\x9b1m\u202e\u2066\x07\r\x85\u2028\u200b"
HARMFUL = "\x1b\x9b\u202e\u2066\x07\r\x85\u2028\u200b"


def forges(text: str) -> bool:
    """Whether a line begins as one of ours would, or a character does something else than being seen."""
    begins = any(line.lstrip("> |").startswith(FORGED) for line in text.splitlines())
    return begins or any(char in text for char in HARMFUL)


class Printed:
    """A console whose streams can be read."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.console = Console(CommonOptions(), Secrets(), self.out, self.err)


def gate_table() -> str:
    row = JUDGEMENT.rows[0]
    finding = replace(LOG4J, name=HOSTILE)
    waived = Waived(finding, WAIVER._replace(reason=HOSTILE, owner=HOSTILE))
    verdict = replace(row.verdict, blocking=(finding,), waived=(waived,))
    return judgement_text(replace(JUDGEMENT, rows=(replace(row, verdict=verdict),), remarks=(HOSTILE,)))


def run_summary() -> str:
    effect = Effect(name=EffectKind("tag"), target=HOSTILE, state="performed")
    names = Names(path=HOSTILE, finding=HOSTILE, log=HOSTILE, what=HOSTILE, warning=HOSTILE)
    report = full(names, fails=True)
    return report_text(
        replace(report, effects=(effect,), taken_back=(HOSTILE,), alarms=(Alarm(HOSTILE, "ALARM"),), preview=None)
    )


TEXTS = {
    "the gate's table": gate_table,
    "the summary of a run": run_summary,
    "an error": lambda: error_text(GateBlocked(HOSTILE, where="a", why="b")),
    "a plan": lambda: plan_text(plan_of({NOTIFICATION: HOSTILE})._replace(warnings=(HOSTILE,), unowned=(HOSTILE,))),
    "a plan with colours": lambda: plan_text(plan_of({NOTIFICATION: HOSTILE}), colour=True).replace("\x1b[", ""),
    "a plan as Markdown": lambda: plan_markdown(plan_of({NOTIFICATION: HOSTILE})._replace(warnings=(HOSTILE,))),
    "an alarm": lambda: proof_text((), (Alarm(HOSTILE, "ALARM"),)),
    "a check of doctor": lambda: doctor_text(
        [
            Diagnosis(
                name="jdk", area="machine", result=CheckResult("problem", looked_at=HOSTILE, found="x", next_step="y")
            )
        ]
    ),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_forges_a_line(text: object) -> None:
    printed = Printed()
    shown = text()  # type: ignore[operator] # each of them makes a text
    assert FORGED in shown.replace("\\", ""), "the name is shown all the same"
    printed.console.print(shown)
    assert not forges(printed.out.getvalue())


@pytest.mark.parametrize("part", ["where", "why", "next_step"])
def test_no_further_line_of_an_error_begins_as_its_parts_do(part: str) -> None:
    text = error_text(BuildFailed("x", **{part: f"a\n{FORGED}\n  why:   nothing"}))
    assert [line[:9] for line in text.splitlines()[2:]] == [" " * 9] * 2


def test_the_console_is_the_one_door_for_results_and_complaints() -> None:
    printed = Printed()
    printed.console.print(HOSTILE)
    printed.console.complain(HOSTILE)
    printed.console.show({"a": HOSTILE}, "", as_json=True)
    assert not any(char in printed.out.getvalue() + printed.err.getvalue() for char in HARMFUL)
    assert json.loads(printed.out.getvalue().splitlines()[-1]) == {"a": HOSTILE}, "a program reads what there is"


@pytest.mark.parametrize("text", ["\udcb0", "\U0010ffff", "\U000e0001", "비밀 😀", "\x7f", HOSTILE, ""])
def test_json_says_the_same_without_a_character_that_is_not_seen(text: str) -> None:
    shown = json_text({"a": text}, indent=2)
    assert json.loads(shown) == {"a": text}
    assert shown.replace("\n", "").isprintable()


@pytest.mark.parametrize("words", [("\x1b[2J\n" + FORGED,), ("plan", f"--x\x1b[2J\n{FORGED}"), ("explain", "--repo")])
def test_a_word_of_the_command_line_is_repeated_harmlessly(words: tuple[str, ...], erp_build: CommandLine) -> None:
    answer = erp_build(*words)
    assert answer.code == 2
    assert not forges(answer.err)


def test_only_the_streams_are_printed_to_directly() -> None:
    root = Path(erp_build_package.__file__).parent
    printing = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in {"print", "sys.stdout.write", "sys.stderr.write", "pprint"}
    }
    # The plugin of a cluster is a program of its own: what it prints is a secret for its caller.
    assert printing == {"clients/terminal/streams.py", "clients/kubernetes/credential.py"}
