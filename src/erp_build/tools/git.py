"""Git: short reading commands through the program, fetching of a missing commit through GitPython."""

import os
import subprocess
from pathlib import Path

from erp_build.errors import ConfigurationError, ErpBuildError
from erp_build.tools.process import child_environment


class GitRepository:
    """The repository whose work tree (or bare folder) is `root`.

    The caller's GIT_* variables are not passed on, since those of a hook would redirect every command; the folder is
    declared safe for these commands alone, so that a checkout owned by another user can be read.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._environment = child_environment(
            # Only the root itself: in a repository further up, no path would belong to any target.
            GIT_CEILING_DIRECTORIES=str(self.root.parent),
            GIT_CONFIG_COUNT="1",
            GIT_CONFIG_KEY_0="safe.directory",
            GIT_CONFIG_VALUE_0=str(self.root),
            GIT_OPTIONAL_LOCKS="0",
            GIT_TERMINAL_PROMPT="0",
        )

    def has_metadata(self) -> bool:
        """Whether the root is a repository itself; one further up is somebody else's."""
        code, output = self._run("rev-parse", "--show-toplevel", "--is-bare-repository")
        if code == 0:
            return Path(os.fsdecode(output.splitlines()[0])).resolve() == self.root
        return self._run("rev-parse", "--is-bare-repository")[1].strip() == b"true"

    def resolve(self, revision: str) -> str | None:
        """The full commit of a revision, or None; what looks like an option is a revision that does not exist."""
        code, output = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        commit = output.decode("ascii").strip()
        # `^HEAD` resolves to the exclusion of a commit.
        return commit if code == 0 and not commit.startswith("^") else None

    def has_commit(self, commit: str) -> bool:
        """Whether the commit and its tree can be read; one that is missing is asked of the remote."""
        if self._reads(commit):
            return True
        # A depth would cut the history of a full clone at this commit.
        return self._fetch(commit, depth=1 if self._is_shallow() else None) and self._reads(commit)

    def changed_paths(self, base: str, head: str) -> tuple[str, ...]:
        """The paths that differ between two trees.

        Plumbing, so that no setting of the user changes the answer; without renames, so that a moved file counts on
        both sides; NUL-separated, so that no name is quoted. Bytes that are no UTF-8 come as surrogates.
        """
        code, output = self._run("diff-tree", "-r", "-z", "--name-only", "--no-renames", base, head, "--")
        if code:
            raise ErpBuildError("git cannot compare two commits", where=str(self.root), why=f"{base} and {head}")
        return tuple(_text(path) for path in output.split(b"\0") if path)

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` contains `old`; a commit that cannot be read is no ancestor.

        A shallow clone that says no may only lack the commits between the two: it is completed first.
        """
        if self._contains(new, old):
            return True
        return self._is_shallow() and self._fetch(old, new, unshallow=True) and self._contains(new, old)

    def upstream_base(self, head: str) -> str | None:
        """The merge base of a commit and the upstream of the current branch."""
        code, output = self._run("merge-base", head, "@{upstream}")
        return output.decode("ascii").strip() if code == 0 else None

    def uncommitted(self) -> tuple[str, ...]:
        """Tracked files that differ from head; a moved one is two."""
        code, output = self._run("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames")
        return tuple(_text(line[3:]) for line in output.split(b"\0") if line) if code == 0 else ()

    def _reads(self, commit: str) -> bool:
        return self._run("cat-file", "-e", f"{commit}^{{tree}}")[0] == 0

    def _contains(self, new: str, old: str) -> bool:
        return self._run("merge-base", "--is-ancestor", old, new)[0] == 0

    def _is_shallow(self) -> bool:
        return self._run("rev-parse", "--is-shallow-repository")[1].strip() == b"true"

    def _fetch(self, *commits: str, depth: int | None = None, unshallow: bool = False) -> bool:
        import git

        try:
            with git.Repo(self.root) as repository:
                ours = {name: value for name, value in self._environment.items() if name.startswith("GIT_")}
                repository.git.update_environment(**ours)
                remote = next(iter(repository.remotes), None)
                if remote is None:
                    return False
                remote.fetch(list(commits), depth=depth, unshallow=unshallow, no_tags=True)
        except (git.GitError, ValueError):
            # The remote does not have it, or cannot be asked: the caller goes on without and says so.
            return False
        return True

    def _run(self, *arguments: str) -> tuple[int, bytes]:
        try:
            done = subprocess.run(
                ["git", "-C", str(self.root), *arguments], env=self._environment, capture_output=True, check=False
            )
        except FileNotFoundError as error:
            raise ConfigurationError(
                "there is no git", where="PATH", why=str(error), next_step="install git 2.30 or newer"
            ) from error
        return done.returncode, done.stdout


def _text(path: bytes) -> str:
    """A path as it stands in erp-build.toml, whatever the locale."""
    return path.decode("utf-8", "surrogateescape")
