"""A signal ends a run: the first one by an error on the way out, the second one at once."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from erp_build.cli.signals import HEARD, signals_raise
from erp_build.clients.aws.session import CLIENT_CONFIG, translate_aws_errors
from erp_build.clients.way_out import WAY_OUT
from erp_build.errors import ConfigurationError, Interrupted
from tests.support.git import Checkout

PROGRAM = """
import ctypes, sys, threading, time
from erp_build.cli.signals import signals_raise
from erp_build.clients.files.private_folder import private_folder
from erp_build.clients.git.stand_in import StandIn
from erp_build.clients.process import run
from erp_build.clients.terminal.streams import tell

def stubborn():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass

def deaf():
    library, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(128)
    while True:
        library.pthread_mutex_lock(mutex)

def child():
    script = "trap '' TERM; echo $$; sleep 60"
    run(["sh", "-c", script], env={}, timeout=60, on_line=lambda line: tell(sys.stdout, line))

def last_word(error):
    tell(sys.stdout, f"last word: {error.code}")

try:
    with signals_raise(last_word):
        threading.Thread(target=child, daemon=True).start()
        DURING
finally:
    tell(sys.stdout, "way out")
    stubborn()
"""
"""It hangs on its way out, beside a child that does not end when it is asked to."""

LIMIT_S = 5.0
"""Seconds after the first signal in which every program ends."""


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in HEARD}
    # Whoever plays the tests by `nohup` has it ignored.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    WAY_OUT.forget()
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", HEARD)
def test_a_signal_raises_what_no_handler_of_exceptions_takes(number: signal.Signals) -> None:
    with pytest.raises(Interrupted, match=f"ended by {number.name}") as caught, signals_raise():
        signal.raise_signal(number)
    assert caught.value.code == 128 + number
    assert not isinstance(caught.value, Exception)


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("way_out", ["stubborn", "deaf"])
def test_a_second_signal_ends_a_program_that_hangs_on_its_way_out_and_its_child(
    way_out: str, second: signal.Signals
) -> None:
    with started(way_out) as program:
        child = int(read_line(program))
        program.send_signal(signal.SIGTERM)
        start = time.monotonic()
        # The kernel makes one of two that are not heard yet.
        time.sleep(0.2)
        program.send_signal(second)
        said, complained = program.communicate(timeout=LIMIT_S)
        assert time.monotonic() - start < LIMIT_S / 2
        assert program.returncode == 128 + second
        assert f"last word: {128 + second}" in said
        assert complained == f"erp_build: ended by {second.name}, at once\n"
    assert has_ended(child)


def test_a_way_out_that_hangs_ends_with_a_last_word_and_without_a_second_signal() -> None:
    with started("stubborn") as program:
        child = int(read_line(program))
        program.send_signal(signal.SIGTERM)
        start = time.monotonic()
        said, complained = program.communicate(timeout=2 * LIMIT_S)
        assert time.monotonic() - start < LIMIT_S
        assert program.returncode == 128 + signal.SIGTERM
        # The child may take nearly all of the time, and then the way out is not even reached.
        assert said.removeprefix("way out\n") == "last word: 143\n"
        assert complained == "erp_build: ended by SIGTERM, at once\n"
    assert has_ended(child)


@pytest.mark.parametrize("signals", [1, 2])
def test_a_program_that_ends_at_once_leaves_no_private_file(signals: int, erp: Checkout, tmp_path: Path) -> None:
    during = f"""stand_in = StandIn({str(erp.root)!r})
        with private_folder() as folder, private_folder("erp-build-values-") as other:
            for one in (folder, other):
                (one / "secret").write_text("x")
            tell(sys.stdout, "written")
            stubborn()"""
    with started(during, TMPDIR=str(tmp_path)) as program:
        assert {read_line(program), read_line(program)} > {"written"}
        assert len([*tmp_path.glob("erp-build-*")]) == 3
        for _ in range(signals):
            program.send_signal(signal.SIGTERM)
            time.sleep(0.02)
        said, _ = program.communicate(timeout=2 * LIMIT_S)
    assert said.endswith("last word: 143\n")
    assert list(tmp_path.glob("erp-build-*")) == []


def test_two_signals_at_once_end_the_program_with_its_last_word() -> None:
    with started("stubborn") as program:
        child = int(read_line(program))
        for _ in range(2):
            program.send_signal(signal.SIGTERM)
            time.sleep(0.02)
        said, _ = program.communicate(timeout=LIMIT_S)
        assert program.returncode == 128 + signal.SIGTERM
        assert said.endswith("last word: 143\n")
    assert has_ended(child)


def test_a_terminal_that_is_closed_ends_the_program_on_its_way_out(tmp_path: Path) -> None:
    written = tmp_path / "way-out"
    program = f"""
