"""The content key of each target, over the files that Maven and its Dockerfile will read; none where that is in doubt.

A key is that of the clean tree. So the checkout is compared with the commit first: a file that the commit has not, or
has differently, takes the key away, and so does one of which nobody can tell what a clean checkout has.
"""

import posixpath
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from erp_build.changes.build_context.at_commit import taken_at
from erp_build.changes.build_context.taken import Taken
from erp_build.changes.content_key import content_key
from erp_build.changes.detect import SOME, same_but_tags
from erp_build.changes.modules.checkout import graphs_of_checkout
from erp_build.changes.modules.of_commits import poms_of
from erp_build.changes.modules.uses import ModuleUses
from erp_build.changes.rules import (
    ATTRIBUTES_FILE,
    MAVEN_FOLDER,
    MAVEN_SETTINGS,
    Rules,
    files_outside,
    folder_read_from_below,
    ignore_of,
    values_outside,
    values_path,
)
from erp_build.clients.git.attributes import blob_identifier
from erp_build.clients.git.repository import GitRepository
from erp_build.formats.patterns import fixed_part, spellings
from erp_build.model.packaging import NONE, has_wider_context, is_maven, packaging_of
from erp_build.model.project import Chart, Project, Target
from erp_build.model.source_file import MISSING_MODE, CheckedFile, SourceFile


class TargetKey(NamedTuple):
    """The key of a target, or why it has none.

    Attributes:
        key: empty if there is none.
        doubts: the files that take it away, each with the reason.
        is_dirty: whether the checkout is not what the commit has, so that an image of it is none of the commit.
    """

    key: str
    doubts: tuple[str, ...] = ()
    is_dirty: bool = False

    def warning(self, target: Target) -> str:
        """What a reader of the plan should know of a target without a key."""
        some = "; ".join(self.doubts[:SOME]) + (f"; and {len(self.doubts) - SOME} more" if self.doubts[SOME:] else "")
        if isinstance(target, Chart):
            then = "its release names no commit" if self.is_dirty else "without a baseline it is deployed again"
        else:
            then = "it is built anew, and its tag says dirty" if self.is_dirty else "it is built anew"
        return f"{target.name} has no content key, so {then}: {some}"


def target_keys(
    repository: GitRepository, project: Project, head: str, targets: Iterable[Target], *, checkout: bool = True
) -> dict[str, TargetKey]:
    """The keys of some targets.

    Args:
        repository: is read.
        project: whose targets they are; its configuration file itself is no input.
        head: the commit.
        targets: those that need a key.
        checkout: whether the checkout is what would be built; otherwise only the commit counts.
    """
    project = project._replace(config_path="")
    wanted = {target.name: target for target in targets}
    taken = _taken(repository, head, project, wanted)
    wider = {target.name for target in project.image_targets if has_wider_context(target)}
    rules = Rules(project, ignore_of(project), [one for name, one in taken.items() if name in wider])
    files = list(repository.source_files(head))
    graphs = graphs_of_checkout(repository, head, files) if checkout else (poms_of(repository).at(head),)
    modules = rules.modules = ModuleUses(graphs, wanted.values())
    inputs: dict[str, list[tuple[CheckedFile, str]]] = {name: [] for name in wanted}

    def is_wanted(path: str) -> bool:
        return not wanted.keys().isdisjoint(rules.owners(path))

    if checkout:
        found = repository.checked_out(files, is_wanted, places_of(project, wanted.values(), modules, taken))
    else:
        found = (CheckedFile(file) for file in files)
    for checked in found:
        for name, rule in rules.owners(checked.file.path).items():
            if name in wanted and not _is_out(project, wanted[name], taken, checked.file):
                inputs[name].append((_with_committed_tags(repository, project, head, wanted[name], checked), rule))
    return {name: _key(project, rules, target, inputs[name]) for name, target in wanted.items()}


def _taken(repository: GitRepository, head: str, project: Project, wanted: Collection[str]) -> dict[str, Taken]:
    """What builds may take that see more, or less, than the directory of their target."""
    asked = [target for target in project.image_targets if has_wider_context(target) or target.package == NONE]
    return {one.target: one for one in taken_at(repository, head, [one for one in asked if one.name in wanted])}


