"""The command line is a contract: verbs, help, exit codes, and what an error looks like."""

import sys
from types import ModuleType

import pytest

from erp_build.cli import app as cli
from erp_build.cli.console import Console
from erp_build.cli.options import CommonOptions
from erp_build.errors import (
    BuildFailed,
    ConfigurationError,
    DetectionRefused,
    ErpBuildError,
    FunctionUpdateFailed,
    GateBlocked,
    GateInconclusive,
    Interrupted,
    NewerDeployed,
    OutputFailed,
    PartlyDeployed,
    PlanMoved,
    PushFailed,
    ReleaseFailed,
    VerificationFailed,
)
from tests.support.cli import CommandLine
from tests.support.git import Checkout

CODES = [
    (ConfigurationError("x"), 2),
    (DetectionRefused("x"), 3),
    (BuildFailed("x"), 4),
    (PushFailed("x"), 5),
    (GateBlocked("x"), 6),
    (GateInconclusive("x"), 7),
    (FunctionUpdateFailed("x"), 8),
    (ReleaseFailed("x"), 9),
    (VerificationFailed("x"), 10),
    (NewerDeployed("x"), 11),
    (PartlyDeployed("x"), 12),
    (PlanMoved("x"), 13),
    (ErpBuildError("x"), 70),
    (OutputFailed("x"), 74),
    (Interrupted(1, "SIGHUP"), 129),
    (Interrupted(2, "SIGINT"), 130),
    (Interrupted(15, "SIGTERM"), 143),
    (KeyboardInterrupt(), 130),
    (KeyError("a bug"), 70),
    (RuntimeError("a bug"), 70),
]


class FailingVerb(ModuleType):
    """A verb of this test alone, which ends with an error."""

    EXAMPLES = "examples:\n  erp-build failing\n"
    Options = CommonOptions

    def __init__(self, error: BaseException, secret: str = "") -> None:
        super().__init__("erp_build.cli.verbs.failing")
        self.error = error
        self.secret = secret

    def main(self, options: CommonOptions, console: Console) -> int:  # noqa: ARG002 - the signature of a verb
        """Learn a secret, then fail."""
        console.secrets.add(self.secret)
        raise self.error


def add_verb(monkeypatch: pytest.MonkeyPatch, verb: FailingVerb) -> None:
    monkeypatch.setitem(cli.VERBS, "failing", "fails")
    monkeypatch.setitem(sys.modules, verb.__name__, verb)


@pytest.mark.parametrize(
    ("error", "code"), CODES, ids=lambda value: str(value) if isinstance(value, int) else type(value).__name__
)
def test_an_error_is_an_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, erp_build: CommandLine
) -> None:
    add_verb(monkeypatch, FailingVerb(error))
    assert erp_build("failing").code == code


def test_an_error_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch, erp_build: CommandLine) -> None:
    add_verb(monkeypatch, FailingVerb(BuildFailed("Maven failed", where="a", why="b", next_step="c")))
    answer = erp_build("failing")
    assert answer.err == "erp_build: Maven failed\n  where: a\n  why:   b\n  next:  c\n"
    assert answer.out == ""


def test_twice_verbose_shows_where_an_error_came_from(monkeypatch: pytest.MonkeyPatch, erp_build: CommandLine) -> None:
    add_verb(monkeypatch, FailingVerb(BuildFailed("Maven failed")))
    assert "Traceback" not in erp_build("failing", "-v").err
    assert "Traceback" in erp_build("failing", "-vv").err


def test_a_bug_shows_its_traceback_and_its_name(monkeypatch: pytest.MonkeyPatch, erp_build: CommandLine) -> None:
    mistake = KeyError("what")
    mistake.add_note("what runs now: nothing")
    add_verb(monkeypatch, FailingVerb(mistake))
    answer = erp_build("failing")
    assert "KeyError: 'what'\nwhat runs now: nothing" in answer.err
    assert answer.err.endswith("this is a bug of erp_build; please report the lines above\n")


def test_a_verb_whose_module_cannot_be_imported_is_a_bug_too(
    monkeypatch: pytest.MonkeyPatch, erp_build: CommandLine
) -> None:
    monkeypatch.setitem(cli.VERBS, "absent", "has no module")
    answer = erp_build("absent")
    assert answer.code == 70
    assert "ModuleNotFoundError" in answer.err
    assert "a bug of erp_build" in answer.err


@pytest.mark.parametrize("words", [("failing",), ("failing", "-vv")])
@pytest.mark.parametrize("error", [BuildFailed, RuntimeError])
def test_a_secret_is_masked_in_every_error(
    error: type[Exception], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, erp_build: CommandLine
) -> None:
    add_verb(monkeypatch, FailingVerb(error("the token is s3cr3t-t0ken"), secret="s3cr3t-t0ken"))
    answer = erp_build(*words)
    assert "the token is ***" in answer.err
    assert "s3cr3t" not in answer.err


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("paln", "did you mean `plan`?"),
        ("stats", "did you mean `status`?"),
        ("frobnicate", "one of: plan, run"),
        ("--json", "one of: plan, run"),
    ],
)
def test_an_unknown_verb_gets_a_suggestion(word: str, hint: str, erp_build: CommandLine) -> None:
    answer = erp_build(word)
    assert answer.code == 2
    assert f"unknown verb `{word}`; {hint}" in answer.err


def test_no_verb_lists_the_verbs(erp_build: CommandLine) -> None:
    answer = erp_build()
    assert answer.code == 2
    assert f"one of: {', '.join(cli.VERBS)}\n" in answer.err


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_lists_verbs_and_exit_codes(word: str, erp_build: CommandLine) -> None:
    answer = erp_build(word)
    assert answer.code == 0
    for verb, meaning in cli.VERBS.items():
        assert f"  {verb:<10} {meaning}\n" in answer.out
    for code in (0, *range(2, 14), 70, 74, 129, 130, 143):
        assert f" {code} " in answer.out


@pytest.mark.parametrize("verb", cli.VERBS)
def test_the_help_of_a_verb_has_examples(verb: str, erp_build: CommandLine) -> None:
    answer = erp_build(verb, "--help")
    assert answer.code == 0
    assert cli.VERBS[verb] in answer.out
    assert f"examples:\n  erp-build {verb}" in answer.out
    for option in ("--repo DIR", "--config FILE", "--verbose", "--quiet"):
        assert option in answer.out


@pytest.mark.parametrize("verb", cli.VERBS)
def test_an_unknown_option_is_a_mistake_of_the_caller(verb: str, erp_build: CommandLine) -> None:
    answer = erp_build(verb, "--frobnicate")
    assert answer.code == 2
    assert f"usage: erp-build {verb}" in answer.err


def test_options_are_not_abbreviated(erp_build: CommandLine) -> None:
    assert erp_build("plan", "--jso").code == 2


@pytest.mark.parametrize(
    "words", [["status"], ["history"], ["verify"], ["unlock"], ["plan", "--live"], ["gate", "--running"]], ids=" ".join
)
def test_a_mistake_in_the_project_file_is_told_before_an_account_is_asked(
    words: list[str], erp: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    erp.write("erp-build.toml", "[chrt]\n")
    answer = erp_build(*words, "--repo", erp.root)
    assert answer.code == 2
    assert "did you mean `chart`?" in answer.err


def test_the_version_is_that_of_the_package(erp_build: CommandLine) -> None:
    answer = erp_build("--version")
    assert answer.code == 0
    assert answer.out.strip().count(".") == 2
