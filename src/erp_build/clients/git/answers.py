"""Reads the answers of Git commands: paths, changes, files of a tree, and what Git says of a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_build.model.change import PathChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from erp_build.model.source_file import SourceFile

USAGE = 129
"""Git's exit code for words that it does not know."""


def decoded(path: bytes) -> str:
    """Decode a path as UTF-8, as in erp-build.toml, whatever the locale."""
    return path.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """The bytes of a path, as Git has them."""
    return text.encode("utf-8", "surrogateescape")


def split_answers(output: bytes) -> Iterator[tuple[PathChange, ...]]:
    """Split the answers for pairs of commits (`diff-tree --raw -z --stdin`): each has the id of its head, then changes.

    A change is `:oldmode newmode old new status NUL path NUL`.
    """
    changes: list[PathChange] | None = None
    tokens = iter(output.split(b"\0"))
    for token in tokens:
        if token.startswith(b":"):
            assert changes is not None
            changes.append(_path_change(token, next(tokens)))
        else:
            if changes is not None:
                yield tuple(changes)
            if token:
                changes = []


def _path_change(meta: bytes, path: bytes) -> PathChange:
    _, mode, before, after, status = meta.decode("ascii").split(" ")
    return PathChange(decoded(path), status, mode, before, after)


def source_file_of(line: bytes) -> SourceFile:
    """A file of a tree, from a line of `ls-tree -z`."""
    # Imported here: a plan that only compares commits needs no source files.
    from erp_build.model.source_file import SourceFile

    meta, _, path = line.partition(b"\t")
    mode, _, identifier = meta.decode("ascii").split(" ")
    return SourceFile(mode, identifier, decoded(path))


def last_words(code: int, error: bytes) -> str:
    """What Git says of a failure: its last line, and of words that it does not know the first; no user or password.

    Args:
        code: with which it ended.
        error: its standard error.
    """
    lines = [line for line in error.decode("utf-8", "replace").splitlines() if line.strip()]
    said = (lines[0] if code == USAGE else lines[-1]).strip() if lines else f"git ended with {code}"
    words = said.split(" ")
    return " ".join(without_user(word) for word in words)


def without_user(word: str) -> str:
    """An address without user and password; any other word as it is."""
    scheme, separator, rest = word.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}" if separator else word
