"""The files of an image, out of its layers: read here by other means than the program's, to compare two images."""

import hashlib
import io
import posixpath
import tarfile
from collections.abc import Iterable, Mapping
from typing import IO, Any, NamedTuple

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
OF_THE_CONTAINER = ("Hostname", "Domainname", "Image")
"""What the classic builder writes of the containers that it made."""


class Place(NamedTuple):
    """What lies at a path; times are left out."""

    kind: str
    mode: int
    user: int
    group: int
    content: str = ""


class Image(NamedTuple):
    """An image: its configuration, and its layers as tars that are not compressed, the lowest first."""

    config: Mapping[str, Any]
    layers: tuple[bytes, ...]


def flattened(layers: Iterable[IO[bytes]]) -> dict[str, Place]:
    """Path -> what lies there, of all layers one over the other. The root itself is left out."""
    found: dict[str, Place] = {}
    for layer in layers:
        with tarfile.open(fileobj=layer) as tar:
            members = [(posixpath.normpath(f"/{member.name}").lstrip("/"), member) for member in tar]
            for path, _ in members:
                _take_away(found, path)
            for path, member in members:
                if path and not posixpath.basename(path).startswith(WHITEOUT):
                    _put(found, path, _place(tar, member, found))
    return found


def differences(of_engine: Image, ours: Image) -> list[str]:
    """What is not the same in two images of which the first one is right, a line each."""
    theirs, own = (flattened(map(io.BytesIO, image.layers)) for image in (of_engine, ours))
    paths = [path for path in sorted({*theirs, *own}) if theirs.get(path) != own.get(path)]
    found = [f"/{path}: {theirs.get(path)} is {own.get(path)}" for path in paths]
    settings, own_settings = _settings(of_engine), _settings(ours)
    names = [name for name in sorted({*settings, *own_settings}) if settings.get(name) != own_settings.get(name)]
    return [*found, *(f"{name}: {settings.get(name)} is {own_settings.get(name)}" for name in names)]


def _settings(image: Image) -> dict[str, Any]:
    """The machine, and what is set for a container; an empty value is none."""
    kept = {name: value for name, value in image.config["config"].items() if value and name not in OF_THE_CONTAINER}
    machine = {name: image.config.get(name) or "" for name in ("architecture", "os", "variant")}
    return {**machine, **kept}


def _take_away(found: dict[str, Place], path: str) -> None:
    folder, name = posixpath.split(path)
    if name == OPAQUE:
        gone = [one for one in found if one.startswith(f"{folder}/")]
    elif name.startswith(WHITEOUT):
        place = posixpath.join(folder, name.removeprefix(WHITEOUT))
        gone = [one for one in found if one == place or one.startswith(f"{place}/")]
    else:
        return
    for one in gone:
        del found[one]


def _put(found: dict[str, Place], path: str, place: Place) -> None:
    above = posixpath.dirname(path)
    while above and above not in found:
        found[above] = Place("folder", 0o755, 0, 0)
        above = posixpath.dirname(above)
    if place.kind != "folder":
        for one in [one for one in found if one.startswith(f"{path}/")]:
            del found[one]
    found[path] = place


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, found: Mapping[str, Place]) -> Place:
    owner = (member.uid, member.gid)
    if member.islnk():
        return found[posixpath.normpath(f"/{member.linkname}").lstrip("/")]
    if member.isdir():
        return Place("folder", member.mode & 0o7777, *owner)
    if member.issym():
        return Place("link", 0o777, *owner, member.linkname)
    file = tar.extractfile(member) if member.isreg() else None
    if file is None:
        return Place("other", member.mode & 0o7777, *owner)
    content = hashlib.sha256(file.read()).hexdigest()
    return Place("file", member.mode & 0o7777, *owner, f"{member.size} bytes, {content[:16]}")
