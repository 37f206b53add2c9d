"""What was read of the poms of a repository, kept in the user's cache by the ids of the poms."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal

from erp_build.clients.files.kept import forget, keep, kept_file, read_kept

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = f"{sys.implementation.cache_tag} 1"
"""What an entry begins with: one of another version is not read. Raised with every change of what is kept."""

MAX_COMMITS = 64
MAX_TREES = 6
"""Commits whose poms are remembered, and different sets of poms that are kept."""

Part = Literal["uses", "names", "graph", "poms"]
"""What is kept of a set of poms: how they name each other, all names in them, the graph, and all that they say."""

PARTS: tuple[Part, ...] = ("uses", "names", "graph", "poms")


class KeptPoms:
    """The kept entries of a repository.

    Args:
        root: its folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._index = kept_file("modules", root)
        self._commits: dict[str, str] | None = None

    @property
    def commits(self) -> dict[str, str]:
        """Commit -> the key of its poms, the newest last."""
        if self._commits is None:
            self._commits = self._read(self._index) or {}
        return self._commits

    def remember(self, commits: Iterable[str], key: str) -> None:
        """Keep which poms some commits have."""
        before = self.commits
        known = {commit: value for commit, value in before.items() if commit not in commits}
        known |= dict.fromkeys(commits, key)
        self._commits = dict(list(known.items())[-MAX_COMMITS:])
        keys = list(dict.fromkeys(reversed(self._commits.values())))
        for old in keys[MAX_TREES:]:
            for part in PARTS:
                forget(self._file(old, part))
        self._commits = {commit: value for commit, value in self._commits.items() if value in keys[:MAX_TREES]}
        keep(self._index, (FORMAT, self._root, self._commits))

    def load(self, key: str, part: Part) -> Any:
        """A part of what is kept of a set of poms, or None."""
        return self._read(self._file(key, part))

    def store(self, key: str, part: Part, value: Any) -> None:
        """Keep a part."""
        keep(self._file(key, part), (FORMAT, self._root, value))

    def _file(self, key: str, part: Part) -> str:
        return f"{self._index}-{key[:16]}-{part}"

    def _read(self, file: str) -> Any:
        entry = read_kept(file)
        try:
            format_, root, value = entry
        except (TypeError, ValueError):
            return None
        return value if (format_, root) == (FORMAT, self._root) else None
