"""Follows the links of the targets: what lies behind one is an input, and what lies outside is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_build.changes.build_context.at_commit import rules_at
from erp_build.changes.modules.of_commits import poms_of
from erp_build.changes.modules.uses import ModuleUses
from erp_build.clients.git.links import links_of, links_on_disk
from erp_build.model.change import TargetChange
from erp_build.model.packaging import has_wider_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from erp_build.clients.git.links import Link
    from erp_build.clients.git.repository import GitRepository
    from erp_build.model.change import ChangeSet
    from erp_build.model.project import Project

FEW_TARGETS = 20
"""Up to so many, the folders of a checkout are looked through; otherwise Git lists the links of the commit."""

LINK_MODE = "120000"


def follow_links(repository: GitRepository, project: Project, changes: ChangeSet) -> ChangeSet:
    """Return the changes with those behind links, for the targets that have the links.

    Git sees the words of a link, and not that what it leads to has changed.
    """
    links = _links(repository, project, changes.head)
    if not links:
        return changes
    rules = rules_at(repository, project, changes.head)
    rules.modules = ModuleUses([poms_of(repository).at(changes.head)], project.image_targets)
    behind: list[tuple[str, str, list[str]]] = []
    warnings = []
    for link in links:
        owners = rules.owners(link.path)
        for way in link.ways if owners else ():
            if way in (".", "..") or way.startswith("../"):
                warnings.append(f"{link.path} is a link that leads out of the repository, where no change is seen")
            elif names := [name for name in owners if name not in rules.owners(way)]:
                behind.append((way, link.path, names))
    return _with_those_behind(repository, changes, behind, dict.fromkeys(warnings))


def _with_those_behind(
    repository: GitRepository,
    changes: ChangeSet,
    behind: Iterable[tuple[str, str, list[str]]],
    warnings: Iterable[str],
) -> ChangeSet:
    found: dict[str, dict[str, TargetChange]] = {}
    commits = {baseline.target: baseline.commit for baseline in changes.baselines if baseline.commit}
    for way, link, names in behind:
        for name in (name for name in names if commits.get(name, changes.head) != changes.head):
            for path in (one.path for one in repository.changed_paths(commits[name], changes.head)):
                if path == way or path.startswith(f"{way}/"):
                    found.setdefault(name, {}).setdefault(path, TargetChange(path, f"link: {link}"))
    owned = {path for paths in found.values() for path in paths}
    return changes._replace(
        changes={**changes.changes, **_merged(changes.changes, found)},
        unowned=tuple(path for path in changes.unowned if path not in owned),
        warnings=(*changes.warnings, *warnings),
    )


def _merged(
    before: Mapping[str, tuple[TargetChange, ...]], found: Mapping[str, Mapping[str, TargetChange]]
) -> dict[str, tuple[TargetChange, ...]]:
    return {name: tuple(sorted((*before.get(name, ()), *paths.values()))) for name, paths in found.items()}


def _links(repository: GitRepository, project: Project, head: str) -> list[Link]:
    """The links of the commit, as the checkout has them where it is that of the commit and not too large."""
    if not repository.has_metadata():
        return []
    has_contexts = any(map(has_wider_context, project.image_targets))
    if len(project.targets) <= FEW_TARGETS + 1 and not has_contexts and repository.is_checked_out(head):
        found = links_on_disk(repository.folder, (target.path for target in project.targets))
        if found is not None:
            return found
    blobs = {file.path: file.identifier for file in repository.source_files(head) if file.mode == LINK_MODE}
    if not blobs:
        return []
    # Imported here: most plans read no links of a commit.
    from erp_build.clients.git.objects import texts

    return links_of(texts(repository, blobs))
