"""The poms of the commits of a repository, each derived from what is known of another one.

Nothing is read where two commits differ in no pom, and only what differs where they do.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from erp_build.changes.modules.kept import KeptPoms
from erp_build.changes.modules.poms import Poms
from erp_build.errors import ErpBuildError
from erp_build.model.commit import is_full_commit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from erp_build.clients.git.maven_files import MavenFile
    from erp_build.clients.git.repository import GitRepository
    from erp_build.model.change import PathChange

GONE = "000000"
KEY_BYTES = 16

AMONG = (":(glob)**/pom.xml", ":(glob)**/.mvn/*")
"""The files that a comparison for the graph looks for, in Git's pathspecs."""


class PomsOfCommits:
    """The poms of commits.

    Args:
        repository: is read.
    """

    def __init__(self, repository: GitRepository) -> None:
        self._repository = repository
        self._kept = KeptPoms(repository.folder)
        self._known: dict[str, Poms] = {}

    def at(self, commit: str) -> Poms:
        """The poms of a commit, or of what a revision names."""
        if not is_full_commit(commit):
            commit = self._repository.resolve(commit) or commit
        return self._of(commit) or self._from_another(commit) or self._from_scratch(commit)

    def between(self, base: str, head: str, changes: Iterable[PathChange]) -> tuple[Poms, ...]:
        """The poms of both sides of a comparison, those of head first; one where they are the same.

        Args:
            base: full commit.
            head: full commit.
            changes: what differs between them.
        """
        if (known := self._of(base)) and not self._of(head):
            found = self._derived(known, head, changes), known
        else:
            after = self.at(head)
            found = after, self._of(base) or self._derived(after, base, map(_reversed, changes))
        return tuple({one.key: one for one in reversed(found)}.values())[::-1]

    def learn(self, commits: Sequence[str]) -> None:
        """Make the poms of many commits known, by one comparison for all."""
        if not (unknown := [commit for commit in dict.fromkeys(commits) if not self._of(commit)]):
            return
        first = self.at(unknown[0])
        others = unknown[1:]
        names = () if first.uses is not None else tuple(f":(top,literal){path}" for path in first.graph.paths)
        pairs = [(unknown[0], commit) for commit in others]
        for commit, changes in zip(others, self._repository.compare_pairs(pairs, (*AMONG, *names)), strict=True):
            self._derived(first, commit, changes)

    def _of(self, commit: str) -> Poms | None:
        if commit not in self._known and (key := self._kept.commits.get(commit)):
            self._known[commit] = Poms(self._repository, commit, key, self._kept)
        return self._known.get(commit)

    def _from_another(self, commit: str) -> Poms | None:
        """The poms of a commit, derived from those of the one that was kept last, if that can still be read."""
        for other in [*self._known, *self._kept.commits][-1:]:
            try:
                changes = self._repository.changed_paths(other, commit)
            except ErpBuildError:
                return None
            known = self._of(other)
            found = self._derived(known, commit, changes) if known else None
            if found:
                self._kept.remember([commit], found.key)
            return found
        return None

    def _from_scratch(self, commit: str) -> Poms:
        from erp_build.clients.git.maven_files import maven_files

        files = maven_files(self._repository, commit)
        key = _key(0, [_of_file(path, file.identifier) for path, file in files.items()])
        found = self._known[commit] = Poms(self._repository, commit, key, self._kept, files=files)
        self._kept.remember([commit], key)
        return found

    def _derived(self, known: Poms, commit: str, changes: Iterable[PathChange]) -> Poms:
        """The poms of a commit that differs from one whose poms are known."""
        differing = [change for change in changes if known.counts(change.path)]
        if not differing:
            self._known[commit] = known
            return known
        after = [_of_file(one.path, one.after) for one in differing if one.mode != GONE]
        before = [-_of_file(one.path, one.before) for one in differing if one.status != "A"]
        # Where poms have other names, those that differ may not be all that count.
        other = _of_file(commit, "") if known.uses is None else 0
        key = _key(int(known.key, 16), [*after, *before, other])
        found = self._known[commit] = Poms(
            self._repository, commit, key, self._kept, before=(known, cache(lambda: self._read(differing)))
        )
        self._kept.remember([commit], key)
        return found

    def _read(self, differing: Sequence[PathChange]) -> dict[str, MavenFile | None]:
        from erp_build.clients.git.maven_files import contents

        there = {one.path: one.after for one in differing if one.mode != GONE}
        with self._repository.objects() as objects:
            return {**dict.fromkeys(one.path for one in differing), **contents(self._repository, objects, there)}


def poms_of(repository: GitRepository) -> PomsOfCommits:
    """The poms of a repository's commits, remembered with it."""
    found: PomsOfCommits = repository.memory.setdefault("poms", PomsOfCommits(repository))
    return found


def _reversed(change: PathChange) -> PathChange:
    status = {"A": "D", "D": "A"}.get(change.status, change.status)
    return change._replace(status=status, mode=GONE if status == "D" else "", before=change.after, after=change.before)


def _of_file(path: str, identifier: str) -> int:
    from hashlib import blake2b

    text = f"{identifier} {path}".encode("utf-8", "surrogateescape")
    return int.from_bytes(blake2b(text, digest_size=KEY_BYTES).digest(), "big")


def _key(before: int, changes: Iterable[int]) -> str:
    """The key of a set of poms: a sum, so that what was added and taken away since is enough to know it."""
    return f"{(before + sum(changes)) % (1 << 8 * KEY_BYTES):0{2 * KEY_BYTES}x}"
