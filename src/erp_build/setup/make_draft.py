"""Puts together what `init` finds in a repository: its targets, its chart, and what is not supported."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from erp_build.config.grammar import NAMES
from erp_build.config.image_targets import default_values_key
from erp_build.formats.dockerfile.lint import sources_of_nothing_yet
from erp_build.formats.maven.pom import POM_FILE
from erp_build.model.packaging import NONE, OUTPUT
from erp_build.setup.charts import ImageKey, charts_of, key_of
from erp_build.setup.chosen_charts import ChosenChart, choose_charts
from erp_build.setup.draft import NOTHING, Draft, DraftTarget, Found
from erp_build.setup.hints import Hints
from erp_build.setup.images import DOCKERFILE_ALONE, ImageFolder, builds_itself, image_folders, runs_maven
from erp_build.setup.taken import inputs_of, shared_folders, taken_by
from erp_build.setup.tree import Tree

TWICE = "its Dockerfile calls Maven itself: the jar is made twice; copy target/*.jar instead"
NO_REPOSITORY, NO_FUNCTION = re.compile(r"[^a-z0-9]++"), re.compile(r"[^A-Za-z0-9_-]")
"""What the names of ECR and Lambda have not; of what ECR allows between letters, `-` alone is taken."""


def make_draft(tree: Tree) -> Draft:
    """Return what there is to build and to deploy."""
    found, refused = image_folders(tree)
    folders = [folder for folder in found if _can_be_named(folder)]
    odd = tuple(f"{folder.path}: erp_build cannot name this folder" for folder in found if folder not in folders)
    hints = Hints(tree)
    names = _names(folders)
    words = {folder.path: _words(tree, folder.path, names) for folder in folders}
    chosen = choose_charts(tree, hints, charts_of(tree), words)
    paths = [folder.path for folder in folders]
    sources = {
        folder.path: _Sources(tree, hints, chosen.of(words[folder.path]), paths, len(folders) == 1 and not refused)
        for folder in folders
    }
    targets = [
        target
        for folder in folders
        for target in _targets(sources[folder.path], folder, names[folder.path], words[folder.path])
    ]
    taken = {one.value for path in paths for one in taken_by(tree, path, paths)}
    return Draft(
        parameters=hints.parameters(),
        targets=tuple(sorted(targets, key=lambda target: target.kind)),
        shared=shared_folders(tree, paths, taken),
        charts=tuple(one.draft for one in chosen.charts),
        unsupported=(*refused, *odd, *chosen.told),
    )


def _can_be_named(folder: ImageFolder) -> bool:
    files = (*folder.dockerfiles, *folder.lambdas)
    return (
        NAMES["directory"].accepts(folder.path)
        and all(map(NAMES["file"].accepts, files))
        and (
            NAMES["target"].accepts(posixpath.basename(folder.path))
            and NAMES["target"].accepts(folder.path.replace("/", "-"))
        )
    )


def _names(folders: Sequence[ImageFolder]) -> dict[str, str]:
    """Folder -> name: its last part, or the whole path where that is not the only one."""
    last = Counter(posixpath.basename(folder.path) for folder in folders)
    return {
        folder.path: name if last[name := posixpath.basename(folder.path)] == 1 else folder.path.replace("/", "-")
        for folder in folders
    }


def _words(tree: Tree, path: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """What a service may be called in a values file: without what all names begin with, too."""
    pom = tree.pom(path)
    common = posixpath.commonprefix(list(names.values())).rpartition("-") if len(names) > 1 else ("", "", "")
    name = names[path]
    return tuple(filter(None, (name, name.removeprefix(f"{common[0]}-"), pom.artifact if pom else "")))


class _Sources(NamedTuple):
    """What a target is made from: its chart, if there is one, and whether its folder is the only one."""

    tree: Tree
    hints: Hints
    chart: ChosenChart | None
    folders: Sequence[str]
    is_only_folder: bool

    @property
    def keys(self) -> Sequence[ImageKey]:
        """The image keys of the chart's values file."""
        return self.chart.keys if self.chart else ()

    @property
    def values(self) -> str:
        """The path of the chart's values file; empty: there is none."""
        return self.chart.values if self.chart else ""

    def named_chart(self, found: ImageKey | None) -> Found:
        """Of several charts the name of this one; without a key that shows it, it is a guess."""
        name = self.chart.draft.name if self.chart else ""
        return Found(name, self.values if found else "") if name else NOTHING


def _targets(sources: _Sources, folder: ImageFolder, name: str, words: Sequence[str]) -> Iterator[DraftTarget]:
    """The targets of a folder: a service, a function, or both where it has a Dockerfile for each."""
    found = key_of(words, sources.keys)
    is_service = bool(folder.dockerfiles) and not (folder.lambdas and (found is None or found.is_off))
    if is_service:
        yield _service(sources, folder, name, found)
    if folder.lambdas:
        yield _function(sources, folder, f"{name}-lambda" if is_service else name, words)


