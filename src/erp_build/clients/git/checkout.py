"""Compares the files of a checkout with a commit by their bytes.

Neither the index nor a setting of Git is asked: a damaged index, `assume-unchanged`, `skip-worktree`, `core.fileMode`
and `core.autocrlf` all make `git status` call something clean that is not what a clean checkout has.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from erp_build.clients.git.attributes import (
    LFS_POINTER_SIZE,
    attributes_of,
    blob_identifier,
    doubt_of,
    is_pointer,
)
from erp_build.model.source_file import (
    EXECUTABLE_MODE,
    FILE_MODE,
    MISSING_MODE,
    SUBMODULE_MODE,
    SYMLINK_MODE,
    CheckedFile,
    SourceFile,
)

if TYPE_CHECKING:
    from erp_build.clients.git.attributes import Attributes
    from erp_build.clients.git.repository import GitRepository

ATTRIBUTES_FILE = ".gitattributes"
GIT_FOLDER = ".git"
OUTPUT = b"target"
"""The folder that Maven makes beside a pom; a file there that the commit has is compared all the same."""

WRAPPER = "mvnw"
NO_FILE = "is neither a file nor a link nor a folder"
POINTER = "is a pointer of Git LFS, whose content the source does not have"

LFS_CHECKED = LFS_POINTER_SIZE + 1
"""Bytes that are read to see whether a file is a pointer: one more than a pointer has."""

Wanted = Callable[[str], bool]


def compare(
    repository: GitRepository, tree: Collection[SourceFile], wanted: Wanted, places: Iterable[str]
) -> Iterator[CheckedFile]:
    """Return the files of a commit that are wanted, as they lie here, then whatever else lies in the places.

    Args:
        repository: whose checkout is compared.
        tree: all files of the commit.
        wanted: whether a path counts.
        places: files and folders that are looked through for what the commit does not have.
    """
    files = [file for file in tree if wanted(file.path)]
    has_attributes = any(file.path.rpartition("/")[2] == ATTRIBUTES_FILE for file in tree)
    attributes = attributes_of(repository.folder, [file.path for file in files]) if has_attributes else {}
    for file in files:
        if file.mode == SUBMODULE_MODE:
            yield _checked_module(repository, file)
        else:
            yield _checked(repository.folder, file, attributes.get(file.path, {}))
    known = {file.path: file.mode for file in tree}
    for path in dict.fromkeys(other for place in places for other in _others(repository.folder, place, known)):
        if wanted(path):
            # What it holds does not matter, and may be large: a folder of libraries that somebody downloaded.
            yield CheckedFile(SourceFile(MISSING_MODE, "", path), "is not in the commit", differs=True)


def source_file(root: str, path: str, like: str = "") -> tuple[SourceFile, bytes]:
    """A file as it lies here, and its content: of a link where it leads to. Raises OSError."""
    place = place_of(root, path)
    mode = os.lstat(place).st_mode
    if stat.S_ISLNK(mode):
        content = os.readlink(place)
        return SourceFile(SYMLINK_MODE, blob_identifier(content, like), path), content
    if not stat.S_ISREG(mode):
        # Reading a pipe would wait for ever.
        raise OSError(NO_FILE)
    with open(place, "rb") as file:
        content = file.read()
    executable = EXECUTABLE_MODE if mode & stat.S_IXUSR else FILE_MODE
    return SourceFile(executable, blob_identifier(content, like), path), content


def as_it_lies(root: str, file: SourceFile) -> CheckedFile:
    """A file of a source without Git, which nothing can be compared with."""
    if file.mode == SYMLINK_MODE:
        return CheckedFile(file, leads_to=_leads_to(root, file.path))
    place = place_of(root, file.path)
    with open(place, "rb") as opened:
        return CheckedFile(file, doubt=POINTER if is_pointer(opened.read(LFS_CHECKED)) else "")


def place_of(root: str, path: str) -> bytes:
    """Where a path lies on the disk, whatever the locale."""
    return os.path.join(os.fsencode(root), path.encode("utf-8", "surrogateescape"))


def _checked(root: str, file: SourceFile, attributes: Attributes) -> CheckedFile:
    try:
        found, content = source_file(root, file.path, file.identifier)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        why = "is not there" if missing else error.strerror or str(error)
        return CheckedFile(file._replace(mode=MISSING_MODE), why, differs=True)
    if found.mode != (file.mode if file.mode in (SYMLINK_MODE, EXECUTABLE_MODE) else FILE_MODE):
        return _with_other_mode(found, file)
    if found.mode == SYMLINK_MODE:
        differs = found.identifier != file.identifier
        return CheckedFile(found, "leads elsewhere" if differs else "", differs, _leads_to(root, file.path))
    doubt, differs = doubt_of(file.identifier, content, attributes)
    return CheckedFile(found, doubt, differs)


def _with_other_mode(found: SourceFile, file: SourceFile) -> CheckedFile:
    doubt = f"has the mode {found.mode}, in the commit {file.mode}"
    # Many pipelines say `chmod +x mvnw` first, and Maven makes the same of the same wrapper.
    is_wrapper = file.path.rpartition("/")[2] == WRAPPER and found.mode == EXECUTABLE_MODE
    if is_wrapper and found.identifier == file.identifier:
        return CheckedFile(found, f"{doubt} (git update-index --chmod=+x {file.path})")
    return CheckedFile(found, doubt, differs=True)


def _checked_module(repository: GitRepository, file: SourceFile) -> CheckedFile:
    """A submodule, whose own files are compared with its own commit."""
    module = repository.submodule(file.path)
    if not module.has_metadata():
        return CheckedFile(file._replace(mode=MISSING_MODE), "is a submodule that is not checked out", differs=True)
    if module.resolve("HEAD") != file.identifier:
        return CheckedFile(file._replace(mode=MISSING_MODE), "is a submodule at another commit", differs=True)
    for inner in module.checked_out(list(module.source_files(file.identifier)), lambda _: True, [""]):
        if inner.doubt:
            doubt = f"is a submodule in which {inner.file.path} {inner.doubt}"
            return CheckedFile(file._replace(identifier=inner.file.identifier), doubt, inner.differs)
    return CheckedFile(file)


def _others(root: str, place: str, known: Mapping[str, str]) -> Iterator[str]:
    """The files at or below a place that the commit does not have, but for what a build makes."""
    full = place_of(root, place) if place else os.fsencode(root)
    if place and (os.path.islink(full) or not os.path.isdir(full)):
        if os.path.lexists(full) and place not in known:
            yield place
    elif known.get(place) != SUBMODULE_MODE:
        yield from _others_below(full, f"{place}/" if place else "", known)


def _others_below(folder: bytes, prefix: str, known: Mapping[str, str]) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        # Nobody knows what is in there.
        yield prefix.rstrip("/")
        return
    has_pom = any(entry.name == b"pom.xml" for entry in entries)
    for entry in entries:
        path = prefix + entry.name.decode("utf-8", "surrogateescape")
        if not entry.is_dir(follow_symlinks=False):
            if path not in known and path != GIT_FOLDER:
                yield path
        elif path != GIT_FOLDER and known.get(path) != SUBMODULE_MODE and not (has_pom and entry.name == OUTPUT):
            yield from _others_below(entry.path, f"{path}/", known)


def _leads_to(root: str, path: str) -> tuple[str, ...]:
    """Where a link leads by its own words, and where one arrives through all links behind it."""
    place = place_of(root, path)
    base = os.path.realpath(os.fsencode(root))
    said = os.path.join(os.path.dirname(os.path.join(base, place_of("", path))), os.readlink(place))
    ways = (os.path.normpath(said), os.path.realpath(place))
    return tuple(_from(base, way) for way in dict.fromkeys(ways))


def _from(base: bytes, way: bytes) -> str:
    return os.path.relpath(way, base).decode("utf-8", "surrogateescape")
