"""Whether a repository without a configuration has the layout of the ERP, which is the default; else what is wrong.

The default in any other repository would answer "nothing to do" to every change. So would it beside a configuration
that is misspelled, that a link no longer leads to, or that a sparse checkout leaves out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from erp_build.errors import ConfigurationError, NotConfigured
from erp_build.model.project import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from erp_build.model.project import Project

NEXT_STEP = "erp-build init writes an erp-build.toml from what is there; or name yours: --config FILE"
SIMILAR = 0.9
"""How alike the letters of two names are when one is a misspelling of the other; 1 is the same."""

SHOWN = 3
"""Names that an error lists."""

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


def require_default_layout(project: Project, where: str, existing: Callable[[Sequence[str]], Iterable[str]]) -> None:
    """Raise `NotConfigured` unless every directory of the default is there.

    Args:
        project: the default.
        where: the repository, and the commit if one is planned, for the error.
        existing: returns those of some paths that are there.
    """
    wanted = tuple(dict.fromkeys(target.path for target in project.targets))
    there = set(existing(wanted))
    if missing := [path for path in wanted if path not in there]:
        raise NotConfigured(
            f"there is no {FILE_NAME}",
            where=where,
            why=f"without it the layout of the ERP is the default, but {_listed(missing)} is not there",
            next_step=NEXT_STEP,
        )


def refuse_unread(root: str) -> None:
    """Raise `ConfigurationError` where the folder shows that there is a configuration which nobody would read.

    Args:
        root: the folder of the repository, in which there is no readable erp-build.toml.
    """
    path = Path(root, FILE_NAME)
    if path.is_symlink():
        raise ConfigurationError(
            f"{FILE_NAME} is a link to what is not there",
            where=str(path),
            why=f"it leads to {path.readlink()}",
            next_step="correct the link, or put the file in its place",
        )
    if names := misspelled(file.name for file in Path(root).iterdir()):
        raise ConfigurationError(
            f"there is no {FILE_NAME}, but {_listed(names)}",
            where=root,
            why="a file of another name is not read",
            next_step=f"git mv {names[0]} {FILE_NAME}; or --config {names[0]}",
        )


def misspelled(names: Iterable[str]) -> list[str]:
    """Return the names that are surely meant to be that of the configuration; a copy such as `.bak` is none."""
    likely = [name for name in names if "erp" in name.lower() and not name.lower().startswith(f"{FILE_NAME}.")]
    if not likely:
        return []
    # Imported here: an ordinary repository has no such name.
    from difflib import SequenceMatcher

    wanted = _letters(FILE_NAME)
    return sorted(name for name in likely if SequenceMatcher(None, _letters(name), wanted).ratio() >= SIMILAR)


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter in LETTERS)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
