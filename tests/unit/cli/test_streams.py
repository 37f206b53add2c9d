"""The two streams of a command: a reader that leaves, a disk that is full, a terminal that cannot be coloured."""

import io
import os
import subprocess
import sys
import termios
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from erp_build.clients.clock import SystemClock
from erp_build.clients.secrets import Secrets
from erp_build.clients.terminal import progress, streams
from erp_build.clients.terminal.progress import Lines
from erp_build.clients.terminal.streams import LastWord, Output, can_colour, can_redraw, tell
from tests.support.cli import CommandLine
from tests.support.git import Checkout

PROGRAM = (sys.executable, "-m", "erp_build")
ANSWERS = [
    ("--help",),
    ("--version",),
    ("plan", "--help"),
    ("plan", "--base", "HEAD~1"),
    ("replay", "--range", "HEAD~1.."),
]


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def shell(script: str, repository: Checkout) -> subprocess.CompletedProcess[str]:
    """Run a script of bash, in which `erp` is the program."""
    repository.commit({"backend/notification-service/new": "x"})
    prologue = f'erp() {{ {" ".join(PROGRAM)} "$@"; }}; set -o pipefail; '
    return subprocess.run(
        ["bash", "-c", prologue + script], cwd=repository.root, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", ANSWERS, ids=" ".join)
def test_a_reader_that_leaves_ends_a_command_quietly(words: tuple[str, ...], erp: Checkout) -> None:
    done = shell(f"erp {' '.join(words)} | true", erp)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", ANSWERS, ids=" ".join)
def test_a_full_disk_is_one_clear_error_with_a_code_of_its_own(words: tuple[str, ...], erp: Checkout) -> None:
    done = shell(f"erp {' '.join(words)} > /dev/full", erp)
    assert done.returncode == 74
    assert done.stderr.splitlines()[:3] == [
        "erp_build: the output could not be written",
        "  where: standard output",
        "  why:   No space left on device",
    ]
    assert done.stderr.count("erp_build:") == 1


def test_a_command_without_an_output_says_so(erp: Checkout) -> None:
    done = shell("erp plan --base HEAD~1 >&-", erp)
    assert (done.returncode, "  why:   it is closed\n" in done.stderr) == (74, True)


@pytest.mark.parametrize("away", ["2> /dev/full", "2>&-", "2>&1 > /dev/null | true"])
@pytest.mark.parametrize(
    ("words", "code"),
    [("plan --base nowhere", 2), ("frobnicate", 2), ("plan --frobnicate", 2), ("plan --base HEAD~1", 0)],
)
def test_an_error_that_nobody_takes_keeps_its_code(words: str, code: int, away: str, erp: Checkout) -> None:
    assert shell(f"erp {words} {away}", erp).returncode == code


def test_how_the_work_ended_is_more_than_how_its_result_was_written(erp: Checkout) -> None:
    script = "AWS_PROFILE=not-there erp run --rehearse --json > /dev/full"
    assert shell(script, erp).returncode == 2


def test_a_replay_stops_when_its_reader_has_left(erp: Checkout) -> None:
    for number in range(20):
        erp.commit({"backend/notification-service/new": str(number)})
    done = shell("erp replay --range HEAD~20.. | head -1", erp)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 1)


def test_an_output_that_is_over_takes_no_more() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        output = Output(full)
        output.write("a")
        failure = output.failure
        output.write("b")
        assert output.is_over
        assert output.failure is failure


