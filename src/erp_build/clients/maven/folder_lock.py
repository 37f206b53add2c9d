"""One Maven per directory: a lock that a child inherits, so that it holds as long as anything of that child runs.

A run that was killed leaves its Maven behind, which goes on writing into `target`. The next run waits for it. The file
of a lock goes with its holder; who waited for it then takes a new one.
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
"""Seconds that a left-over Maven gets to end; a build of one service takes a fraction of it."""

LOCK_POLL_S = 0.5

_held: dict[int, Path] = {}
"""The file of each descriptor that this process has locked."""


@contextmanager
def hold_folders(
    folders: Iterable[Path], clock: Clock, on_wait: Callable[[str], None], timeout: float = LOCK_TIMEOUT_S
) -> Iterator[tuple[int, ...]]:
    """Hold the locks of some directories; yields the descriptors that a child must inherit.

    Raises `BuildFailed` where somebody else holds one for longer than `timeout` seconds.
    """
    with ExitStack() as stack:
        descriptors = []
        # In one order everywhere, so that two runs never wait for each other.
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
                "another Maven works in the service's directory",
                where=str(folder),
                why=f"it did not end within {timeout:.0f} s; it may be left over from a run that was killed",
                next_step="end it (look for `java` in the list of processes), then run again",
            )
        if not said:
            on_wait(f"waits for another Maven in {folder.name}")
            said = True
        clock.sleep(LOCK_POLL_S)


def _try(place: Path) -> int | None:
    """The locked descriptor, or None where somebody holds it or has just taken its file away."""
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), place.stat()):
            _held[descriptor] = place
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _give_up(descriptor: int) -> None:
    # While the lock is still held, so that it is our own file and nobody else's.
    _held.pop(descriptor).unlink(missing_ok=True)
    os.close(descriptor)


@atexit.register
def _give_up_all() -> None:
    """For the threads that a signal left in the middle; what they had started has been ended by then."""
    for descriptor in tuple(_held):
        _give_up(descriptor)


def _place(folder: Path) -> Path:
    name = f"erp-build-{os.getuid()}-{crc32(os.fsencode(folder.resolve())):08x}.lock"
    return Path(tempfile.gettempdir()) / name
