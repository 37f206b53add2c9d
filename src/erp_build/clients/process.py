"""Child processes: an environment by allow-list, output read while it comes, the whole group ended when we stop."""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

KEPT_VARIABLES = {"PATH", "HOME", "USER", "TMPDIR", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}
KEPT_VARIABLES_ANY_CASE = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
CHILD_KILL_GRACE_S = 4.0
"""Seconds between TERM and KILL: long enough for Maven and Helm to leave nothing half-written, and the run within 5."""


_running: "set[subprocess.Popen[bytes]]" = set()


@dataclass(frozen=True, slots=True)
class Result:
    """How a child ended: its exit code (negative: the signal), and the last lines of what it wrote."""

    code: int
    stdout: str
    stderr: str


class TimedOut(Exception):
    """The child was ended because its time was over; `tail` is the end of what it had written."""

    def __init__(self, seconds: float, tail: str) -> None:
        super().__init__(f"ended after {seconds:.0f} s")
        self.seconds = seconds
        self.tail = tail


def child_environment(*prefixes: str, **extra: str) -> dict[str, str]:
    """The variables that a child gets: a short list, those with a prefix, and extra ones; UTF-8 whatever the locale."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT_VARIABLES or name.upper() in KEPT_VARIABLES_ANY_CASE or (prefixes and name.startswith(prefixes))
    }
    return {**kept, "LC_ALL": "C.UTF-8", **extra}


def run(  # noqa: PLR0913 - each of them changes how a child runs
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    timeout: float,
    on_line: Callable[[str], None] | None = None,
    keep: int = 4000,
    grace: float = CHILD_KILL_GRACE_S,
    inherited: Sequence[int] = (),
    stdin: IO[bytes] | None = None,
) -> Result:
    """Run a child in a process group of its own and wait for it.

    Args:
        argv: the command; never a secret in it, every user of the machine can read it.
        env: its whole environment.
        cwd: its directory.
        timeout: seconds; then the group gets TERM, and KILL after a grace.
        on_line: called in another thread for each line of either stream.
        keep: lines of each stream that the result holds.
        grace: seconds between TERM and KILL when the time is over.
        inherited: descriptors that the child gets as well.
        stdin: an open file that it reads; nothing by default.

    Raises `FileNotFoundError` when there is no such program, and `TimedOut`.
    """
    child = subprocess.Popen(
        argv,
        env=dict(env),
        cwd=cwd,
        stdin=stdin or subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        pass_fds=inherited,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    _running.add(child)
    streams = [_Reader(child.stdout, on_line, keep), _Reader(child.stderr, on_line, keep)]
    try:
        child.wait(timeout)
    except subprocess.TimeoutExpired:
        _end_group(child, grace)
        tail = "\n".join(stream.text() for stream in streams).strip()
        raise TimedOut(timeout, tail) from None
    except BaseException:
        _end_group(child)
        raise
    finally:
        # A signal in the grace of a time-out leaves a child that is to be ended still.
        if child.poll() is not None:
            _running.discard(child)
    result = Result(child.returncode, streams[0].text(), streams[1].text())
    for stream in streams:
        if stream.trouble:
            raise stream.trouble
    return result


def end_running() -> None:
    """End every child that still runs, whichever thread started it: a signal reaches the main thread alone."""
    children = tuple(_running)
    threads = [threading.Thread(target=_end_group, args=(child,)) for child in children]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _running.difference_update(children)


def kill_running() -> None:
    """Kill every child that still runs, and wait for none: this process ends now."""
    for child in tuple(_running):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def tail(text: str, lines: int = 15) -> str:
    """The last lines of a text."""
    return "\n".join(text.strip().splitlines()[-lines:])


class _Reader(threading.Thread):
    """Reads one stream to its end, so that the child never waits for us."""

    def __init__(self, stream: IO[bytes], on_line: Callable[[str], None] | None, keep: int) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._on_line = on_line
        self._lines: deque[str] = deque(maxlen=keep)
        self.trouble: Exception | None = None
        self.start()

    def run(self) -> None:
        with self._stream:
            for raw in self._stream:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                self._lines.append(line)
                if self._on_line and not self.trouble:
                    try:
                        self._on_line(line)
                    except Exception as trouble:  # noqa: BLE001 - raised by who waits; unread, the child would hang
                        self.trouble = trouble

    def text(self) -> str:
        """What was read; a grandchild that keeps the pipe open does not keep us."""
        self.join(5)
        return "\n".join(tuple(self._lines))


def _end_group(child: subprocess.Popen[bytes], grace: float = CHILD_KILL_GRACE_S) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            child.wait(grace)
            # The leader is gone; what is left of its group has had its chance.
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            return
