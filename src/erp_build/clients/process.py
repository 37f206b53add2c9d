"""Child processes: allow-listed environment, output read line by line, the whole process group ended with the run."""

import math
import os
import select
import signal
import subprocess
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from erp_build.clients.way_out import WAY_OUT

KEPT_VARIABLES = {"PATH", "HOME", "USER", "TMPDIR", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}
KEPT_VARIABLES_ANY_CASE = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
DROPPED_VARIABLES = {"MAVEN_CONFIG"}
"""Variables that no prefix lets through: images of Maven set it to a folder, which the wrapper takes for a goal."""

CHILD_KILL_GRACE_S = 4.0
"""Seconds between TERM and KILL: enough for Maven and Helm to clean up. After a signal there may be fewer."""

KILL_WAIT_S = 0.5
"""Seconds to wait for the end of a killed child."""

LONGEST_POLL_MS = 2**31 - 1
"""What `poll` takes: 24 days."""

_running: "set[subprocess.Popen[bytes]]" = set()
_asked_to_end: "weakref.WeakSet[subprocess.Popen[bytes]]" = weakref.WeakSet()
"""Children that got TERM. A second one would have some of them leave their clean-up."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a child ended: its exit code (negative: the signal), and the last lines of what it wrote."""

    code: int
    stdout: str
    stderr: str


class TimedOut(Exception):
    """The child exceeded its timeout and was ended; `tail` is the end of its output."""

    def __init__(self, seconds: float, tail: str) -> None:
        super().__init__(f"ended after {seconds:.0f} s")
        self.seconds = seconds
        self.tail = tail


def child_environment(*prefixes: str, **extra: str) -> dict[str, str]:
    """Return a child's environment: an allow-list, variables with a prefix, and extra ones; UTF-8 whatever the locale.

    An allow-list, because a build's environment holds credentials, and settings (HELM_*, GIT_*) that change a tool.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT_VARIABLES
        or name.upper() in KEPT_VARIABLES_ANY_CASE
        or (prefixes and name.startswith(prefixes) and name not in DROPPED_VARIABLES)
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
        argv: the command. It must hold no secret: every user of the machine can read it.
        env: its whole environment.
        cwd: its directory.
        timeout: seconds until the group gets TERM, and KILL after `grace`.
        on_line: called in another thread for each line of either stream.
        keep: lines of each stream that the result holds.
        grace: seconds between TERM and KILL after the timeout.
        inherited: file descriptors that the child inherits.
        stdin: an open file for its standard input; empty by default.

    Raises `FileNotFoundError` when there is no such program, and `TimedOut`; after a signal `NothingBegins` in other
    threads than the main one.
    """
    WAY_OUT.require_may_begin()
    # Not `subprocess.run`: its timeout sends KILL, to the child alone. A killed Helm leaves its release pending, and
    # Maven's forked test JVMs would keep running.
    child = subprocess.Popen(
        argv,
        env=dict(env),
        cwd=cwd,
        stdin=stdin or subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A process group of its own, so that everything that the child starts can be ended with it.
        start_new_session=True,
        pass_fds=inherited,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    _running.add(child)
    streams = (_Reader(child.stdout, on_line, keep), _Reader(child.stderr, on_line, keep))
    try:
        _wait(child, timeout)
    except subprocess.TimeoutExpired:
        _end_group(child, grace)
        tail = "\n".join(stream.text() for stream in streams).strip()
        raise TimedOut(timeout, tail) from None
    except BaseException:
        _end_group(child)
        raise
    finally:
        # After a signal during the grace the child still runs, and `end_running` must find it.
        if child.poll() is not None:
            _running.discard(child)
    return _result_of(child, *streams)


def _wait(child: "subprocess.Popen[bytes]", timeout: float) -> None:
    """Wait for the end of a child; raises `subprocess.TimeoutExpired`.

    With a limit `Popen.wait` looks 20 times a second. Linux tells the end at once.
    """
    try:
        descriptor = os.pidfd_open(child.pid)
    except (AttributeError, OSError):  # another system, an old kernel, or a container that forbids it
        child.wait(timeout)
        return
    try:
        end = select.poll()
        end.register(descriptor, select.POLLIN)
        has_ended = end.poll(math.ceil(min(max(timeout, 0) * 1000, LONGEST_POLL_MS)))
    finally:
        os.close(descriptor)
    child.wait(None if has_ended else 0)


def _result_of(child: subprocess.Popen[bytes], stdout: "_Reader", stderr: "_Reader") -> Result:
    """What an ended child wrote; raises what `on_line` raised."""
    result = Result(child.returncode, stdout.text(), stderr.text())
    for stream in (stdout, stderr):
        if stream.trouble:
            raise stream.trouble
    return result


def end_running() -> None:
    """End every running child, whichever thread started it: a signal reaches the main thread alone."""
    children = tuple(_running)
    threads = [threading.Thread(target=_end_group, args=(child,)) for child in children]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _running.difference_update(children)


def kill_running() -> None:
    """Kill every running child without waiting: this process ends now."""
    for child in tuple(_running):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def tail(text: str, lines: int = 15) -> str:
    """The last lines of a text."""
    return "\n".join(text.strip().splitlines()[-lines:])


class _Reader(threading.Thread):
    """Reads one stream in a thread. An unread pipe would block the child after 64 KiB."""

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
                # A tool may print bytes that are no UTF-8, such as names of files.
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                self._lines.append(line)
                if self._on_line and not self.trouble:
                    try:
                        self._on_line(line)
                    except Exception as trouble:  # noqa: BLE001 - `run` raises it; without a reader the child would hang
                        self.trouble = trouble

    def text(self) -> str:
        """Return what was read; waits at most 5 s for a grandchild that keeps the pipe open."""
        self.join(5)
        return "\n".join(tuple(self._lines))


def _end_group(child: subprocess.Popen[bytes], grace: float = CHILD_KILL_GRACE_S) -> None:
    for sign, wait in ((signal.SIGTERM, grace), (signal.SIGKILL, KILL_WAIT_S)):
        if sign == signal.SIGKILL or child not in _asked_to_end:
            _asked_to_end.add(child)
            with suppress(ProcessLookupError):
                os.killpg(child.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            child.wait(WAY_OUT.left(wait, spared=KILL_WAIT_S) if sign == signal.SIGTERM else wait)
            # The child has ended; the rest of its group had the same grace.
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            return