def _service(sources: _Sources, folder: ImageFolder, name: str, found: ImageKey | None) -> DraftTarget:
    if found is None and sources.is_only_folder and len(sources.keys) == 1:
        # One service and one image: they belong together whatever they are called.
        found = sources.keys[0]
    notes = []
    if found and found.refused:
        notes.append(f"{sources.values}: {found.key}: {found.refused}")
    elif sources.values and found is None:
        notes.append(f"{sources.values} names no image of it: add one, or correct values_key")
    usable = found if found and not found.refused else None
    package = _package(sources.tree, folder, folder.dockerfiles[0])
    return DraftTarget(
        name=name,
        path=folder.path,
        kind="eks",
        dockerfile=folder.dockerfiles[0],
        package=package,
        context=_context(sources.tree, folder.path, folder.dockerfiles[0]),
        why=_why(sources.tree, folder, folder.dockerfiles),
        repository=Found(found.repository, sources.values) if found and found.repository else _repository(name),
        values_key=Found(usable.key, sources.values) if usable else Found(default_values_key(name)),
        inputs=inputs_of(sources.tree, folder.path, sources.folders, is_maven=not package.value),
        chart=sources.named_chart(found),
        notes=(*notes, *_notes(sources, folder, folder.dockerfiles[0])),
    )


def _function(sources: _Sources, folder: ImageFolder, name: str, words: Sequence[str]) -> DraftTarget:
    hinted = (sources.hints.function(word) for word in words)
    function = next((one for one in hinted if one.value), Found(""))
    notes = () if function.value else ("no file names its function in Lambda: correct `function`",)
    repository = sources.hints.repository(words[0])
    package = _package(sources.tree, folder, folder.lambdas[0])
    return DraftTarget(
        name=name,
        path=folder.path,
        kind="lambda",
        dockerfile=folder.lambdas[0],
        package=package,
        context=_context(sources.tree, folder.path, folder.lambdas[0]),
        why=_why(sources.tree, folder, folder.lambdas),
        repository=repository if repository.value else _repository(name),
        function=function if function.value else Found(NO_FUNCTION.sub("-", posixpath.basename(folder.path))[:64]),
        inputs=inputs_of(sources.tree, folder.path, sources.folders, is_maven=not package.value),
        chart=sources.named_chart(key_of(words, sources.keys)),
        notes=(*notes, *_notes(sources, folder, folder.lambdas[0])),
    )


def _repository(name: str) -> Found:
    """A repository that ECR can have, named as the target is."""
    return Found(NO_REPOSITORY.sub("-", name.lower()).strip("-") or "image")


def _package(tree: Tree, folder: ImageFolder, dockerfile: str) -> Found:
    """The packager where it is not Maven, which is the default."""
    if folder.tool:
        return Found(NONE, f"no pom.xml in {folder.path}: the Dockerfile does it all")
    if builds_itself(tree.text(posixpath.join(folder.path, dockerfile))):
        return Found(NONE, f"{dockerfile} calls Maven itself, and takes no jar")
    return NOTHING


def _context(tree: Tree, path: str, dockerfile: str) -> Found:
    """The root, where a Dockerfile copies what is there and not in its own folder."""
    text = tree.text(posixpath.join(path, dockerfile))
    own = [one.removeprefix(f"{path}/") for one in tree.paths if one.startswith(f"{path}/")]
    if not sources_of_nothing_yet(text, own) or sources_of_nothing_yet(text, tree.paths, f"{path}/{OUTPUT}"):
        return NOTHING
    return Found(".", f"{dockerfile} copies what lies below the root")


def _why(tree: Tree, folder: ImageFolder, dockerfiles: Sequence[str]) -> str:
    others = f"; also there: {', '.join(dockerfiles[1:])}" if len(dockerfiles) > 1 else ""
    if folder.tool:
        how = f", with {folder.tool}" if folder.tool != DOCKERFILE_ALONE else ""
        return f"{dockerfiles[0]} makes its image{how}{others}"
    lineage = [pom for _, pom in tree.lineage(folder.path)]
    is_boot = any(pom.has_boot_plugin for pom in lineage)
    what = "a Spring Boot program" if is_boot else f"a {lineage[0].packaging}"
    return f"{posixpath.join(folder.path, POM_FILE)} makes {what}, {dockerfiles[0]} its image{others}"


def _notes(sources: _Sources, folder: ImageFolder, dockerfile: str) -> Iterator[str]:
    path, tree = folder.path, sources.tree
    text = tree.text(posixpath.join(path, dockerfile))
    is_maven = not _package(tree, folder, dockerfile).value
    if runs_maven(text) and is_maven:
        yield TWICE
    if not _context(tree, path, dockerfile).value:
        files = [one.removeprefix(f"{path}/") for one in tree.paths if one.startswith(f"{path}/")]
        for finding in sources_of_nothing_yet(text, files, OUTPUT if is_maven else ""):
            yield f"{dockerfile}:{finding.line}: {finding.what}, which is {path}"
    yield from (
        f"it contains {other}: a change there counts for both"
        for other in sources.folders
        if other.startswith(f"{path}/")
    )
