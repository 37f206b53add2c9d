"""Rules: which target owns a path. A change of a path is a change of its owners."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Protocol

from erp_build.formats.patterns import composed, fixed_directory, matches
from erp_build.model.change import TargetChange
from erp_build.model.packaging import context_of, dockerfile_of, has_wider_context, is_maven, packaging_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from erp_build.changes.build_context.taken import ContextRules, Taken
    from erp_build.model.project import Chart, Function, Project, Service

ATTRIBUTES_FILE, MAVEN_FOLDER = ".gitattributes", ".mvn"
"""What Git and Maven read from the folders above a service as well."""

CONFIGURATION, MAVEN_SETTINGS = "build configuration", "Maven's settings"
"""How the rule of the configuration file begins, and that of a `.mvn` above a service."""


class Modules(Protocol):
    """What the targets take by way of Maven."""

    def owners(self, path: str) -> Mapping[str, str]:
        """The targets that take a file, each with the rule."""

    def below(self, folder: str) -> Mapping[str, str]:
        """The targets that take something below a folder."""


class Rules:
    """The rules of a project; a look-up costs the same for any number of targets, and is cached per directory.

    Args:
        project: whose targets own paths.
        ignored: whether the project ignores a path; needed only with `ignore` patterns.
        contexts: what builds may take out of a context that is more than a target's own directory; None: all of it.

    Attributes:
        modules: what the targets take by way of Maven, in the commits that are looked at; None: nobody has looked.
    """

    modules: Modules | None = None

    def __init__(
        self,
        project: Project,
        ignored: Callable[[str], bool] | None = None,
        contexts: Iterable[Taken] | None = None,
    ) -> None:
        self._built = tuple(target.name for target in project.image_targets)
        self._by_directory: dict[str, dict[str, str]] = {}
        self._patterns: list[tuple[str, tuple[str, ...], str]] = []
        self._config = composed(project.config_path)
        for target in project.targets:
            self._by_directory.setdefault(composed(target.path), {})[target.name] = f"{target.path}/**"
        for chart in project.charts:
            for outside in values_outside(chart):
                self._by_directory.setdefault(composed(outside), {})[chart.name] = f"values: {outside}"
        for pattern in project.shared:
            self._add_pattern(pattern, self._built, f"shared: {pattern}")
        for image_target in project.image_targets:
            for pattern in image_target.inputs:
                self._add_pattern(pattern, (image_target.name,), f"input: {pattern}")
            for pattern in packaging_of(image_target, project.packagings).inputs if project.packagings else ():
                self._add_pattern(pattern, (image_target.name,), f"{image_target.package}: {pattern}")
            # Of thousands of targets few name a file outside.
            if image_target.context or image_target.dockerfile.startswith("../"):
                for file in files_outside(image_target):
                    self._add_pattern(file, (image_target.name,), f"image: {file}")
        self._paths = {target.name: composed(target.path) for target in project.image_targets if is_maven(target)}
        self._contexts = _context_rules(project, contexts)
        self._ignored = ignored
        self._known: dict[str, dict[str, str]] = {"": {}}

    def owners(self, path: str) -> dict[str, str]:
        """Return the targets that own a path, each with its rule; decomposed names of macOS equal composed ones."""
        as_given, path = path, composed(path)
        if self._ignored and self._ignored(path):
            return {}
        # The path itself is looked up as a directory: a service's directory may have become a file or a submodule.
        owners = self._of_directory(path)
        for pattern, names, rule in self._patterns:
            if matches(pattern, path):
                # A target that owns the path by its directory keeps that rule.
                owners = {**dict.fromkeys(names, rule), **owners}
        if path == self._config:
            owners = {**dict.fromkeys(self._built, f"{CONFIGURATION}: {path}"), **owners}
        if (folder := folder_read_from_below(path)) is not None:
            owners = {**self._below(folder, path), **owners}
        if self._contexts:
            owners = {**self._contexts.owners(path), **owners}
        if self.modules and (taken := self.modules.owners(as_given)):
            owners = {**taken, **owners}
        return owners

    def is_ignored(self, path: str) -> bool:
        """Whether the project ignores a path, which then has no owner and needs none."""
        return self._ignored is not None and self._ignored(composed(path))

    def all_rules(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return every rule with its targets."""
        found: dict[str, list[str]] = {}
        for owners in self._by_directory.values():
            for name, rule in owners.items():
                found.setdefault(rule, []).append(name)
        for _, names, rule in self._patterns:
            found.setdefault(rule, []).extend(names)
        for rule, name in self._contexts.all_rules() if self._contexts else ():
            found.setdefault(rule, []).append(name)
        return [(rule, tuple(names)) for rule, names in found.items()]

    def touched(self, paths: Iterable[str]) -> set[str]:
        """Return the names of the targets that own at least one of the paths."""
        return {name for path in paths for name in self.owners(path)}

    def _below(self, folder: str, path: str) -> dict[str, str]:
        """The images with files below a folder, which its `.gitattributes` or `.mvn` applies to."""
        start = f"{folder}/" if folder else ""
        if path.endswith(ATTRIBUTES_FILE):
            found = {name for place, names in self._by_directory.items() if place.startswith(start) for name in names}
            own = {name: f"attributes: {path}" for name in self._built if name in found}
        else:
            names = (name for name, place in self._paths.items() if place.startswith(start))
            own = dict.fromkeys(names, f"{MAVEN_SETTINGS}: {start}{MAVEN_FOLDER}/**")
        if self.modules is None or len(own) == len(self._built):
            return own
        return {**self.modules.below(folder), **own}

    def _of_directory(self, directory: str) -> dict[str, str]:
        known = self._known.get(directory)
        if known is None:
            parent = self._of_directory(directory.rpartition("/")[0])
            own = self._by_directory.get(directory)
            known = self._known[directory] = {**parent, **own} if own else parent
        return known

    def _add_pattern(self, pattern: str, names: tuple[str, ...], rule: str) -> None:
        if directory := fixed_directory(pattern):
            owners = self._by_directory.setdefault(composed(directory), {})
            owners.update({name: rule for name in names if name not in owners})
        else:
            self._patterns.append((composed(pattern), names, rule))