def _is_out(project: Project, target: Target, taken: Mapping[str, Taken], file: SourceFile) -> bool:
    """Whether a file that the commit does not have cannot get into the image: the build makes it, or never sees it."""
    if isinstance(target, Chart) or is_maven(target) or file.mode != MISSING_MODE or file.identifier:
        return False
    made = packaging_of(target, project.packagings).makes
    if made and file.path.startswith(f"{target.path}/{made}/"):
        return True
    return target.package == NONE and not taken[target.name].takes(file.path)


def places_of(
    project: Project,
    targets: Iterable[Target],
    modules: ModuleUses,
    taken: Mapping[str, Taken] = MappingProxyType({}),
) -> tuple[str, ...]:
    """The files and folders in which a target may have an input that its commit does not have."""
    found: dict[str, None] = {}
    for target in targets:
        found.update(dict.fromkeys(spellings(target.path)))
        if isinstance(target, Chart):
            found.update(dict.fromkeys((values_path(target), *values_outside(target))))
            continue
        made_from = packaging_of(target, project.packagings).inputs if project.packagings else ()
        outside = (*files_outside(target), *(taken[target.name].sources if target.name in taken else ()))
        for pattern in (*project.shared, *target.inputs, *made_from, *outside):
            found.update(dict.fromkeys(spellings(fixed_part(pattern))))
        found.update(dict.fromkeys(one.path for one in modules.inputs_of(target)))
        for folder in _above(target.path):
            found.update(dict.fromkeys((posixpath.join(folder, ATTRIBUTES_FILE), posixpath.join(folder, MAVEN_FOLDER))))
    return tuple(found)


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(len(parts))]


def _key(project: Project, rules: Rules, target: Target, inputs: list[tuple[CheckedFile, str]]) -> TargetKey:
    read = _read_by_maven(target, inputs)
    doubts = tuple(f"{one.file.path} {doubt}" for one in read if (doubt := _doubt(one, target, rules)))
    if doubts:
        return TargetKey("", doubts, is_dirty=any(one.differs for one in read))
    return TargetKey(content_key(target, (one.file for one in read), project.build, project.packagings))


def _read_by_maven(target: Target, inputs: Iterable[tuple[CheckedFile, str]]) -> list[CheckedFile]:
    """The inputs without a `.mvn` that Maven does not look at: from the service upwards it takes the first."""
    by_folder: dict[str | None, list[CheckedFile]] = {None: []}
    for checked, rule in inputs:
        path = checked.file.path
        own = path.startswith(f"{target.path}/{MAVEN_FOLDER}/")
        folder = folder_read_from_below(path) if rule.startswith(MAVEN_SETTINGS) or own else None
        by_folder.setdefault(folder, []).append(checked)
    others = by_folder.pop(None)
    nearest = max((folder for folder in by_folder if folder is not None), key=len, default=None)
    return [*others, *by_folder.get(nearest, ())]


def _doubt(checked: CheckedFile, target: Target, rules: Rules) -> str:
    if checked.doubt:
        return checked.doubt
    for way in checked.leads_to:
        if way == ".." or way.startswith("../"):
            return "is a link that leads out of the repository"
        if target.name not in rules.owners(way):
            return f"is a link to {way}, which is no input of {target.name}"
    return ""


def _with_committed_tags(
    repository: GitRepository, project: Project, head: str, target: Target, checked: CheckedFile
) -> CheckedFile:
    """The values file as the commit has it, if it differs only in the tags that a deployment wrote into it."""
    path = checked.file.path
    if not isinstance(target, Chart) or not checked.differs or path != values_path(target):
        return checked
    before, lies = repository.read_file(head, path), repository.root / path
    after = lies.read_bytes() if lies.is_file() else None
    if before is None or after is None or not same_but_tags(before, after, project):
        return checked
    identifier = blob_identifier(before, like=checked.file.identifier)
    return CheckedFile(checked.file._replace(identifier=identifier))
