"""Long-running processes of the sandbox: started with a log and a pid file, ended by their own pid."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.paths import STATE

PIDS = STATE / "pids"
LOGS = STATE / "logs"

STARTS_S = 2.0
"""Seconds for which the kernel may be at starting a program, on a machine that others use too."""


def start(name: str, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path = STATE) -> None:
    """Start a process of its own session, unless the one with this name still runs."""
    if running(name):
        return
    for folder in (PIDS, LOGS, cwd):
        folder.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            [str(word) for word in argv],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (PIDS / name).write_text(f"{child.pid} {_started(child.pid)}", encoding="ascii")


def running(name: str) -> bool:
    """Whether the process that this sandbox started under the name is alive."""
    return _pid(name) is not None


def stop(name: str, seconds: float = 20) -> None:
    """End the process by TERM, then by KILL, and wait until it is gone."""
    pid = _pid(name)
    if pid is not None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(pid, sign)
            if _gone(name, seconds):
                break
    (PIDS / name).unlink(missing_ok=True)


def end_all_below(folder: Path) -> None:
    """Kill what a process that died left behind: everything whose command line names the folder."""
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and str(folder).encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


def carrying(variable: str) -> tuple[int, ...]:
    """The living processes that were started with a variable, given as `NAME=value`, and those that they started."""
    parents, found = dict(_parents()), set[int]()
    for pid in parents:
        with suppress(OSError):
            if variable.encode() in _environment(Path(f"/proc/{pid}")).split(b"\0"):
                found.add(pid)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return tuple(found)


def send(sign: signal.Signals, pids: Iterable[int]) -> None:
    """Send a signal to processes; one that is gone by now is no error."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, sign)


def end_together(find: Callable[[], Iterable[int]], sign: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal that ends processes to all that are found.

    They are held first, until no other is found: one that was just begun would be missed, and a parent whose child ends
    before it would go on.
    """
    held = set[int]()
    while new := set(find()) - held:
        send(signal.SIGSTOP, new)
        held |= new
    send(sign, held)
    send(signal.SIGCONT, held)


def unmount_below(folder: Path) -> None:
    """Unmount everything below a folder, the deepest first."""
    mounts = (line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines())
    for mount in sorted((name for name in mounts if Path(name).is_relative_to(folder)), reverse=True):
        subprocess.run(["umount", "--lazy", mount], capture_output=True, check=False)


def wait_until(answers: Callable[[], bool], name: str, seconds: float = 60) -> None:
    """Poll until the process answers; a time-out or an early death shows the end of the log."""
    deadline = time.monotonic() + seconds
    while not answers():
        if time.monotonic() > deadline or not running(name):
            raise SandboxError(f"{name} does not answer after {seconds:.0f} s. The end of its log:\n{log_tail(name)}")
        time.sleep(0.1)


def log_tail(name: str, lines: int = 20) -> str:
    """The last lines that the process wrote."""
    log = LOGS / f"{name}.log"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


def _environment(process: Path) -> bytes:
    """The variables that a process was started with; while the kernel still starts it, it shows none for a moment."""
    deadline = time.monotonic() + STARTS_S
    while True:
        found = (process / "environ").read_bytes()
        # Without memory it is a kernel's thread, or has ended.
        has_memory = not (process / "statm").read_bytes().startswith(b"0 ")
        if found or (process / "cmdline").read_bytes() or not has_memory or time.monotonic() > deadline:
            return found
        time.sleep(0.001)


def _pid(name: str) -> int | None:
    try:
        pid, started = (PIDS / name).read_text(encoding="ascii").split()
    except (FileNotFoundError, ValueError):
        return None
    _reap(int(pid))
    return int(pid) if _started(int(pid)) == started else None


def _started(pid: int) -> str:
    """The start time of a process in clock ticks, so that a reused pid is never taken for ours."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "gone"
    fields = stat.rpartition(")")[2].split()
    return "gone" if fields[0] == "Z" else fields[19]


def _parents() -> Iterator[tuple[int, int]]:
    """Each living process and its parent."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with suppress(OSError):
                state, parent = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
                if state != "Z":
                    yield int(process.name), int(parent)


def _reap(pid: int) -> None:
    with suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)


def _gone(name: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if _pid(name) is None:
            return True
        time.sleep(0.05)
    return False
