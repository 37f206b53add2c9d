"""What a build may take out of its context: what the Dockerfile copies or mounts and .dockerignore does not exclude.

In doubt a file is taken: a variable without a value may be any path, and so may a Dockerfile that cannot be read.
"""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import NamedTuple

from erp_build.formats.dockerfile.ignore import DockerIgnore
from erp_build.formats.dockerfile.one_stage import as_built
from erp_build.formats.dockerfile.sources import copied_sources
from erp_build.formats.patterns import WILDCARDS, composed, fixed_part, matches
from erp_build.model.packaging import context_of, dockerfile_of, has_wider_context, within
from erp_build.model.project import Function, Service

IGNORE_FILE = ".dockerignore"
DOUBTFUL = "[\\"
"""Characters of a source's pattern that Docker reads otherwise than we do."""


class Taken(NamedTuple):
    """What a build may take out of its context.

    Attributes:
        target: whose build it is.
        context: the folder, from the repository's root; empty: the root.
        sources: patterns of paths from the root: what they match is taken, with everything below it. Empty: everything.
        excluded: whether .dockerignore excludes a path, which is relative to the context.
    """

    target: str
    context: str
    sources: tuple[str, ...]
    excluded: Callable[[str], bool]

    @property
    def rule(self) -> str:
        """How a rule names it."""
        return f"context: {self.context or '.'}/**"

    def takes(self, path: str) -> bool:
        """Whether a file of the repository may get into the image."""
        path = composed(path)
        inner = within(self.context, path)
        return inner is not None and any(map(partial(_covers, path), self.sources)) and not self.excluded(inner)


def texts_needed(target: Service | Function) -> tuple[str, str, str]:
    """The paths of the Dockerfile, of its own .dockerignore, and of that of the context."""
    dockerfile = dockerfile_of(target)
    return dockerfile, f"{dockerfile}{IGNORE_FILE}", posixpath.join(context_of(target), IGNORE_FILE)


def taken_by(target: Service | Function, texts: Mapping[str, str]) -> Taken:
    """What the build of a target may take.

    Args:
        target: any.
        texts: path -> text of those files that are there; a Dockerfile that is not there may take everything.
    """
    dockerfile, own, of_context = texts_needed(target)
    ignored = texts.get(own, texts.get(of_context, ""))
    sources = _sources(target, texts.get(dockerfile))
    return Taken(target.name, composed(context_of(target)), sources, excluded_by(ignored))


class ContextRules:
    """The owners of paths by way of a build context that is more than the target's own directory.

    Args:
        all_taken: what each such target may take.
    """

    def __init__(self, all_taken: Iterable[Taken]) -> None:
        self._by_folder: dict[str, list[Taken]] = {}
        self._all = tuple(all_taken)
        for taken in self._all:
            for folder in {composed(fixed_part(source)) for source in taken.sources}:
                self._by_folder.setdefault(folder, []).append(taken)

    def owners(self, path: str) -> dict[str, str]:
        """Target -> rule of those that may take a path (composed)."""
        found: dict[str, str] = {}
        for folder in _with_folders(path) if self._all else ():
            for taken in self._by_folder.get(folder, ()):
                if taken.target not in found and taken.takes(path):
                    found[taken.target] = taken.rule
        return found

    def all_rules(self) -> Iterator[tuple[str, str]]:
        """Each rule with its target."""
        return ((taken.rule, taken.target) for taken in self._all)


def whole_contexts(targets: Iterable[Service | Function]) -> Iterator[Taken]:
    """The contexts that are wider than their targets' directories, as long as nobody has read a Dockerfile."""
    return (taken_by(target, {}) for target in targets if has_wider_context(target))


@cache
def excluded_by(text: str) -> Callable[[str], bool]:
    """Whether a .dockerignore excludes a path, which is relative to the context; none that Docker refuses does."""
    try:
        ignore = DockerIgnore(text)
    except ValueError:
        return lambda _: False
    return lambda path: ignore.line_excluding(path) is not None


def _sources(target: Service | Function, text: str | None) -> tuple[str, ...]:
    """The patterns, from the repository's root, of what a Dockerfile copies and mounts."""
    context = composed(context_of(target))
    everything = (f"{context}/**" if context else "**",)
    if text is None:
        return everything
    found: dict[str, None] = {}
    for _, source in copied_sources(as_built(text, target.docker_target, dict(target.args))):
        # Nothing lies above the context: `../x` is `x`.
        inner = posixpath.normpath(f"/{source}").lstrip("/")
        if not inner or "$" in source:
            return everything
        found[composed(posixpath.join(context, _certain(inner)))] = None
    return tuple(found)


def _certain(pattern: str) -> str:
    """A pattern, cut before the first part that Docker reads otherwise than we do."""
    parts = pattern.split("/")
    doubtful = next((place for place, part in enumerate(parts) if any(char in part for char in DOUBTFUL)), len(parts))
    return "/".join((*parts[:doubtful], "**")) if doubtful < len(parts) else pattern


def _covers(path: str, source: str) -> bool:
    if not any(char in source for char in WILDCARDS):
        return path == source or path.startswith(f"{source}/")
    return any(matches(source, one) for one in _with_folders(path) if one)


def _with_folders(path: str) -> list[str]:
    """A path, the folders above it, and the root, which is empty; the root comes first."""
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(len(parts) + 1)]
