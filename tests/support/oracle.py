"""Detection done the slow and obvious way, to compare the fast one with; shares no code with it but the project.

Both trees are listed whole and compared file by file; owners are found by comparing the segments of two paths.
"""

import os
import re
import subprocess
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from erp_build.model.project import Project

Tree = Mapping[bytes, bytes]
"""Path -> mode, kind and id."""


def tree_of(root: Path, commit: str) -> Tree:
    """Every file of a commit."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    words = ["git", "-C", str(root), "ls-tree", "-r", "-z", "--full-tree", commit]
    listed = subprocess.run(words, env=inherited, capture_output=True, check=True).stdout
    rows = (row.split(b"\t", 1) for row in listed.split(b"\0") if row)
    return {path: entry for entry, path in rows}


def differing(old: Tree, new: Tree) -> set[bytes]:
    """The paths that are not the same in both trees."""
    return {path for path in {*old, *new} if old.get(path) != new.get(path)}


def owners(project: Project, path: bytes) -> set[str]:
    """The names of the targets that a path belongs to."""
    parts = _parts(path.decode("utf-8", "surrogateescape"))
    if any(_ignores(pattern, parts) for pattern in project.ignore):
        return set()
    found = {target.name for target in project.targets if _is_below(parts, _parts(target.path))}
    for target in project.image_targets:
        if any(_is_input(pattern, parts) for pattern in (*project.shared, *target.inputs)):
            found.add(target.name)
        if parts == _parts(project.config_path):
            found.add(target.name)
    return found


def changed(project: Project, paths: set[bytes]) -> dict[str, set[bytes]]:
    """Target -> its changed paths, for those that have any."""
    found: dict[str, set[bytes]] = {}
    for path in paths:
        for name in owners(project, path):
            found.setdefault(name, set()).add(path)
    return found


def unowned(project: Project, paths: set[bytes]) -> set[bytes]:
    """The changed paths that are nobody's and not ignored."""
    return {
        path
        for path in paths
        if not owners(project, path)
        and not any(_ignores(pattern, _parts(path.decode("utf-8", "surrogateescape"))) for pattern in project.ignore)
    }


def removed(project: Project, old: Tree, new: Tree) -> set[str]:
    """The targets with an image that something changes, and that have no file of their own in the new tree."""
    touched = changed(project, differing(old, new))

    def has_files(tree: Tree, directory: str) -> bool:
        return any(_is_below(_parts(path.decode("utf-8", "surrogateescape")), _parts(directory)) for path in tree)

    return {
        target.name for target in project.image_targets if target.name in touched and not has_files(new, target.path)
    }


def _parts(path: str) -> list[str]:
    return unicodedata.normalize("NFC", path).split("/")


def _is_below(parts: list[str], directory: list[str]) -> bool:
    return parts[: len(directory)] == directory


def _is_input(pattern: str, parts: list[str]) -> bool:
    """`some/directory/**`, `**/name`, a path with `*` inside its segments, or a path with all that is below it."""
    wanted = _parts(pattern)
    if wanted[-1] == "**":
        return _is_below(parts, wanted[:-1])
    if "*" not in pattern:
        return _is_below(parts, wanted)
    if wanted[0] == "**":
        return parts[-1] == wanted[-1]
    return len(parts) == len(wanted) and all(
        re.fullmatch(".*".join(map(re.escape, want.split("*"))), part, re.DOTALL)
        for want, part in zip(wanted, parts, strict=True)
    )


def _ignores(pattern: str, parts: list[str]) -> bool:
    """`name/` is a directory anywhere, `*.end` a name anywhere."""
    if pattern.endswith("/"):
        return pattern[:-1] in parts[:-1]
    return any(part.endswith(pattern.removeprefix("*")) for part in parts)
