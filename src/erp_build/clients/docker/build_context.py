"""The build context as a reproducible tar: sorted, without times, owners and umask."""

import io
import posixpath
import stat
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from erp_build.clients.docker.context_files import ContextFiles
from erp_build.clients.docker.spring_layers import APPLICATION_LAYER, LayeredJar
from erp_build.config.read_file import read_file
from erp_build.formats.dockerfile.lint import Finding
from erp_build.formats.dockerfile.rewrite import jar_name, with_layers
from erp_build.model.packaging import context_of, dockerfile_of
from erp_build.model.project import Function, Service

FILE_MODE, EXECUTABLE_MODE = 0o644, 0o755
OWN_FOLDER = ".erp-build"
"""The folder of a context for generated files; no service has a folder of this name."""

REWRITTEN_DOCKERFILE = f"{OWN_FOLDER}/Dockerfile"
"""The name of the generated Dockerfile in a context."""


GIT_FOLDER = ".git"
"""Never sent: no content key counts it, and its configuration may hold what a checkout was made with."""


def sent_mode(mode: int) -> int:
    """The mode that a file of the disk has in an image: of a mode Git keeps only the executable bit.

    What the umask or a setuid bit of a checkout makes of it would be another image of the same commit.
    """
    return EXECUTABLE_MODE if stat.S_ISDIR(mode) or mode & 0o100 else FILE_MODE


def context_for(root: Path, target: Service | Function) -> "Context":
    """The context of a target: the folder that its `context` names, by default its own directory."""
    folder = context_of(target)
    return Context(root / folder, posixpath.relpath(dockerfile_of(target), folder or "."))


def layer_folders(layered: LayeredJar) -> dict[str, str]:
    """The layers of a jar, and the folder of a context for each."""
    return {layer: f"{OWN_FOLDER}/{place}-{layer}" for place, layer in enumerate(layered.layers)}


class Context:
    """The files of a folder that an image is built from, without what its .dockerignore excludes.

    Args:
        folder: the folder.
        dockerfile: from the folder on; one that lies outside of it begins with `../`, and is sent as a generated file.
            `<dockerfile>.dockerignore` beside it comes before the `.dockerignore` of the folder, as in BuildKit.
    """

    def __init__(self, folder: Path, dockerfile: str) -> None:
        self.folder = folder
        self.dockerfile = dockerfile
        self._files = ContextFiles(folder, dockerfile, never=(GIT_FOLDER,))
        self.names = self._files.names
        self.unsent = tuple(sorted({*self.names} - {*self._files.sent}))
        """The Dockerfile and the `.dockerignore` where they are excluded: the builder reads them, and no COPY does."""

    @property
    def is_outside(self) -> bool:
        """Whether the Dockerfile does not lie in the folder."""
        return self.dockerfile.startswith("../")

    def missing_sources(self, text: str, *, classic: bool = True) -> tuple[Finding, ...]:
        """COPY and ADD of a Dockerfile that certainly find nothing; `classic`: the classic builder reads it."""
        return self._files.missing_sources(text, classic=classic)

    def write(self, spool: IO[bytes], rewritten: str | None = None) -> str:
        """Write the tar, rewind the file, and return the name of the Dockerfile in it: the rewritten one, if any."""
        if rewritten is None and self.is_outside:
            rewritten = read_file(self.folder / self.dockerfile).decode("utf-8-sig")
        with _tar(spool) as tar:
            self._add(tar, self.names)
            if rewritten is not None:
                _add_bytes(tar, REWRITTEN_DOCKERFILE, rewritten.encode())
        spool.seek(0)
        return self.dockerfile if rewritten is None else REWRITTEN_DOCKERFILE

    def write_layered(self, spool: IO[bytes], text: str, jar: Path) -> str:
        """Write the tar with the layers of a jar in place of it, and a Dockerfile of this text that takes them."""
        name = jar.relative_to(self.folder).as_posix()
        path = self.folder / self.dockerfile
        with LayeredJar(jar) as layered, _tar(spool) as tar:
            self._add(tar, (item for item in self.names if item != name))
            folders = layer_folders(layered)
            for layer, folder in folders.items():
                for library, open_library, size in layered.libraries(layer):
                    with open_library() as stream:
                        _add_file(tar, f"{folder}/{library}", stream, size)
            small = f"{folders[APPLICATION_LAYER]}/{jar_name(text, name, str(path))}"
            with tempfile.TemporaryFile() as application:
                layered.write_application(application)
                size = application.tell()
                application.seek(0)
                _add_file(tar, small, application, size)
            rewritten = with_layers(text, name, tuple(folders.values()), str(path))
            _add_bytes(tar, REWRITTEN_DOCKERFILE, rewritten.encode())
        spool.seek(0)
        return REWRITTEN_DOCKERFILE

    def _add(self, tar: tarfile.TarFile, names: Iterable[str]) -> None:
        for name in names:
            tar.add(self.folder / name, name, recursive=False, filter=self._reproducible)

    def _reproducible(self, entry: tarfile.TarInfo) -> tarfile.TarInfo:
        # Times and owners differ between checkouts.
        entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
        entry.mode = EXECUTABLE_MODE if entry.isdir() else sent_mode(entry.mode)
        if entry.islnk():
            # A hard link is written as a file, so that links on the disk do not change the image.
            size = (self.folder / entry.name).stat().st_size
            entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", size
        return entry


def _tar(spool: IO[bytes]) -> tarfile.TarFile:
    return tarfile.open(fileobj=spool, mode="w", format=tarfile.PAX_FORMAT)


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    _add_file(tar, name, io.BytesIO(content), len(content))


def _add_file(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, FILE_MODE
    tar.addfile(entry, content)