def files_outside(target: Service | Function) -> tuple[str, ...]:
    """The files that say how the image is made and lie outside of the target's directory."""
    dockerfile = dockerfile_of(target)
    files = (dockerfile, f"{dockerfile}.dockerignore", posixpath.join(context_of(target), ".dockerignore"))
    return tuple(file for file in files if not file.startswith(f"{target.path}/"))


def _context_rules(project: Project, contexts: Iterable[Taken] | None) -> ContextRules | None:
    """The rules of contexts; None where every target has its own directory, for which nothing is imported."""
    if not any(map(has_wider_context, project.image_targets)):
        return None
    from erp_build.changes.build_context.taken import ContextRules, whole_contexts

    return ContextRules(whole_contexts(project.image_targets) if contexts is None else contexts)


def values_path(chart: Chart) -> str:
    """The path of a chart's last values file, which may lie beside the chart."""
    return posixpath.normpath(f"{chart.path}/{chart.values}")


def values_outside(chart: Chart) -> tuple[str, ...]:
    """The paths of the values files that lie beside the chart."""
    paths = (posixpath.normpath(f"{chart.path}/{file}") for file in (*chart.below, chart.values))
    return tuple(path for path in paths if not path.startswith(f"{chart.path}/"))


def folder_read_from_below(path: str) -> str | None:
    """The folder of a `.gitattributes` or a `.mvn`, which counts for what lies below it; None for any other file."""
    folder, _, name = path.rpartition("/")
    if name == ATTRIBUTES_FILE:
        return folder
    start, found, _ = f"/{path}".partition(f"/{MAVEN_FOLDER}/")
    return start[1:] if found else None


def ignore_of(project: Project) -> Callable[[str], bool] | None:
    """A function that tells whether a path is ignored, or None for a project that ignores nothing.

    The `ignore` patterns have the meaning that they have in a .gitignore.
    """
    if not project.ignore:
        return None
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(map(composed, project.ignore))
    # pathspec's `*` stops at a line end, Git's does not. No path holds a NUL, so it can stand for a line end.
    return lambda path: spec.match_file(composed(path).replace("\n", "\0"))


def attribute(rules: Rules, paths: Iterable[str]) -> tuple[dict[str, tuple[TargetChange, ...]], tuple[str, ...]]:
    """Attribute each changed path to its owners; the second value lists the paths without an owner."""
    found: dict[str, list[TargetChange]] = {}
    unowned = []
    for path in sorted(set(paths)):
        owners = rules.owners(path)
        if not owners and not rules.is_ignored(path):
            unowned.append(path)
        for name, rule in owners.items():
            found.setdefault(name, []).append(TargetChange(path=path, rule=rule))
    return {name: tuple(changes) for name, changes in found.items()}, tuple(unowned)
