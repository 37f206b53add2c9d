"""Reads which libraries are in a jar: each nested jar once, with its digest, and never whole in memory."""

import hashlib
import zlib
from pathlib import Path
from tempfile import SpooledTemporaryFile
from zipfile import BadZipFile, ZipFile

from erp_build.formats.evidence.library import is_library, library_of, properties_within
from erp_build.formats.spring_jar import MANIFEST, marks_of
from erp_build.model.images.evidence import Application, Library

IN_MEMORY = 8 << 20
"""Bytes of a nested jar that are kept in memory while it is read; a larger one goes to a temporary file."""

CHUNK = 1 << 20
LARGEST_TEXT = 1 << 20
"""Bytes of a manifest or of properties that are read; a larger one says nothing."""

UNREADABLE = (BadZipFile, OSError, NotImplementedError, RuntimeError, zlib.error, EOFError)
"""What zipfile raises for what is no jar, is cut off, encrypted, or packed in a way that nobody reads."""

NO_JAR = "it is not made of a jar of Maven, so that its libraries are not known"
NO_LIBRARIES = "the jar holds no other jars: its libraries are unpacked in it, or lie beside it"


def application_of(name: str, jar: Path | None, path: str = "") -> Application:
    """What is in the jar of a target.

    Args:
        name: of the target.
        jar: its file; None: it has none.
        path: of the jar in the repository.
    """
    if jar is None:
        return Application(name, unknown=NO_JAR)
    try:
        with jar.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with ZipFile(jar) as archive:
            names = archive.namelist()
            own = _read(archive, path or jar.name, sha256)
            libraries = [_nested(archive, entry) for entry in sorted(set(names)) if is_library(entry)]
            is_whole = libraries or not marks_of(names, _text(archive, MANIFEST)).is_whole
    except UNREADABLE as error:
        return Application(name, unknown=f"its jar cannot be read: {type(error).__name__}")
    # A jar that others are unpacked into names them, if at all, as artifacts within itself.
    return Application(name, own, tuple(libraries), "" if is_whole else NO_LIBRARIES)


def _nested(archive: ZipFile, entry: str) -> Library:
    with SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
        digest = hashlib.sha256()
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                copy.write(chunk)
        copy.seek(0)
        try:
            with ZipFile(copy) as nested:
                return _read(nested, entry, digest.hexdigest())
        except UNREADABLE:
            # Spring Boot takes any file into lib that has this ending.
            return library_of(entry, digest.hexdigest(), {}, b"")


def _read(jar: ZipFile, path: str, sha256: str) -> Library:
    found = {name: _text(jar, name) for name in properties_within(jar.namelist())}
    return library_of(path, sha256, found, _text(jar, MANIFEST))


def _text(jar: ZipFile, name: str) -> bytes:
    try:
        with jar.open(name) as stream:
            content = stream.read(LARGEST_TEXT + 1)
    except KeyError:
        return b""
    return content if len(content) <= LARGEST_TEXT else b""
