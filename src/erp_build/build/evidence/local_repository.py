"""Coordinates of libraries by Maven's local repository: a file of the same name and the same bytes lies there.

Jars that Gradle or Ant has made, such as Spring's own, do not say their group. The path by which Maven found them does.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from erp_build.model.images.evidence import Application, Library

FOLDER = "~/.m2/repository"
"""Where Maven keeps it, unless its settings say otherwise; then nothing is found, and the groups stay unknown."""


def with_coordinates(application: Application, folder: Path | None = None) -> Application:
    """The same application, with the coordinates of libraries that do not say them and that Maven has fetched.

    Args:
        application: as its jar says.
        folder: the local repository; None: the user's.
    """
    nameless = {Path(one.path).name: one for one in application.libraries if not one.group}
    if not nameless:
        return application
    root = folder or Path(os.path.expanduser(FOLDER))  # noqa: PTH111 - no home is no error here
    known = dict(_found(root, nameless))
    return application._replace(libraries=tuple(known.get(one.path, one) for one in application.libraries))


def _found(root: Path, nameless: Mapping[str, Library]) -> Iterator[tuple[str, Library]]:
    """Path in the jar -> the library with its coordinates: `group/as/folders/name/version/file`."""
    # The same walk on every machine, should two groups have the very same file.
    for place, folders, files in os.walk(root):
        folders.sort(reverse=True)
        for name in nameless.keys() & set(files):
            library, (*group, artifact, version) = nameless[name], _parts(root, place)
            if group and artifact and _is_same(Path(place, name), library.sha256):
                found = library._replace(
                    name=artifact, version=version, group=".".join(group), known_by="Maven's local repository"
                )
                yield library.path, found


def _parts(root: Path, place: str) -> tuple[str, ...]:
    parts = Path(place).relative_to(root).parts
    return parts if len(parts) > 2 else ("", "")  # noqa: PLR2004 - group, name, version


def _is_same(file: Path, sha256: str) -> bool:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except OSError:
        return False
