"""Replay: compares many pairs of commits with few Git processes: what each pair changes, and what the rules cover."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from erp_build.changes.build_context.at_commit import rules_at
from erp_build.changes.detect import settings_at
from erp_build.changes.modules.of_commits import poms_of
from erp_build.changes.modules.uses import ModuleUses
from erp_build.changes.rules import CONFIGURATION, Rules
from erp_build.clients.git.repository import GitRepository
from erp_build.errors import ConfigurationError
from erp_build.model.packaging import has_wider_context
from erp_build.model.project import Project

Pair = tuple[str, str]


class Replayed(NamedTuple):
    """One pair: the targets whose own inputs differ, in the project's order, and all paths that do."""

    base: str
    head: str
    changed: tuple[str, ...]
    paths: tuple[str, ...]


class BadLine(NamedTuple):
    """A line of a pair file that does not name two commits."""

    number: int
    text: str
    why: str


def replay(repository: GitRepository, project: Project, rules: Rules, pairs: Sequence[Pair]) -> Iterator[Replayed]:
    """Return what each pair changes, in the order of the pairs.

    The rules take what Maven takes from both commits of a pair, and what a Dockerfile takes as the head has it.
    """
    names = tuple(target.name for target in project.targets)
    has_contexts = any(map(has_wider_context, project.image_targets))
    poms = poms_of(repository)
    if project.image_targets:
        # The base of a pair is mostly a commit of the one before.
        poms.learn([base for place, (base, _) in enumerate(pairs) if place == 0 or base not in pairs[place - 1]])
    for (base, head), differing in zip(pairs, repository.compare_pairs(pairs) if pairs else (), strict=True):
        paths = tuple(change.path for change in differing)
        graphs = poms.between(base, head, differing) if paths and project.image_targets else ()
        rules.modules = ModuleUses(graphs, project.image_targets)
        of_pair = rules
        if has_contexts:
            of_pair = rules_at(repository, project, head)
            of_pair.modules = rules.modules
        touched = _touched(repository, project, of_pair, base, head, paths)
        yield Replayed(base, head, tuple(name for name in names if name in touched), paths)


def _touched(
    repository: GitRepository, project: Project, rules: Rules, base: str, head: str, paths: tuple[str, ...]
) -> set[str]:
    """The targets that own a path; the configuration file counts for those that both commits set otherwise."""
    owners = [rules.owners(path) for path in paths]
    touched = {name for found in owners for name in found}
    if not any(rule.startswith(CONFIGURATION) for found in owners for rule in found.values()):
        return touched
    before, after = (settings_at(repository, commit, project) for commit in (base, head))
    if before is None or after is None:
        return touched
    sure = {name for found in owners for name, rule in found.items() if not rule.startswith(CONFIGURATION)}
    return sure | {name for name in touched if before.get(name) != after.get(name)}


def read_pairs(repository: GitRepository, text: str) -> tuple[list[Pair], list[BadLine]]:
    """Read lines of `BASE HEAD`; skips empty lines and comments (#), and returns every other wrong line."""
    rows = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1)]
    rows = [(number, words) for number, words in rows if words and not words[0].startswith("#")]
    asked = [words for _, words in rows if len(words) == 2]  # noqa: PLR2004 - a pair
    commits = iter(repository.resolve_all([word for words in asked for word in words]))
    pairs: list[Pair] = []
    bad: list[BadLine] = []
    for number, words in rows:
        why = f"{len(words)} words instead of BASE HEAD"
        if len(words) == 2:  # noqa: PLR2004 - a pair
            base, head = next(commits), next(commits)
            if base and head:
                pairs.append((base, head))
                continue
            why = f"git does not know {words[1] if base else words[0]}"
        bad.append(BadLine(number, " ".join(words), why))
    return pairs, bad


def refuse_bad_lines(bad: Sequence[BadLine], where: str) -> None:
    """Raise for the lines that are wrong, each by its number."""
    if bad:
        raise ConfigurationError(
            f"{len(bad)} lines of the pair file are wrong",
            where=where,
            why="\n".join(f"line {line.number}: {line.why} ({line.text})" for line in bad),
            next_step="correct the lines, or skip them with --keep-going",
        )


@dataclass
class Coverage:
    """Counts over the pairs of a replay: dead rules, paths without an owner, targets that change together.

    Attributes:
        pairs: how many comparisons were made.
        builds: how often each target would have been built in them.
        matched: rules that matched a path.
        unowned: path -> number of comparisons in which it had no owner.
        together: (target, target) -> number of comparisons in which both changed.
    """

    project: Project
    rules: Rules
    pairs: int = 0
    builds: Counter[str] = field(default_factory=Counter)
    matched: set[str] = field(default_factory=set)
    unowned: Counter[str] = field(default_factory=Counter)
    together: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.builds.update({target.name: 0 for target in self.project.targets})

    def add(self, paths: Iterable[str], changed: tuple[str, ...]) -> None:
        """Count one comparison."""
        self.pairs += 1
        self.builds.update(changed)
        self.together.update(combinations(changed, 2))
        for path in paths:
            owners = self.rules.owners(path)
            self.matched.update(owners.values())
            if not owners and not self.rules.is_ignored(path):
                self.unowned[path] += 1

    @property
    def silent(self) -> list[tuple[str, tuple[str, ...]]]:
        """The rules that matched no path, each with its targets."""
        return [(rule, names) for rule, names in self.rules.all_rules() if rule not in self.matched]