def test_a_line_for_a_person_is_lost_without_an_error() -> None:
    closed = io.StringIO()
    closed.close()
    tell(closed, "a line")
    tell(None, "a line")


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["a pipe", "a terminal"])
def test_only_who_has_the_last_word_goes_on_writing(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    word = LastWord()
    for module in (streams, progress):
        monkeypatch.setattr(module, "LAST_WORD", word)
    lines = Lines(stream, SystemClock(), Secrets())

    def write(name: str) -> None:
        tell(stream, f"a line of {name}")
        Output(stream).write(f"a result of {name}")
        lines.say(f"progress of {name}")
        lines.phase("a", "push")
        lines.say(f"more progress of {name}")
        lines.close()

    with ThreadPoolExecutor(1) as other:
        other.submit(write, "the other, before").result()
        word.take()
        other.submit(write, "the other, behind").result()
        write("the speaker")
    written = stream.getvalue()
    assert [written.count(name) for name in ("the other, before", "the other, behind", "the speaker")] == [4, 0, 4]


@pytest.mark.parametrize(
    ("variables", "redraws", "colours"),
    [
        ({}, True, True),
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb", "FORCE_COLOR": "0"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": ""}, False, False),
    ],
)
def test_a_terminal_is_asked_what_it_can_and_its_user_what_is_wanted(
    *, variables: dict[str, str], redraws: bool, colours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (can_redraw(Terminal()), can_colour(Terminal())) == (redraws, colours)
    assert not can_redraw(io.StringIO())
    assert not can_redraw(None)
    assert not can_colour(None)


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
    ],
)
def test_a_pipe_gets_colours_only_where_they_are_forced(
    *, variables: dict[str, str], coloured: bool, erp: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp.commit({"backend/notification-service/new": "x"})
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.setenv(name, variables.get(name, ""))
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD~1")
    assert ("\x1b[" in answer.out) == coloured
    assert "\x1b[" not in erp_build("plan", "--repo", erp.root, "--base", "HEAD~1", "--json").out


@pytest.mark.parametrize(("columns", "lines"), [(80, 3), (200, 2)])
def test_a_terminal_gets_lines_that_fit(columns: int, lines: int, erp: Checkout) -> None:
    path = f"backend/notification-service/{'긴이름' * 5}"
    erp.commit({path: "x"})
    shown = on_a_terminal(columns, "plan --base HEAD~1", erp).splitlines()
    (at,) = [number for number, line in enumerate(shown) if line.split()[1:2] == ["build"]]
    block = shown[at : at + lines]
    assert path in block[1]
    assert block[-1].endswith(
        "<- backend/notification-service/**" if lines == 2 else " backend/notification-service/**"
    )
    assert shown[at + lines].split()[0] == "employee-service"


@pytest.mark.parametrize("words", ["gate --help", "help", "plan --frobnicate"])
def test_help_and_errors_fit_a_terminal_of_80_columns(words: str, erp: Checkout) -> None:
    shown = on_a_terminal(80, words, erp)
    assert len(shown.splitlines()) > 2
    assert [line for line in shown.splitlines() if len(line) > 80] == []


def test_help_in_a_pipe_does_not_depend_on_a_terminal(erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    here = erp_build("run", "--help")
    monkeypatch.setenv("COLUMNS", "60")
    assert erp_build("run", "--help") == here


def on_a_terminal(columns: int, words: str, repository: Checkout) -> str:
    """What a terminal without colours shows of a command."""
    mine, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    env = {key: text for key, text in os.environ.items() if key != "COLUMNS"} | {"TERM": "dumb"}
    subprocess.run([*PROGRAM, *words.split()], cwd=repository.root, env=env, stdout=theirs, stderr=theirs, check=False)
    os.close(theirs)
    with suppress(OSError), open(mine, "rb", buffering=0) as shown:  # noqa: PTH123 - a terminal
        return shown.read(65536).decode()
    return ""


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_plan_on_a_terminal_has_colours_only_where_they_are_wanted(variable: str, value: str, erp: Checkout) -> None:
    erp.commit({"backend/notification-service/new": "x"})
    shown = []
    for extra in ({"TERM": "xterm"}, {"TERM": "xterm", variable: value}):
        mine, theirs = os.openpty()
        env = {key: text for key, text in os.environ.items() if key != "NO_COLOR"} | extra
        done = subprocess.run([*PROGRAM, "plan", "--base", "HEAD~1"], cwd=erp.root, env=env, stdout=theirs, check=True)
        os.close(theirs)
        shown.append(b"\x1b[" in os.read(mine, 65536))
        os.close(mine)
        assert done.returncode == 0
    assert shown == [True, False]
