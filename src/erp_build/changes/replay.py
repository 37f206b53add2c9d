"""Replay: compares many pairs of commits with one Git process, and says which targets each pair changes."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from erp_build.changes.rules import Rules
from erp_build.clients.git.repository import GitRepository
from erp_build.errors import ConfigurationError
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


def replay(history: GitRepository, project: Project, rules: Rules, pairs: Sequence[Pair]) -> Iterator[Replayed]:
    """Return what each pair changes, in the order of the pairs."""
    names = tuple(target.name for target in project.targets)
    for (base, head), differing in zip(pairs, history.compare_pairs(pairs) if pairs else (), strict=True):
        paths = tuple(change.path for change in differing)
        touched = rules.touched(paths)
        yield Replayed(base, head, tuple(name for name in names if name in touched), paths)


def read_pairs(history: GitRepository, text: str) -> tuple[list[Pair], list[BadLine]]:
    """Read lines of `BASE HEAD`; skips empty lines and comments (#), and returns every other wrong line."""
    rows = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1)]
    rows = [(number, words) for number, words in rows if words and not words[0].startswith("#")]
    asked = [words for _, words in rows if len(words) == 2]  # noqa: PLR2004 - a pair
    commits = iter(history.resolve_all([word for words in asked for word in words]))
    pairs: list[Pair] = []
    bad: list[BadLine] = []
    for number, words in rows:
        if len(words) != 2:  # noqa: PLR2004 - a pair
            bad.append(BadLine(number, " ".join(words), f"{len(words)} words instead of BASE HEAD"))
            continue
        base, head = next(commits), next(commits)
        if base is None or head is None:
            unknown = words[0] if base is None else words[1]
            bad.append(BadLine(number, " ".join(words), f"git does not know {unknown}"))
        else:
            pairs.append((base, head))
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
