"""The symbolic links in the directories of a checkout, and where they lead.

Imports only what the interpreter has loaded anyway: a plan of a few services looks at each of their folders.
"""

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_ENTRIES = 20_000
"""Files and folders that are looked at; of a larger checkout Git lists the links faster."""

SKIPPED = frozenset((".git", "node_modules"))
OUTPUT, POM = "target", "pom.xml"
MAX_HOPS = 40
"""Links behind links, as the kernel counts them."""


class Link(NamedTuple):
    """A link, and the paths that it leads to: by its own words, and through all links behind it.

    One outside of the repository begins with `..`.
    """

    path: str
    ways: tuple[str, ...]


def links_on_disk(root: str, directories: "Iterable[str]") -> list[Link] | None:
    """The links below some directories of a checkout; None where there is too much to look at.

    What Maven and npm make is left out.
    """
    found: list[Link] = []
    left = MAX_ENTRIES
    waiting = [directory for directory in dict.fromkeys(directories) if os.path.isdir(os.path.join(root, directory))]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(os.path.join(root, folder)))
        except OSError:
            continue
        left -= len(entries)
        if left < 0:
            return None
        has_pom = any(entry.name == POM for entry in entries)
        for entry in entries:
            if entry.is_symlink():
                path = f"{folder}/{entry.name}"
                found.append(Link(path, _ways_on_disk(root, path)))
            elif entry.is_dir() and entry.name not in SKIPPED and not (has_pom and entry.name == OUTPUT):
                waiting.append(f"{folder}/{entry.name}")
    return sorted(found)


def links_of(targets: "Mapping[str, str]") -> list[Link]:
    """The links of a commit.

    Args:
        targets: path of each link -> what it holds.
    """
    return [Link(path, tuple(dict.fromkeys(_ways(path, targets)))) for path in targets]


def _ways_on_disk(root: str, path: str) -> tuple[str, ...]:
    place = os.path.join(root, path)
    said = os.path.join(os.path.dirname(place), os.readlink(place))
    return tuple(dict.fromkeys(os.path.relpath(way, root) for way in (os.path.normpath(said), os.path.realpath(place))))


def _ways(path: str, targets: "Mapping[str, str]") -> "Iterator[str]":
    said = _joined(path, targets[path])
    yield said
    for _ in range(MAX_HOPS):
        parts = said.split("/")
        above = ("/".join(parts[:length]) for length in range(1, len(parts) + 1))
        link = next((one for one in above if one in targets), None)
        if link is None:
            break
        rest = said[len(link) :].lstrip("/")
        said = os.path.normpath(os.path.join(_joined(link, targets[link]), rest))
    yield said


def _joined(path: str, text: str) -> str:
    if text.startswith("/"):
        # Nobody knows where the checkout will lie.
        return f"..{text}"
    return os.path.normpath(os.path.join(os.path.dirname(path), text))
