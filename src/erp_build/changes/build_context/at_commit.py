"""The rules of a project as a commit completes them: by what its Dockerfiles take out of wider contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_build.changes.rules import Rules, ignore_of
from erp_build.config.read_file import read_file
from erp_build.model.packaging import has_wider_context
from erp_build.model.source_file import EXECUTABLE_MODE, FILE_MODE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from erp_build.changes.build_context.taken import Taken
    from erp_build.clients.git.repository import GitRepository
    from erp_build.model.project import Function, Project, Service


def rules_at(repository: GitRepository, project: Project, commit: str) -> Rules:
    """The rules of a project for a commit."""
    wider = [target for target in project.image_targets if has_wider_context(target)]
    return Rules(project, ignore_of(project), taken_at(repository, commit, wider) if wider else ())


def taken_at(repository: GitRepository, commit: str, targets: Iterable[Service | Function]) -> tuple[Taken, ...]:
    """What the builds of some targets may take, by the Dockerfiles of a commit; without Git, by those on the disk."""
    from erp_build.changes.build_context.taken import taken_by, texts_needed

    targets = tuple(targets)
    texts = _texts(repository, commit, {path for target in targets for path in texts_needed(target)})
    return tuple(taken_by(target, texts) for target in targets)


def _texts(repository: GitRepository, commit: str, paths: Collection[str]) -> dict[str, str]:
    if not paths:
        return {}
    if not repository.has_metadata():
        return {path: read_file(repository.root / path).decode("utf-8", "replace")
                for path in paths if (repository.root / path).is_file()}  # fmt: skip
    # A link is left out: whoever takes everything takes what it leads to.
    blobs = {
        file.path: file.identifier
        for file in repository.source_files(commit)
        if file.path in paths and file.mode in (FILE_MODE, EXECUTABLE_MODE)
    }
    if not blobs:
        return {}
    # Imported here: most projects have no such context.
    from erp_build.clients.git.objects import texts

    return texts(repository, blobs)
