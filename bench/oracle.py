"""The naive way to tell what changed: both trees listed file by file, compared entry by entry.

Written without a line of erp_build, so that the two can be compared.
"""

import subprocess
import tomllib
from functools import lru_cache
from pathlib import Path


class Oracle:
    """The oracle of one repository, by the configuration in its work tree."""

    def __init__(self, root: Path) -> None:
        self._root = root
        config = tomllib.loads((root / "erp-build.toml").read_text(encoding="utf-8"))
        self._paths = {entry["path"].rpartition("/")[2]: entry["path"].split("/") for entry in config["service"]}
        self._shared = [pattern.removesuffix("/**").split("/") for pattern in config["shared"]]
        self._chart = config["chart"]["path"].split("/")
        self._services = {tuple(parts): name for name, parts in self._paths.items()}
        self._entries = lru_cache(maxsize=6)(self._list)

    def changed(self, base: str, head: str) -> set[str]:
        """The names of the targets whose own inputs differ between two commits."""
        differing = self._entries(base) ^ self._entries(head)
        names: set[str] = set()
        for path in {entry.split(b"\t", 1)[1].decode("utf-8", "surrogateescape") for entry in differing}:
            names |= self._owners(path.split("/"))
        return names

    def _owners(self, parts: list[str]) -> set[str]:
        everybody = set(self._paths)
        if parts == ["erp-build.toml"] or any(parts[: len(shared)] == shared for shared in self._shared):
            return everybody
        if parts[: len(self._chart)] == self._chart:
            return {"helm-chart"}
        owners = (self._services.get(tuple(parts[:length])) for length in range(1, len(parts)))
        return {name for name in owners if name}

    def _list(self, commit: str) -> frozenset[bytes]:
        """Every file of a commit as `mode type id TAB path`."""
        words = ["git", "-C", str(self._root), "ls-tree", "-r", "-z", "--full-tree", commit]
        return frozenset(subprocess.run(words, capture_output=True, check=True).stdout.split(b"\0")[:-1])
