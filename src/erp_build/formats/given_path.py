"""Reads paths as somebody writes them: from the root, from the current folder, absolute, or in Git's quotes."""

import posixpath
import re
from collections.abc import Callable
from typing import NamedTuple

ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
ESCAPES = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}
"""Letter behind a backslash -> byte, as in C."""

UP = ".."


class Place(NamedTuple):
    """Where paths are read.

    Attributes:
        root: of the repository, a real path.
        folder: the current one, a real path.
        exists: whether something lies at an absolute path.
    """

    root: str
    folder: str
    exists: Callable[[str], bool]


def path_from_root(text: str, place: Place) -> str:
    """The path from the repository's root that a text means; empty where it is none of the repository.

    Below the root a relative path is one of the current folder, as for Git; where nothing lies there, but something
    from the root, as in what `git diff --name-only` prints, that is meant.
    """
    text = unquoted(text)
    if "\0" in text:
        return ""
    if text.startswith("/"):
        return _of_absolute(text, place)
    here = _below(place.folder, place.root)
    from_here = posixpath.normpath(posixpath.join(here, text)) if here else posixpath.normpath(text)
    from_root = posixpath.normpath(text)
    if here and not _lies(from_here, place) and _lies(from_root, place):
        return from_root
    return "" if _leads_out(from_here) else from_here


def unquoted(text: str) -> str:
    """A path without the quotes in which Git prints one with letters that are not ASCII (`core.quotePath`)."""
    if len(text) < len('""') or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1].encode("utf-8", "surrogateescape")
    return ESCAPE.sub(_byte, inner).decode("utf-8", "surrogateescape")


def _byte(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([ESCAPES[code] if code in ESCAPES else int(code, 8) & 0xFF])


def _of_absolute(text: str, place: Place) -> str:
    path = posixpath.normpath(f"/{text.lstrip('/')}")
    if found := _below(path, place.root):
        return found
    # Patterns of the configuration may begin with a slash, which stands for the root.
    from_root = path.lstrip("/")
    return from_root if from_root and place.exists(f"{place.root}/{from_root.partition('/')[0]}") else ""


def _below(path: str, root: str) -> str:
    """The part of an absolute path below a folder; empty for the folder itself and for what lies elsewhere."""
    return path.removeprefix(f"{root.rstrip('/')}/") if path.startswith(f"{root.rstrip('/')}/") else ""


def _lies(path: str, place: Place) -> bool:
    return not _leads_out(path) and place.exists(f"{place.root}/{path}")


def _leads_out(path: str) -> bool:
    return path in (".", UP) or path.startswith(f"{UP}/")
