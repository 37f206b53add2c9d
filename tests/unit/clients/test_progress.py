"""The lines of a run: a time, a stage, a target, and nothing that could forge a line."""

import io
import threading
import time
from pathlib import Path

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.secrets import Secrets
from erp_build.clients.terminal import progress
from erp_build.clients.terminal.progress import Lines
from erp_build.formats.printable import printable
from tests.support.printable_cases import CASES, Shown


class Screen(io.StringIO):
    """A stream that may be a terminal."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_a_line_has_time_stage_target_and_text() -> None:
    screen, clock = Screen(), SimulatedClock()
    lines = Lines(screen, clock, Secrets())
    clock.sleep(72)
    lines.stage("build images")
    clock.sleep(3)
    lines.say("pushed", "notification-service")
    assert screen.getvalue() == (
        "01:12 build images         ...\n01:15 build images         notification-service: pushed\n"
    )


@pytest.mark.parametrize(
    ("verbosity", "shown"), [(-1, []), (0, ["said"]), (1, ["said", "detailed"]), (2, ["said", "detailed"])]
)
def test_details_come_only_when_they_are_wanted(verbosity: int, shown: list[str]) -> None:
    screen = Screen()
    lines = Lines(screen, SimulatedClock(), Secrets(), verbosity)
    lines.say("said")
    lines.detail("detailed")
    assert [line.split()[-1] for line in screen.getvalue().splitlines()] == shown


def test_a_secret_in_a_line_is_masked() -> None:
    screen, secrets = Screen(), Secrets()
    secrets.add("s3cr3t-t0ken")
    Lines(screen, SimulatedClock(), secrets).say("the token is s3cr3t-t0ken")
    assert screen.getvalue().endswith("the token is ***\n")


def test_a_log_has_no_colours_and_a_terminal_has() -> None:
    log, terminal = Screen(), Screen(terminal=True)
    for stream in (log, terminal):
        Lines(stream, SimulatedClock(), Secrets()).stage("deploy")
    assert "\x1b" not in log.getvalue()
    assert terminal.getvalue().startswith("\x1b[1m")
    assert terminal.getvalue().endswith("\x1b[0m\n")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\x1b[2K\x1b[1A all is well", id="the cursor"),
        pytest.param("\rall is well", id="a carriage return"),
        pytest.param("\x07\x08", id="bell and backspace"),
        pytest.param("\x9b2K", id="the eight-bit escape"),
        pytest.param("\u202edeleted", id="right to left"),
        pytest.param("a\u2028b", id="a line separator"),
        pytest.param("\x00", id="a NUL"),
    ],
)
def test_no_output_of_a_child_moves_the_cursor(text: str) -> None:
    screen = Screen()
    Lines(screen, SimulatedClock(), Secrets()).say(text)
    assert not any(char in screen.getvalue() for char in "\x1b\r\x07\x08\x9b\u202e\u2028\x00")
    assert "\N{REPLACEMENT CHARACTER}" in screen.getvalue()
    assert len(screen.getvalue().splitlines()) == 1


def test_a_text_of_two_lines_cannot_forge_a_line() -> None:
    screen = Screen()
    lines = Lines(screen, SimulatedClock(), Secrets())
    lines.stage("clear images")
    lines.say("Rate exceeded\n00:01 clear images         passed", "notification-service")
    assert not [line for line in screen.getvalue().splitlines()[1:] if line.startswith("00:01")]


@pytest.mark.parametrize("case", CASES)
def test_a_line_shows_a_text_as_the_table_says(case: Shown) -> None:
    screen = Screen()
    Lines(screen, SimulatedClock(), Secrets()).say(case.text, case.text)
    first, *rest = case.printable.split("\n")
    head = f"00:00 {'':<20} {case.one_line}: {first}"
    assert screen.getvalue().split("\n") == [head, *(f"{'':<27}{line}" for line in rest), ""]


class Log(Screen):
    """A log that knows when a heartbeat has come twice."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = threading.Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.getvalue().count("a: ... push 0 s, 12.3 MB") > 1:
            self.twice.set()
        return written


def test_a_log_tells_of_a_target_at_work_again_and_again_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "HEARTBEAT_S", 0.01)
    log = Log()
    lines = Lines(log, SimulatedClock(), Secrets())
    lines.phase("a", "push")
    lines.amount("a", 12_300_000)
    assert log.twice.wait(10)
    lines.phase("a", "done")
    time.sleep(0.1)  # a beat that has begun comes to its end
    told = log.getvalue()
    time.sleep(0.1)
    assert log.getvalue() == told


def test_a_terminal_shows_targets_at_work_below_the_lines_that_stay() -> None:
    screen = Screen(terminal=True)
    lines = Lines(screen, SimulatedClock(), Secrets())
    lines.phase("a", "push")
    lines.say("[b]said[/b]")
    lines.phase("a", "done")
    lines.close()
    lines.say("afterwards")
    below = screen.getvalue().partition("[b]said[/b]")[2]
    assert "a  push  0 s" in below
    assert below.endswith("afterwards\n")


def test_a_quiet_run_shows_no_targets_at_work() -> None:
    screen = Screen(terminal=True)
    Lines(screen, SimulatedClock(), Secrets(), -1).phase("a", "push")
    assert screen.getvalue() == ""


def test_words_of_all_languages_stay_as_they_are() -> None:
    assert printable("결재 완료 😀 (ok)\tx") == "결재 완료 😀 (ok)\tx"


@pytest.mark.parametrize(
    ("variables", "colours", "redraws"),
    [({"NO_COLOR": "1"}, False, True), ({"TERM": "dumb"}, False, False), ({}, True, True)],
)
def test_a_terminal_gets_no_more_than_its_user_wants(
    *, variables: dict[str, str], colours: bool, redraws: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    screen = Screen(terminal=True)
    lines = Lines(screen, SimulatedClock(), Secrets())
    lines.stage("deploy")
    assert ("\x1b[1m" in screen.getvalue()) == colours
    lines.phase("a", "push")
    lines.phase("a", "done")
    assert ("\x1b[?25l" in screen.getvalue()) == redraws, "the cursor of a live display is hidden"


def test_a_secret_in_the_name_of_a_target_is_masked() -> None:
    secrets = Secrets()
    secrets.add("s3cr3t-t0ken")
    for screen in (Screen(), Screen(terminal=True)):
        lines = Lines(screen, SimulatedClock(), secrets)
        lines.say("said", "s3cr3t-t0ken")
        lines.phase("s3cr3t-t0ken", "push")
        lines.phase("s3cr3t-t0ken", "done")
        assert "s3cr3t" not in screen.getvalue()
        assert "***: said" in screen.getvalue()


def test_a_line_that_nobody_takes_ends_no_run() -> None:
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - closing it fails too
    Lines(full, SimulatedClock(), Secrets()).say("a line")
    with pytest.raises(OSError, match="No space left"):
        full.close()
    gone = Screen()
    gone.close()
    Lines(gone, SimulatedClock(), Secrets()).say("a line")
