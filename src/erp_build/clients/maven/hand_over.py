"""Hands jars over to their images, each once, and looks at the end whether it is still the one that was handed over."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from erp_build.errors import BuildFailed

OnJar = Callable[[str, Path, float], None]
"""Takes a service's name, its jar, and the seconds that the jar took."""

Mark = tuple[int, int, int]
"""Inode, size and ctime: these change when a file is written, whatever modification time Maven sets."""


class _Made(NamedTuple):
    jar: Path
    seconds: float
    mark: Mark


class HandOver:
    """The jars of a run.

    Args:
        on_jar: gets each jar.
        late: services whose folder another service's build may write into; their jars wait until all Mavens have ended.
    """

    def __init__(self, on_jar: OnJar, late: Collection[str]) -> None:
        self._on_jar = on_jar
        self._late = late
        self._made: dict[str, _Made] = {}

    def take(self, name: str, jar: Path, seconds: float) -> None:
        """A jar is complete."""
        if name in self._made and name not in self._late:
            # Its image is in work already. Nobody can tell of which of both jars it is made; `finish` says so.
            return
        self._made[name] = _Made(jar, seconds, mark_of(jar))
        if name not in self._late:
            self._on_jar(name, jar, seconds)

    def finish(self, failed: Collection[str]) -> dict[str, BuildFailed]:
        """All Mavens have ended: hand over what had to wait; returns an error for each jar that changed meanwhile."""
        whole = {name: made for name, made in self._made.items() if name not in failed}
        changed = {name: _changed(made.jar) for name, made in whole.items() if not _is_as_it_was(made)}
        for name, made in whole.items():
            if name in self._late and name not in changed:
                self._on_jar(name, made.jar, made.seconds)
        return changed


def mark_of(jar: Path) -> Mark:
    """What tells whether a file was written since."""
    status = jar.stat()
    return status.st_ino, status.st_size, status.st_ctime_ns


def _is_as_it_was(made: _Made) -> bool:
    return made.jar.is_file() and mark_of(made.jar) == made.mark


def _changed(jar: Path) -> BuildFailed:
    return BuildFailed(
        "the jar was written again after it was complete",
        where=str(jar),
        why="the image may have been made of another jar than the one that lies there now",
        next_step="look for what writes it a second time: a plugin of another module, another Maven, an editor",
    )
