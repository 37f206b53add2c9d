"""A Spring Boot jar, split by its own layer index: libraries by layer, and a small jar with the application.

The result holds what `java -Djarmode=tools -jar app.jar extract --layers` makes, without a second for starting a JVM.
Source: Spring Boot reference, "Efficient Container Images"; the jar's BOOT-INF/layers.idx and classpath.idx.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from erp_build.errors import BuildFailed
from erp_build.formats.spring_jar import LAYERS_INDEX, MANIFEST, attributes_of, marks_of, why_no_layers

LIBRARIES, CLASSES = "BOOT-INF/lib/", "BOOT-INF/classes/"
CLASS_PATH_INDEX = "BOOT-INF/classpath.idx"
LOADER_ENTRIES = ("org/springframework/boot/loader/", "META-INF/services/java.nio.file.spi.FileSystemProvider")
"""Entries that only the launcher of nested jars needs."""

DROPPED_ATTRIBUTES = (
    "Start-Class",
    "Spring-Boot-Classes",
    "Spring-Boot-Lib",
    "Spring-Boot-Classpath-Index",
    "Spring-Boot-Layers-Index",
)
APPLICATION_LAYER = "application"
PIECE_BYTES = 1 << 20
MANIFEST_LINE = re.compile(rb"^.{1,70}|.{1,69}")
"""What a line of a manifest holds: at most 72 bytes with its line end and the space of a continued line."""


class LayeredJar(AbstractContextManager["LayeredJar"]):
    """An executable jar of Spring Boot 3, opened; raises `BuildFailed` for one without an index of its layers."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = ZipFile(path)
            self._names = [entry.filename for entry in self._zip.infolist() if not entry.is_dir()]
            manifest = self._zip.read(MANIFEST)
            if why := why_no_layers(marks_of(self._names, manifest)):
                raise _no_layers(path, why)
            self._manifest = attributes_of(manifest)
            self._layers = _layers(self._zip.read(LAYERS_INDEX).decode("utf-8"))
        except (BadZipFile, KeyError, OSError, UnicodeDecodeError) as error:
            raise _no_layers(path, str(error)) from error

    def __exit__(self, *error: object) -> None:
        self._zip.close()

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that are not empty: what changes least comes first, the application last."""
        used = {self._layer_of(name) for name in self._names if name.startswith(LIBRARIES)} - {APPLICATION_LAYER}
        # A dict keeps the order of the index, and each layer once.
        return (*(layer for layer in dict.fromkeys(self._layers.values()) if layer in used), APPLICATION_LAYER)

    def libraries(self, layer: str) -> Iterator[tuple[str, Callable[[], IO[bytes]], int]]:
        """The libraries of a layer: path `lib/name.jar`, what opens it while the jar is open, and its size."""
        for name in sorted(self._names):
            if name.startswith(LIBRARIES) and self._layer_of(name) == layer:
                size = self._zip.getinfo(name).file_size
                yield f"lib/{name[len(LIBRARIES) :]}", partial(self._zip.open, name), size

    def write_application(self, file: IO[bytes]) -> None:
        """Write the small jar: the service's own classes, and a manifest that names the libraries beside it.

        Nothing in it is compressed. The layer is, and so the bytes do not depend on the version of a library.
        """
        folders, places = set[PurePosixPath](), {"", MANIFEST}
        with ZipFile(file, "w") as jar:
            jar.writestr(ZipInfo(MANIFEST), self._thin_manifest())
            for name in self._names:
                place = _place(name)
                # What lies in the jar and among its classes is taken once, as Java reads the first of two entries.
                if place not in places:
                    places.add(place)
                    # Spring scans a package by the entry of its folder, so folders need entries.
                    for folder in (*reversed(PurePosixPath(place).parents),)[1:]:
                        if folder not in folders:
                            jar.writestr(ZipInfo(f"{folder}/"), b"")
                            folders.add(folder)
                    self._copy(name, jar, place)

    def _copy(self, name: str, jar: ZipFile, place: str) -> None:
        found = self._zip.getinfo(name)
        entry = ZipInfo(place, found.date_time)
        entry.file_size = found.file_size
        with self._zip.open(name) as content, jar.open(entry, "w") as copy:
            shutil.copyfileobj(content, copy, PIECE_BYTES)

    def _layer_of(self, name: str) -> str:
        """The layer of an entry. The index names folders and single files; the longest match counts."""
        longest = max((path for path in self._layers if name.startswith(path)), key=len, default="")
        return self._layers.get(longest, APPLICATION_LAYER)

    def _thin_manifest(self) -> bytes:
        kept = {name: value for name, value in self._manifest.items() if name not in DROPPED_ATTRIBUTES}
        kept["Main-Class"] = self._manifest.get("Start-Class", self._manifest["Main-Class"])
        if order := self._class_path():
            kept["Class-Path"] = " ".join(f"lib/{name}" for name in order)
        return b"".join(_folded(f"{name}: {value}") for name, value in kept.items()) + b"\r\n"

    def _class_path(self) -> list[str]:
        try:
            index = self._zip.read(CLASS_PATH_INDEX).decode("utf-8")
        except KeyError:
            return [name[len(LIBRARIES) :] for name in self._names if name.startswith(LIBRARIES)]
        return [_quoted(line)[len(LIBRARIES) :] for line in index.splitlines() if line.startswith("- ")]


def _no_layers(path: Path, why: str) -> BuildFailed:
    return BuildFailed(
        "the jar has no layers",
        where=str(path),
        why=why,
        next_step="build it with spring-boot-maven-plugin 2.4 or newer and layers enabled (the default); "
        "any other jar is built as it is without `layers = true` in erp-build.toml",
    )


def _place(name: str) -> str:
    """Where an entry goes in the small jar; empty for what is left out."""
    if name.startswith(CLASSES):
        return name[len(CLASSES) :]
    left_out = name == MANIFEST or name.startswith(("BOOT-INF/", *LOADER_ENTRIES))
    return "" if left_out else name


def _layers(index: str) -> dict[str, str]:
    """Path -> layer, from the lines of layers.idx: `- "layer":`, and below it `  - "path"`."""
    found: dict[str, str] = {}
    layer = ""
    for line in index.splitlines():
        if line.startswith("- "):
            layer = _quoted(line)
        elif layer and line.strip().startswith("- "):
            found[_quoted(line)] = layer
    return found


def _quoted(line: str) -> str:
    return line.strip().removeprefix("- ").rstrip(":").strip('"')


def _folded(line: str) -> bytes:
    """A line of a manifest in pieces of at most 72 bytes, line end included, continued ones with a space in front."""
    return b"\r\n ".join(MANIFEST_LINE.findall(line.encode("utf-8"))) + b"\r\n"
