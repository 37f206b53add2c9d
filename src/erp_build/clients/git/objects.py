"""Reads many objects of a repository by one Git process, each when it is asked for."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING, Literal, Self

from erp_build.clients.git.command import GIT_COMMAND_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from erp_build.clients.git.repository import GitRepository

AT_ONCE = 500
"""Ids that are asked before an answer is read: they fit into a pipe, so that neither side waits for the other."""

WITHOUT_FETCH = {"GIT_NO_LAZY_FETCH": "1"}
"""A partial clone would fetch each object that it lacks by a call of its own. Git before 2.44 does it all the same."""

KINDS = (b"blob", b"tree", b"commit", b"tag")


class Objects:
    """The objects of a repository; to be closed.

    Args:
        folder: of the repository.
        environment: of Git commands for it.

    Raises `OSError` when there is no Git.
    """

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        self._git = subprocess.Popen(
            ("git", "-C", folder, "cat-file", "--batch"),
            env={**environment, **WITHOUT_FETCH},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._git.stdin is not None
        assert self._git.stdout is not None
        self._asking, self._answers = self._git.stdin, self._git.stdout
        # Without its answers, everything that is still asked for is not there.
        self._limit = Timer(GIT_COMMAND_S, self._git.kill)
        self._limit.daemon = True
        self._limit.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._limit.cancel()
        self._answers.close()
        with suppress(BrokenPipeError):
            self._asking.close()
        self._git.wait()

    def read(self, names: Sequence[str], kind: Literal["blob", "tree"] = "blob") -> Iterator[bytes | None]:
        """The contents of some objects, in their order; None for one that is not there, or of another kind.

        Args:
            names: ids, or `commit:path`; one with a line end names nothing.
            kind: of the objects that are meant.
        """
        for start in range(0, len(names), AT_ONCE):
            part = names[start : start + AT_ONCE]
            lines = "".join("-\n" if "\n" in name else f"{name}\n" for name in part)
            # Where Git has ended, what it had answered before is still read.
            with suppress(BrokenPipeError):
                self._asking.write(lines.encode("utf-8", "surrogateescape"))
                self._asking.flush()
            for _ in part:
                found, content = self._next()
                yield content if found == kind.encode() else None

    def _next(self) -> tuple[bytes, bytes | None]:
        # `<id> <kind> <size>` stands before a content, `<name> missing` for none; a name may have blanks itself.
        *_, kind, size = [b"", b"", *self._answers.readline().split()]
        if kind not in KINDS or not size.isdigit():
            return b"", None
        return kind, self._answers.read(int(size) + 1)[:-1]


def texts(repository: GitRepository, blobs: Mapping[str, str]) -> dict[str, str]:
    """The contents of some files, path -> text; that of a file which a partial clone lacks is empty.

    Args:
        repository: whose files they are.
        blobs: path -> object id.
    """
    identifiers = list(blobs.values())
    repository.complete(identifiers)
    with repository.objects() as found:
        contents = zip(blobs, found.read(identifiers), strict=True)
        return {path: (content or b"").decode("utf-8", "replace") for path, content in contents}
