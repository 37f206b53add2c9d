"""What changed for whom: baselines, changed paths, and the rules that give a path to a target."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from unicodedata import normalize

from erp_build.domain.patterns import matches
from erp_build.domain.project import Project

Source = Literal["argument", "deployed", "webhook", "upstream", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """The commit that a target is compared with.

    Attributes:
        target: name of the target.
        commit: 40 hex, or None: there is nothing to compare with, so all of the target counts as changed.
        source: the rung of the ladder that the commit comes from.
        because: why this rung; for `none`, why every rung before it failed.
    """

    target: str
    commit: str | None
    source: Source
    because: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A changed path and the rule that gives it to a target."""

    path: str
    rule: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeSet:
    """All changes between each target's baseline and head.

    Attributes:
        head: the commit that is built, 40 hex.
        baselines: one per target, in the order of the project.
        changes: target name -> its changes, sorted by path; a target without changes has an empty tuple.
        unowned: changed paths that no rule gives to any target, sorted.
        warnings: what a reader should know about the comparison.
    """

    head: str
    baselines: tuple[Baseline, ...]
    changes: Mapping[str, tuple[Change, ...]]
    unowned: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Rules:
    """The rules of a project, made for one look-up per path whatever the number of targets."""

    def __init__(self, project: Project) -> None:
        self._by_directory: dict[str, list[str]] = {}
        for target in project.targets:
            self._by_directory.setdefault(normalize("NFC", target.path), []).append(target.name)
        self._shared = tuple(normalize("NFC", pattern) for pattern in project.shared)
        self._config = normalize("NFC", project.config_path)
        self._built = tuple(target.name for target in project.image_targets)

    def owners(self, path: str) -> dict[str, str]:
        """The targets that own a path, each with the rule that says so; macOS's decomposed names are the same name."""
        path = normalize("NFC", path)
        owners: dict[str, str] = {}
        for pattern in self._shared:
            if matches(pattern, path):
                owners.update(dict.fromkeys(self._built, f"shared: {pattern}"))
        if path == self._config:
            owners.update(dict.fromkeys(self._built, f"build configuration: {path}"))
        for directory in _ancestors(path):
            for name in self._by_directory.get(directory, ()):
                owners[name] = f"{directory}/**"
        return owners


def attribute(rules: Rules, paths: Iterable[str]) -> tuple[dict[str, tuple[Change, ...]], tuple[str, ...]]:
    """Give each changed path to its owners; the second value lists the paths that nobody owns."""
    found: dict[str, list[Change]] = {}
    unowned = []
    for path in sorted(set(paths)):
        owners = rules.owners(path)
        if not owners:
            unowned.append(path)
        for name, rule in owners.items():
            found.setdefault(name, []).append(Change(path=path, rule=rule))
    return {name: tuple(changes) for name, changes in found.items()}, tuple(unowned)


def _ancestors(path: str) -> Iterable[str]:
    """The directories above a path, and the path itself: a directory may have become a file or a submodule."""
    parts = path.split("/")
    return ("/".join(parts[:length]) for length in range(1, len(parts) + 1))
