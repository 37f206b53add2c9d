"""Reads a Git repository by commands of the `git` program."""

from __future__ import annotations

import os
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from erp_build.clients.git.answers import (
    USAGE,
    decoded,
    encoded,
    last_words,
    source_file_of,
    split_answers,
    without_user,
)
from erp_build.clients.git.command import (
    DIFF,
    PAIRS,
    RESOLVE,
    WITHOUT_INDEX,
    belongs_to_caller,
    git_environment,
    is_partial,
    is_repository,
    network_environment,
    run_git,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from erp_build.clients.git.diagnosis import Trouble
    from erp_build.clients.git.early_diff import EarlyDiff
    from erp_build.clients.git.objects import Objects
    from erp_build.errors import ConfigurationError
    from erp_build.model.change import PathChange
    from erp_build.model.source_file import CheckedFile, SourceFile


class GitRepository:
    """The repository whose work tree (or bare folder) is `root`.

    Args:
        root: of the repository; one further up is not searched for.
        early: a comparison that runs already; used for the same pair of commits.

    `folder` is its real path, `complaint` what Git said of its last failure, and `memory` what callers remember of it.
    """

    complaint = ""

    def __init__(self, root: Path | str, early: EarlyDiff | None = None) -> None:
        self.folder = os.path.realpath(root)
        self._early = early if early and early.root == self.folder else None
        self._compared: dict[tuple[str, str], tuple[PathChange, ...]] = {}
        self.memory: dict[str, Any] = {}

    @cached_property
    def root(self) -> Path:
        """The root of the repository. A path only on demand: a plan that just compares need not import pathlib."""
        from pathlib import Path

        return Path(self.folder)

    @cached_property
    def _environment(self) -> Mapping[str, str]:
        if not is_repository(self.folder) or belongs_to_caller(self.folder):
            own = git_environment(self.folder)
            # Any command of a partial clone may have to fetch, and to sign in for that.
            return network_environment(own) if is_partial(self.folder) else own
        from erp_build.clients.git.stand_in import StandIn

        try:
            # Kept, because its folder is removed with it.
            self._stand_in = StandIn(self.folder)
        except OSError:
            # Git is kept away from what we cannot read: it would wait for a pipe.
            return {**git_environment(self.folder), "GIT_DIR": os.devnull}
        return self._stand_in.environment

    def has_metadata(self) -> bool:
        """Whether the root is a repository itself that Git can read."""
        if not is_repository(self.folder):
            return False
        # Git decides: `.git` may be a file (worktree, submodule, CodeBuild's local cache), or be unreadable.
        compared = self._early is not None and self._early.output() is not None
        return compared or self._run("rev-parse", "--git-dir")[0] == 0

    def trouble(self, variables: Mapping[str, str]) -> Trouble:
        """Why there is no repository that Git can read, or no commit of it; the variables say whether it is a build."""
        from erp_build.clients.git.diagnosis import trouble_of

        return trouble_of(self.folder, self._environment, variables)

    def is_bare(self) -> bool:
        """Whether it is a repository without a checkout."""
        return not os.path.exists(os.path.join(self.folder, ".git")) and is_repository(self.folder)

    def is_shallow(self) -> bool:
        """Whether the history is cut off."""
        return self._run("rev-parse", "--is-shallow-repository")[1].strip() == b"true"

    def resolve(self, revision: str) -> str | None:
        """Return the full commit of a revision, or None; a text that looks like an option is no revision."""
        if self._early and (found := self._early.commit_of(revision)):
            return found
        return next(iter(self.resolve_all([revision])), None)

    def is_ambiguous(self, revision: str) -> bool:
        """Whether a tag and a branch have the name of a revision, and are two commits; Git takes the tag."""
        from erp_build.clients.git.early_diff import both_names

        if self._early and self._early.commit_of(revision):
            return revision in self._early.ambiguous
        names = both_names(revision)
        found = self.resolve_all(names) if names else []
        return len(set(found)) > 1 and None not in found

    def is_checked_out(self, commit: str) -> bool:
        """Whether a full commit is that of HEAD, and there is a checkout of it."""
        from erp_build.clients.git.early_diff import head_of

        return not self.is_bare() and commit == (head_of(self.folder) or self.resolve("HEAD"))

    def has_commit(self, commit: str) -> bool:
        """Whether the commit and its tree can be read; a missing one is fetched from the remote."""
        compared = self._early is not None and self._early.commit_of(commit) == commit
        if compared or self._reads(commit):
            return True
        # In a full clone a depth would cut the history at this commit.
        return self._fetch(commit, depth=1 if self.is_shallow() else None) and self._reads(commit)

    def changed_paths(self, base: str, head: str) -> tuple[PathChange, ...]:
        """Return the paths that differ between two trees; a moved file is two paths, and no name is quoted.

        The trees are compared, not the merge base (`A..B`, not `A...B`): a baseline that was force-pushed away may hold
        changes that head does not have.
        """
        if (base, head) not in self._compared:
            early = self._early
            if early and (early.base, early.head) == (base, head) and (output := early.output()) is not None:
                found = split_answers(output)
            else:
                found = self.compare_pairs([(base, head)])
            self._compared[base, head] = next(found)
        return self._compared[base, head]

    def compare_pairs(
        self, pairs: Sequence[tuple[str, str]], among: Sequence[str] = ()
    ) -> Iterator[tuple[PathChange, ...]]:
        """The changed paths of many (base, head) pairs, in their order, by one process; all, or those `among` some."""
        asked = "".join(f"{head} {base}\n" for base, head in pairs).encode("ascii")
        code, output = self._run(*DIFF, *PAIRS, "--", *among, given=asked, extra=WITHOUT_INDEX)
        answers = list(split_answers(output))
        if code or len(answers) != len(pairs):
            asked_for = " and ".join(pairs[0]) if len(pairs) == 1 else f"{len(pairs)} pairs"
            raise self._failure("git cannot compare two commits", asked_for)
        return iter(answers)

    def resolve_all(self, revisions: Sequence[str]) -> list[str | None]:
        """The full commits of many revisions, by one process; None where there is none."""
        # Revisions come from outside. As lines they are no options: `--output=FILE` would write a file.
        # One revision is one line. A revision with a line end names no commit, so an empty line stands for it.
        asked = "".join(f"{revision}^{{commit}}\n" if revision.isprintable() else "\n" for revision in revisions)
        _, output = self._run(*RESOLVE, given=encoded(asked))
        lines = output.decode("utf-8", "replace").splitlines()
        return [line.split()[0] if line.endswith(" commit") else None for line in lines]

    def first_parent_pairs(self, range_: str) -> list[tuple[str, str]]:
        """(first parent, commit) for every commit of `A..B` along first parents, oldest first; a root has no pair."""
        from erp_build.clients.git.ancestry import first_parent_pairs

        return first_parent_pairs(self, self._run, range_)

    def objects(self) -> Objects:
        """A process that reads objects, to be closed."""
        from erp_build.clients.git.objects import Objects

        return Objects(self.folder, self._environment)

    def complete(self, identifiers: Sequence[str]) -> None:
        """Fetch what a partial clone of the caller's own may lack of some objects, by one call for all."""
        if identifiers and is_partial(self.folder) and belongs_to_caller(self.folder):
            self._fetch(*identifiers)

    def read_file(self, commit: str, path: str) -> bytes | None:
        """A file of a commit, or None where it has none at this path."""
        code, output = self._run("cat-file", "blob", "--end-of-options", f"{commit}:{path}")
        return output if code == 0 else None

    def modes(self, commit: str, paths: Iterable[str]) -> dict[str, str]:
        """Those of the paths that are in a commit, and the folders above, each with its mode: 040000 is a folder."""
        words = ("--literal-pathspecs", "ls-tree", "-t", "-z", "--full-tree", "--end-of-options", commit)
        code, output = self._run(*words, *map(os.fsdecode, map(encoded, paths)))
        if code:
            raise self._failure("git cannot list a commit", commit)
        return {file.path: file.mode for file in map(source_file_of, filter(None, output.split(b"\0")))}

    def source_files(self, commit: str) -> Iterable[SourceFile]:
        """Return all files of a commit; without Git, the files on the disk."""
        if not self.has_metadata():
            from erp_build.clients.git.sources.work_tree import files_on_disk

            return files_on_disk(self.root)
        code, output = self._run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit)
        if code:
            raise self._failure("git cannot list a commit", commit)
        return [source_file_of(line) for line in output.split(b"\0") if line]

    def checked_out(
        self, files: Collection[SourceFile], wanted: Callable[[str], bool], places: Iterable[str]
    ) -> Iterable[CheckedFile]:
        """The wanted ones of a commit's files as they lie here, and what else lies in the places; without Git, all."""
        from erp_build.clients.git.checkout import as_it_lies, compare

        if self.has_metadata():
            return compare(self, files, wanted, places)
        return [as_it_lies(self.folder, file) for file in files if wanted(file.path)]

    def submodule(self, path: str) -> GitRepository:
        """The repository of a submodule."""
        return GitRepository(os.path.join(self.folder, path))

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` contains `old`; a commit that cannot be read is no ancestor.

        A shallow clone may say no because it lacks the commits in between, so it is unshallowed and asked again.
        """
        if self._contains(new, old):
            return True
        return self.is_shallow() and self._fetch(old, new, unshallow=True) and self._contains(new, old)

    def containing(self, old: str, commits: Collection[str]) -> frozenset[str]:
        """Those of some full commits that contain another one, as `is_ancestor` says it of each."""
        from erp_build.clients.git.ancestry import containing

        return containing(self, self._run, old, commits)

    def upstream_base(self, head: str) -> str | None:
        """The merge base of a commit and the upstream of the current branch; `complaint` says why there is none."""
        self.complaint = ""
        code, output = self._run("merge-base", "--end-of-options", head, "@{upstream}")
        if code == 1:
            self.complaint = "it has no commit in common with head"
        return output.decode("ascii").strip() if code == 0 else None

    def origin(self) -> str:
        """Where the repository comes from, without user and password; empty where it does not say."""
        code, output = self._run("config", "--get", "remote.origin.url")
        return without_user(output.decode("utf-8", "replace").strip()) if code == 0 else ""

    def uncommitted(self) -> tuple[str, ...] | None:
        """Tracked files that differ from head; a moved one is two. None where Git cannot say, as of a damaged index."""
        code, output = self._run(
            "status", "--porcelain", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=untracked"
        )
        if code:
            # Without `.git`, and in a bare repository, there is nothing to compare.
            return None if os.path.exists(os.path.join(self.folder, ".git")) else ()
        return tuple(decoded(line[3:]) for line in output.split(b"\0") if line)

    def _reads(self, commit: str) -> bool:
        return self._run("cat-file", "-e", "--end-of-options", f"{commit}^{{tree}}")[0] == 0

    def _contains(self, new: str, old: str) -> bool:
        # Exit code 1 means no, 128 that a commit cannot be read.
        return self._run("merge-base", "--is-ancestor", "--end-of-options", old, new)[0] == 0

    def _fetch(self, *commits: str, depth: int | None = None, unshallow: bool = False) -> bool:
        from erp_build.clients.git.remote.fetch import fetch_commits, remotes_to_ask

        where = (self.folder, self._environment, remotes_to_ask(lambda *words: decoded(self._run(*words)[1])))
        fetched, self.complaint = fetch_commits(*where, commits, depth=depth, unshallow=unshallow)
        return fetched

    def _run(
        self, *arguments: str, given: bytes = b"", extra: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, bytes]:
        words = ("-C", self.folder, *arguments)
        code, output, error = run_git(words, self.folder, {**self._environment, **extra}, given)
        if code:
            self.complaint = last_words(code, error)
        if code == USAGE:
            from erp_build.clients.git.diagnosis import unknown_words

            raise unknown_words(self.complaint)
        return code, output

    def _failure(self, what: str, asked_for: str) -> ConfigurationError:
        from erp_build.clients.git.diagnosis import failure

        return failure(self.folder, what, f"{asked_for}: {self.complaint}")
