"""Why Git cannot read a repository: none is there, it lies further up, it is empty, unreadable or damaged."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from erp_build.clients.git.answers import last_words
from erp_build.clients.git.command import GIT_NAME, git_environment, git_folders, is_repository, run_git
from erp_build.errors import ConfigurationError

OLDEST_GIT = (2, 30)
VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})")
NO_COMMITS = "does not have any commits yet"
"""What Git says of a branch without a commit."""

CODEBUILD = "CODEBUILD_"
"""How the variables of a build begin: there a source without `.git` is a zip file that CodePipeline has made."""


class Trouble(NamedTuple):
    """Why there is no repository, or no commit of it.

    Attributes:
        what: for a sentence of the plan.
        next_step: what the reader can do now.
    """

    what: str
    next_step: str


def trouble_of(root: str, environment: Mapping[str, str], variables: Mapping[str, str]) -> Trouble:
    """Why Git reads no commit at a place.

    Args:
        root: where a repository should be, a real path.
        environment: of Git's commands for it.
        variables: the environment variables of the run.
    """
    if not is_repository(root):
        return _nothing_there(root, variables)
    if why := _unreadable(root):
        return Trouble(f"{GIT_NAME} cannot be read ({why})", "let the user who runs this read it")
    own, _ = git_folders(root)
    if not Path(own).is_dir():
        return Trouble(f"the file {GIT_NAME} names {own}, which is not there", "git worktree repair, or a new clone")
    code, _, error = run_git(("-C", root, "rev-parse", "--git-dir"), root, environment)
    if code:
        _require_new_enough(last_words(code, error))
        return _damaged(last_words(code, error))
    code, _, error = run_git(("-C", root, "log", "-1", "--format=%H"), root, environment)
    words = last_words(code, error)
    if code and NO_COMMITS in words:
        return Trouble("the repository has no commit yet", "git add and git commit, then plan again")
    return _damaged(words) if code else Trouble("HEAD names no commit", "git checkout a branch or a commit")


def repository_above(folder: str) -> str:
    """The nearest folder above that is the root of a repository, on the same file system; empty if there is none."""
    device = Path(folder).stat().st_dev
    for parent in Path(folder).parents:
        if parent.stat().st_dev != device:
            break
        if (parent / GIT_NAME).exists():
            return str(parent)
    return ""


def failure(root: str, what: str, said: str) -> ConfigurationError:
    """The error of a Git command that should not fail in a repository as it should be.

    Args:
        root: of the repository.
        what: cannot be done.
        said: Git's last words, and which commits it was asked about.
    """
    return ConfigurationError(
        what, where=root, why=said, next_step="git fsck names what is damaged; a new clone repairs it"
    )


def unknown_words(said: str) -> ConfigurationError:
    """The error of a command that this Git does not know."""
    _require_new_enough(said)
    return ConfigurationError(
        "git does not know a command of erp_build", where="PATH", why=said, next_step="install git 2.30 or newer"
    )


def _require_new_enough(said: str) -> None:
    code, output, _ = run_git(("--version",), "PATH", git_environment("/"))
    found = VERSION.search(output.decode("utf-8", "replace"))
    if not code and found and (int(found[1]), int(found[2])) < OLDEST_GIT:
        raise ConfigurationError(
            "git is too old",
            where="PATH",
            why=f"it is {found[0]}: {said}",
            next_step="install git 2.30 or newer, and look at `erp-build doctor`",
        )


def _nothing_there(root: str, variables: Mapping[str, str]) -> Trouble:
    if above := repository_above(root):
        return Trouble(
            f"this is a folder of the repository {above}, not its root",
            f"run in {above} or with --repo {above}, and keep erp-build.toml there: its paths count from the root",
        )
    if any(name.startswith(CODEBUILD) for name in variables):
        return Trouble(
            "the source has no .git (CODE_ZIP; choose full clone in the pipeline's source action)",
            "choose full clone (OutputArtifactFormat CODEBUILD_CLONE_REF) in the pipeline's source action",
        )
    return Trouble("this is not a Git repository: there is no .git here or further up", "run in a clone")


def _unreadable(root: str) -> str:
    """Why the files of the repository that Git reads first cannot be read; empty if they can, or are not there."""
    try:
        own, shared = map(Path, git_folders(root))
        for place in (own, shared):
            next(place.iterdir(), None)
        with (own / "HEAD").open("rb"):
            return ""
    except (FileNotFoundError, NotADirectoryError):
        # Git says what is missing.
        return ""
    except OSError as error:
        return f"{error.filename}: {error.strerror}"


def _damaged(said: str) -> Trouble:
    return Trouble(f"the repository is damaged ({said})", "git fsck names what is damaged; a new clone repairs it")