import sys, time
from pathlib import Path
from erp_build.cli.signals import signals_raise
from erp_build.clients.terminal.streams import tell
from erp_build.errors import Interrupted

try:
    with signals_raise():
        tell(sys.stdout, "begun")
        time.sleep(60)
except Interrupted as error:
    time.sleep(0.5)
    tell(sys.stdout, "nobody reads this")
    Path({str(written)!r}).write_text("done")
    sys.exit(error.code)
"""
    mine, theirs = os.openpty()
    argv = ["setsid", "--ctty", sys.executable, "-c", program]
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs) as child:
        os.close(theirs)
        assert os.read(mine, 100) == b"begun\r\n"
        os.close(mine)
        # The shell behind a terminal sends it as well.
        time.sleep(0.1)
        child.send_signal(signal.SIGHUP)
        assert child.wait(LIMIT_S) == 128 + signal.SIGHUP
    assert written.read_text() == "done"


def test_what_nohup_keeps_from_a_terminal_goes_on_without_it() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with signals_raise():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def test_in_another_thread_than_the_main_one_nothing_is_changed() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def look() -> object:
        with signals_raise():
            return signal.getsignal(signal.SIGTERM)

    with ThreadPoolExecutor(1) as other:
        assert other.submit(look).result() == before


@contextmanager
def started(kind: str, **variables: str) -> Iterator["subprocess.Popen[str]"]:
    """The program, which ends with the block; `kind` is what it does, by name or as lines of Python."""
    during = {"stubborn": "time.sleep(60)", "deaf": "deaf()"}.get(kind, kind)
    argv = [sys.executable, "-c", PROGRAM.replace("DURING", during)]
    environment = {**os.environ, **variables}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as program:
        try:
            yield program
        finally:
            program.kill()


def read_line(program: "subprocess.Popen[str]") -> str:
    """The next line that the program prints."""
    assert program.stdout
    return program.stdout.readline().rstrip("\n")


def has_ended(process: int) -> bool:
    """Whether a process ends within some seconds; a zombie that waits for its parent has ended."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def test_a_signal_ends_a_call_of_aws_that_waits_for_its_answer() -> None:
    """To botocore, every `Exception` is a broken connection and a reason to try again."""
    asked: list[socket.socket] = []

    def take_and_never_answer(listener: socket.socket) -> None:
        asked.append(listener.accept()[0])
        asked[0].recv(1)
        os.kill(os.getpid(), signal.SIGTERM)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = boto3.client(
            "sts",
            region_name="eu-central-1",
            endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            aws_access_key_id="invented",
            aws_secret_access_key="invented",
            config=CLIENT_CONFIG,
        )
        threading.Thread(target=take_and_never_answer, args=(listener,), daemon=True).start()
        start = time.monotonic()
        with (
            pytest.raises(Interrupted),
            signals_raise(),
            translate_aws_errors("sts:GetCallerIdentity", "x", ConfigurationError),
        ):
            client.get_caller_identity()
        assert time.monotonic() - start < 5
        client.close()
        for connection in asked:
            connection.close()


@pytest.mark.parametrize("number", HEARD)
@pytest.mark.parametrize(
    "words",
    [
        "run --report {report}",
        "plan --live",
        "doctor --only account",
        "gate erp/notification-service:1",
        "gate --running",
        "status",
        "history",
        "verify",
        "unlock",
        "rollback",
        "logs",
    ],
)
def test_whatever_waits_for_aws_ends_by_a_signal_with_its_text_and_leaves_no_file(
    words: str, number: signal.Signals, erp: Checkout, tmp_path: Path
) -> None:
    report, temporary = tmp_path / "out" / "report.json", tmp_path / "tmp"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        variables = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TMPDIR": str(temporary),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{listener.getsockname()[1]}",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "invented",
            "AWS_SECRET_ACCESS_KEY": "invented",
        }
        argv = [sys.executable, "-m", "erp_build", *words.format(report=report).split(), "--repo", str(erp.root)]
        with subprocess.Popen(
            argv, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as program:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1)
                assert list(temporary.glob("erp-build-*"))
                program.send_signal(number)
                _, said = program.communicate(timeout=5)
    assert program.returncode == 128 + number, said
    assert f"erp_build: ended by {number.name}" in said
    assert list(temporary.iterdir()) == []
    if "{report}" in words:
        assert json.loads(report.read_text(encoding="utf-8"))["exit_code"] == 128 + number


def test_without_a_signal_everything_is_as_it_was() -> None:
    before = signal.getsignal(signal.SIGTERM)
    threads = threading.active_count()
    with signals_raise():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
    assert signal.set_wakeup_fd(-1) == -1
    end = time.monotonic() + 5
    while threading.active_count() > threads:
        assert time.monotonic() < end
        time.sleep(0.01)
