"""Recorded diffs as tests of your own rules.

`erp-build record A..B` writes a case; a test of yours checks all of them::

    import pytest
    from erp_build.testing import DiffCase, diff_cases, load_project

    @pytest.mark.parametrize("case", diff_cases("tests/cases/diffs"), ids=str)
    def test_a_recorded_diff_changes_its_targets(case: DiffCase) -> None:
        case.check(load_project(Path(".")))

A case is a JSON file: `changed` (paths as Git names them), `targets` (names whose own inputs changed), `unowned`
(paths of nobody), `about` (a sentence), and optionally `project` (the text of an erp-build.toml instead of yours).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from erp_build.changes.rules import Rules, attribute, ignore_of
from erp_build.config.load import load_project, parse_project
from erp_build.model.project import Project

__all__ = ["DiffCase", "diff_cases", "load_project", "record_diff"]


LISTS = ("changed", "targets", "unowned")
"""The keys of a case whose values are lists."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffCase:
    """One recorded diff and what the rules should make of it; `project` is its own configuration, or empty."""

    name: str
    about: str
    changed: tuple[str, ...]
    targets: tuple[str, ...]
    unowned: tuple[str, ...]
    project: str = ""

    def check(self, project: Project | None = None) -> None:
        """Compare with what the rules of a project make of it; raises `AssertionError` that names each difference."""
        used = parse_project(self.project) if self.project else project
        if used is None:
            raise ValueError(f"{self.name} has no project of its own: pass yours")
        targets, unowned = _judged(used, self.changed)
        wrong = [*_differences("target", self.targets, targets), *_differences("unowned path", self.unowned, unowned)]
        assert not wrong, f"{self.name} ({self.about}):\n" + "\n".join(wrong)

    def document(self) -> dict[str, object]:
        """The case as its file holds it."""
        own = {"project": self.project} if self.project else {}
        return {"about": self.about, **own, **{key: list(getattr(self, key)) for key in LISTS}}

    def __str__(self) -> str:
        return self.name


def diff_cases(folder: str | Path) -> list[DiffCase]:
    """All cases of a folder, sorted by name; a folder without any is a mistake and raises `FileNotFoundError`."""
    files = sorted(Path(folder).glob("*.json"))
    if not files:
        raise FileNotFoundError(f"there are no cases in {folder}")
    return [_read(file) for file in files]


def record_diff(project: Project, changed: Iterable[str], *, name: str, about: str) -> DiffCase:
    """Make a case of changed paths, with what the rules make of them now."""
    paths = tuple(sorted(changed))
    targets, unowned = _judged(project, paths)
    return DiffCase(name=name, about=about, changed=paths, targets=targets, unowned=unowned)


def _read(file: Path) -> DiffCase:
    content = json.loads(file.read_text(encoding="utf-8"))
    lists = {key: tuple(content[key]) for key in LISTS}
    return DiffCase(name=file.stem, about=content["about"], project=content.get("project", ""), **lists)


def _judged(project: Project, changed: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found, unowned = attribute(Rules(project, ignore_of(project)), changed)
    return tuple(target.name for target in project.targets if target.name in found), unowned


def _differences(kind: str, expected: Iterable[str], found: Iterable[str]) -> list[str]:
    missing, extra = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    return [f"missing {kind}: {name}" for name in missing] + [f"unexpected {kind}: {name}" for name in extra]
