"""The two streams of a command: a reader that leaves, a disk that is full, a terminal that cannot be coloured."""

import io
import os
import subprocess
import sys

import pytest

from erp_build.clients.terminal.streams import Output, can_colour, can_redraw, tell
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


@pytest.mark.parametrize(
    ("variables", "redraws", "colours"),
    [
        ({}, True, True),
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb", "NO_COLOR": "1"}, False, False),
    ],
)
def test_a_terminal_is_asked_what_it_can_and_its_user_what_is_wanted(
    *, variables: dict[str, str], redraws: bool, colours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (can_redraw(Terminal()), can_colour(Terminal())) == (redraws, colours)
    assert not can_redraw(io.StringIO())
    assert not can_redraw(None)


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
