"""The project's `ignore` patterns, with the meaning that they have in a .gitignore."""

from collections.abc import Callable

from erp_build.model.project import Project


def ignore_of(project: Project) -> Callable[[str], bool] | None:
    """A function that tells whether a path is ignored, or None for a project that ignores nothing."""
    if not project.ignore:
        return None
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(project.ignore)
    # The library's `*` stops at a line end, Git's does not; no path holds a NUL, so that it may stand for one.
    return lambda path: spec.match_file(path.replace("\n", "\0"))
