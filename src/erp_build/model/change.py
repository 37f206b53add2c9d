"""Baselines, changed paths, and the changes of each target."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

BaselineSource = Literal["argument", "deployed", "webhook", "upstream", "none"]
"""Where a baseline comes from: `--base`, what runs, CodeBuild's webhook, the upstream branch, nowhere."""


class PathChange(NamedTuple):
    """A path that differs between two trees.

    Attributes:
        path: relative to the root; bytes that are no UTF-8 as surrogates.
        status: Git's letter: A added, D deleted, M modified (content or mode), T another type.
        mode: of the new side: 100644, 100755, 120000 a link, 160000 a submodule, 000000 gone.
        before, after: ids of the content on both sides; only zeros where there is none.
    """

    path: str
    status: str
    mode: str
    before: str = ""
    after: str = ""


class Baseline(NamedTuple):
    """The commit that a target is compared with.

    Attributes:
        target: name of the target.
        commit: 40 hex, or None: there is nothing to compare with, so all of the target counts as changed.
        source: where the commit comes from.
        because: why the sources before it failed; empty if the first one succeeded.
    """

    target: str
    commit: str | None
    source: BaselineSource
    because: str = ""


class TargetChange(NamedTuple):
    """A changed path of a target, and the rule by which the target owns it."""

    path: str
    rule: str


class ChangeSet(NamedTuple):
    """All changes between each target's baseline and head.

    Attributes:
        head: the commit that is built, 40 hex.
        baselines: one per target, in the order of the project.
        changes: target name -> its changes, sorted by path; a target without changes has an empty tuple.
        removed: targets whose directory is gone in head.
        unowned: changed paths that no rule gives to any target, sorted.
        warnings: what a reader should know about the comparison.
    """

    head: str
    baselines: tuple[Baseline, ...]
    changes: Mapping[str, tuple[TargetChange, ...]]
    removed: frozenset[str] = frozenset()
    unowned: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
