"""Counts over a range of commits: rules that never match, paths without an owner, targets that change together."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from erp_build.changes.rules import Rules
from erp_build.model.project import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """Counts over a number of pairs.

    Attributes:
        pairs: how many comparisons were made, and `builds`: how often each target would have been built in them.
        silent: rules that matched no path, as (rule, targets).
        unowned: path -> number of comparisons in which it had no owner.
        together: (target, target) -> number of comparisons in which both changed.
    """

    pairs: int
    builds: Mapping[str, int]
    silent: tuple[tuple[str, tuple[str, ...]], ...]
    unowned: Mapping[str, int]
    together: Mapping[tuple[str, str], int]


@dataclass
class CoverageCounter:
    """Counts during a replay."""

    project: Project
    rules: Rules
    pairs: int = 0
    builds: Counter[str] = field(default_factory=Counter)
    matched: set[tuple[str, str]] = field(default_factory=set)
    unowned: Counter[str] = field(default_factory=Counter)
    together: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, paths: Iterable[str], changed: tuple[str, ...]) -> None:
        """Count one comparison."""
        self.pairs += 1
        self.builds.update(changed)
        self.together.update(combinations(changed, 2))
        for path in paths:
            owners = self.rules.owners(path)
            self.matched.update(owners.items())
            if not owners and not self.rules.is_ignored(path):
                self.unowned[path] += 1

    def coverage(self) -> Coverage:
        """What was counted."""
        used = {rule for _, rule in self.matched}
        return Coverage(
            pairs=self.pairs,
            builds={target.name: self.builds[target.name] for target in self.project.targets},
            silent=tuple((rule, names) for rule, names in self.rules.all_rules() if rule not in used),
            unowned=dict(self.unowned.most_common()),
            together=dict(self.together.most_common()),
        )
