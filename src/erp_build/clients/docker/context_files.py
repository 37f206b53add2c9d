"""Which files of a folder are sent to the builder, and why a file is not."""

import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path

from erp_build.config.read_file import read_file
from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.globs import is_pattern, path_glob
from erp_build.formats.dockerfile.ignore import DockerIgnore
from erp_build.formats.dockerfile.lint import Finding, sources_of_nothing
from erp_build.formats.dockerfile.sources import in_context

IGNORE_FILE = ".dockerignore"
SENT_KINDS = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
"""No sockets, pipes and devices: none of them can be a part of an image, and reading a pipe never ends."""


class ContextFiles:
    """What is sent of a folder.

    Raises `BuildFailed` where the folder cannot be read, or Docker refuses its .dockerignore.

    Args:
        folder: of the build context.
        dockerfile: its name from the folder on; it is sent even if it is excluded, as is the `.dockerignore`.
            `<dockerfile>.dockerignore` beside it comes before the `.dockerignore` of the folder, as in BuildKit.
        never: names in the folder that are not sent in any case.
    """

    def __init__(self, folder: Path, dockerfile: str, never: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._never = never
        own = f"{dockerfile}{IGNORE_FILE}"
        self._ignore_file = own if (folder / own).is_file() else IGNORE_FILE
        self._ignore = self._read_ignore()
        self.links: set[str] = set()
        sent = {name for name, is_sent in self._walked("") if is_sent}
        self.sent = tuple(sorted(sent))
        """What is not excluded: all that a COPY can take."""

        kept = {name for name in (dockerfile, IGNORE_FILE) if (folder / name).is_file() and not name.startswith("../")}
        self.names = tuple(sorted(sent | kept))

    def missing_sources(self, text: str, *, classic: bool = True) -> tuple[Finding, ...]:
        """COPY and ADD of a Dockerfile that certainly find nothing, and the line that excludes what is there.

        Args:
            text: the Dockerfile.
            classic: whether the classic builder reads it.
        """
        found = sources_of_nothing(text, self.names, self.links, classic=classic)
        told = (self._told(finding) for finding in found)
        return tuple(finding for finding in told if finding.is_certain)

    def _told(self, finding: Finding) -> Finding:
        excluded = next(self._excluded(in_context(finding.name)), None)
        if excluded is None:
            return finding
        path, line = excluded
        what = finding.what.partition(": ")[0]
        there = "it" if path == in_context(finding.name) else path
        why = f"{there} exists, but {self._ignore_file} line {line} excludes it"
        return Finding(finding.line, f"{what}: {why}", finding.name, is_excluded=True)

    def _excluded(self, source: str) -> Iterator[tuple[str, int]]:
        """The files that a source of COPY would take if they were sent, with the lines that exclude them."""
        for path in self._on_disk(source):
            if line := self._ignore.line_excluding(path):
                yield path, line

    def _on_disk(self, source: str) -> Iterator[str]:
        found = [""]
        for part in source.split("/"):
            matches = path_glob(part).matches if is_pattern(part) else part.__eq__
            found = [posixpath.join(above, name) for above in found for name in self._listed(above) if matches(name)]
        yield from found

    def _walked(self, folder: str) -> Iterator[tuple[str, bool]]:
        """Everything below a folder, and whether it is sent; a folder is, where anything in it is."""
        for name in self._listed(folder):
            path = posixpath.join(folder, name)
            mode = (self._folder / path).lstat().st_mode
            if path in self._never or stat.S_IFMT(mode) not in SENT_KINDS:
                continue
            is_sent = self._ignore.line_excluding(path) is None
            if stat.S_ISLNK(mode):
                self.links.add(path)
            if stat.S_ISDIR(mode) and (is_sent or self._ignore.may_have_exceptions(path)):
                below = list(self._walked(path))
                yield from below
                is_sent = is_sent or any(sent for _, sent in below)
            yield path, is_sent

    def _listed(self, folder: str) -> list[str]:
        path = self._folder / folder
        if not path.is_dir() or (folder and path.is_symlink()):
            return []
        try:
            return sorted(entry.name for entry in path.iterdir())
        except OSError as error:
            raise BuildFailed(
                "a folder of the build context cannot be read",
                where=str(path),
                why=str(error),
                next_step=f"give the right to read it, or name it in {IGNORE_FILE}",
            ) from error

    def _read_ignore(self) -> DockerIgnore:
        path = self._folder / self._ignore_file
        try:
            return DockerIgnore(read_file(path).decode("utf-8", "replace"))
        except FileNotFoundError:
            return DockerIgnore("")
        except (OSError, ValueError) as error:
            raise BuildFailed(
                "Docker cannot read the .dockerignore", where=str(path), why=str(error), next_step="correct the line"
            ) from error
