"""One Maven per directory: a lock (flock) that Maven inherits, so that it holds as long as any of its processes runs.

A run that was killed leaves its Maven behind, which keeps writing into `target`; the next run waits for it. The holder
deletes the lock's file at its end, and whoever waited for it creates a new one.
"""

import atexit
import fcntl
import os
import tempfile
from binascii import crc32
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from erp_build.clients.clock import Clock
from erp_build.errors import BuildFailed

LOCK_TIMEOUT_S = 120.0
"""Seconds to wait for a left-over Maven; a build of one service takes a fraction of it."""

LOCK_POLL_S = 0.5
"""Seconds between two attempts to take a lock."""

_held: dict[int, Path] = {}
"""Locked descriptor of this process -> its file."""


@contextmanager
def hold_folders(
    folders: Iterable[Path], clock: Clock, on_wait: Callable[[str], None], timeout: float = LOCK_TIMEOUT_S
) -> Iterator[tuple[int, ...]]:
    """Hold the locks of directories for the time of the block; yields the descriptors that a child must inherit.

    Raises `BuildFailed` where somebody else holds one for longer than `timeout` seconds.
    """
    with ExitStack() as stack:
        descriptors = []
        # Every run takes locks in the same order, so that two runs never wait for each other.
        for folder in sorted(folders):
            descriptor = _take(folder, clock, on_wait, timeout)
            stack.callback(_give_up, descriptor)
            descriptors.append(descriptor)
        yield tuple(descriptors)


def _take(folder: Path, clock: Clock, on_wait: Callable[[str], None], timeout: float) -> int:
    end = clock.monotonic() + timeout
    said = False
    while True:
        descriptor = _try(_place(folder))
        if descriptor is not None:
            return descriptor
        if clock.monotonic() >= end:
            raise BuildFailed(
                "another Maven is running in the service's directory",
                where=str(folder),
                why=f"it did not end within {timeout:.0f} s; it may be left over from a run that was killed",
                next_step="end it (look for `java` in the list of processes), then run again",
            )
        if not said:
            on_wait(f"waiting for another Maven in {folder.name}")
            said = True
        clock.sleep(LOCK_POLL_S)


def _try(place: Path) -> int | None:
    """Return the locked descriptor; None if somebody holds the lock or has just deleted its file."""
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Its holder may have deleted the file after it was opened here: then this lock guards nothing.
        if os.path.samestat(os.fstat(descriptor), place.stat()):
            _held[descriptor] = place
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _give_up(descriptor: int) -> None:
    # Deleted while the lock is held: afterwards it might be the file of another run.
    _held.pop(descriptor).unlink(missing_ok=True)
    os.close(descriptor)


@atexit.register
def _give_up_all() -> None:
    """Release locks of threads that a signal interrupted; their children have ended by then."""
    for descriptor in tuple(_held):
        _give_up(descriptor)


def _place(folder: Path) -> Path:
    name = f"erp-build-{os.getuid()}-{crc32(os.fsencode(folder.resolve())):08x}.lock"
    return Path(tempfile.gettempdir()) / name
