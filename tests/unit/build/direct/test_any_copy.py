"""Any COPY of any files into any image: the layer, unpacked, makes what the same commands make on a disk."""

import fnmatch
import os
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.build.direct.context_tree import context_tree
from erp_build.build.direct.entries import Entry, entries_of
from erp_build.build.direct.file_tree import OPAQUE, FileTree, Refusal
from erp_build.build.direct.layer_writer import write_layer
from erp_build.formats.dockerfile.direct.recipe import Copy
from tests.support.file_trees import tree_of

NAMES = ("a", "b", "설정", "d")
LINKS = ("l", "m")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
FILES = st.tuples(PATHS, st.sampled_from(("f644 one", "f755 two", "f644 ", "d755", "d700", "d1777")))
LINKED = st.tuples(
    st.tuples(st.sampled_from(("", *NAMES)), st.sampled_from(LINKS)).map(lambda pair: "/".join(pair).lstrip("/")),
    st.tuples(st.sampled_from(("", "../")), st.sampled_from((*NAMES, "a/b", "d/a", "none"))).map(
        lambda pair: f"l {''.join(pair)}"
    ),
)
TREES = st.tuples(st.lists(FILES, min_size=3, max_size=8), st.lists(LINKED, max_size=3)).map(
    lambda pair: [*pair[0], *pair[1]]
)
ODD_SOURCES = (".", "*", "?", "d/*", "[ab]", "a/l", "*/m", "none")
DESTINATIONS = st.tuples(
    st.lists(st.sampled_from((*NAMES, *LINKS)), max_size=3).map("/".join), st.sampled_from(("", "/"))
).map(lambda pair: f"/{pair[0]}{pair[1] if pair[0] else ''}")


class Play(NamedTuple):
    """A COPY, and what it is done with."""

    context: dict[str, str]
    image: dict[str, str]
    sources: list[str]
    destination: str


@st.composite
def plays(draw: st.DrawFn) -> Play:
    context = fitting(draw(TREES))
    there = st.sampled_from(sorted(context))
    source = st.one_of(there, there, there.map(lambda path: f"./{path}"), st.sampled_from(ODD_SOURCES))
    sources = draw(st.lists(source, min_size=1, max_size=3))
    destination = draw(DESTINATIONS)
    if len(sources) > 1 and draw(st.sampled_from((True, True, True, False))):
        destination = f"{destination.rstrip('/')}/"
    return Play(context, fitting(draw(TREES)), sources, destination)


class Refused(Exception):
    """The commands cannot do it."""


def fitting(entries: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The entries that can lie beside each other."""
    found: dict[str, str] = {}
    for path, spec in entries:
        above = [path.rsplit("/", depth)[0] for depth in range(1, path.count("/") + 1)]
        if any(not found.get(one, "d").startswith("d") for one in above):
            continue
        if any(one.startswith(f"{path}/") for one in found) and not spec.startswith("d"):
            continue
        found[path] = spec
    return found


def on_disk(folder: Path, specs: dict[str, str]) -> Path:
    folder.mkdir()
    for path, spec in sorted(specs.items()):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if spec.startswith("l"):
            place.symlink_to(spec[2:])
            continue
        if spec.startswith("f"):
            place.write_text(spec[5:])
        else:
            place.mkdir(exist_ok=True)
        place.chmod(int(spec.split()[0][1:], 8))
    return folder


def snapshot(folder: Path) -> dict[str, tuple[str, int, str]]:
    found = {}
    for path in folder.rglob("*"):
        mode, name = path.lstat().st_mode, path.relative_to(folder).as_posix()
        if stat.S_ISLNK(mode):
            found[name] = ("link", 0, os.readlink(path))  # noqa: PTH115
        elif stat.S_ISDIR(mode):
            found[name] = ("folder", stat.S_IMODE(mode), "")
        else:
            found[name] = ("file", stat.S_IMODE(mode), path.read_text())
    return found


class Commands:
    """COPY with the calls of an operating system, one after the other."""

    def __init__(self, context: Path, image: Path, *, classic: bool) -> None:
        self._context = context
        self._image = image
        self._classic = classic

    def run(self, sources: Sequence[str], destination: str) -> None:
        try:
            found = [path for source in sources for path in self._found(source)]
            if self._classic and (not found or (len(found) > 1 and not destination.endswith("/"))):
                raise Refused
            for path in found:
                self._copy(path, destination)
        except OSError as error:
            raise Refused from error

    def _found(self, source: str) -> Iterator[Path]:
        plain = source.strip("/").removeprefix("./")
        if not any(char in plain for char in "*?["):
            yield self._context / plain
            return
        parts = plain.split("/")
        for path in sorted(self._context.rglob("*")):
            names = path.relative_to(self._context).parts
            if len(names) == len(parts) and all(map(fnmatch.fnmatchcase, names, parts)):
                yield path

    def _copy(self, path: Path, destination: str) -> None:
        # Asked for with its links, so that one to nothing is an error.
        real = Path(os.path.realpath(path, strict=True))
        if not self._classic and destination.endswith("/"):
            self._real(destination).mkdir(parents=True, exist_ok=True)
        target = self._real(destination)
        if real.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            self._contents(real, target)
            return
        if target.is_dir() or destination.endswith("/"):
            target /= path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        self._file(real, target)

    def _real(self, destination: str) -> Path:
        place = self._image
        for part in destination.strip("/").split("/"):
            if place.exists() and not place.is_dir():
                raise NotADirectoryError(place)
            place = Path(os.path.realpath(place / part))
        return place

    def _contents(self, source: Path, target: Path) -> None:
        for child in sorted(source.iterdir()):
            place = target / child.name
            if child.is_symlink():
                self._clear(place)
                place.symlink_to(os.readlink(child))  # noqa: PTH115
            elif child.is_dir():
                if place.is_symlink() or (place.exists() and not place.is_dir()):
                    if not self._classic:
                        raise Refused
                    place.unlink()
                place.mkdir(exist_ok=True)
                self._contents(child, place)
                place.chmod(0o755)
            else:
                self._file(child, place)

    def _file(self, source: Path, place: Path) -> None:
        self._clear(place)
        shutil.copyfile(source, place)
        place.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)

    def _clear(self, place: Path) -> None:
        if place.is_dir() and not place.is_symlink():
            if not self._classic:
                raise Refused
            shutil.rmtree(place)
        place.unlink(missing_ok=True)


def unpack(entries: list[Entry], into: Path, beside: Path) -> None:
    """Unpack a layer over what is there, as an engine does."""
    layer = write_layer(entries, beside)
    assert layer.path is not None
    hidden = {path.removesuffix(f"/{OPAQUE}") for path, _ in entries if path.endswith(OPAQUE)}
    with tarfile.open(layer.path) as tar:
        for member in tar:
            place = into / member.name
            if place.name == OPAQUE:
                continue
            if os.path.lexists(place) and not (member.isdir() and place.is_dir() and not place.is_symlink()):
                shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
            if member.name in hidden:
                shutil.rmtree(place, ignore_errors=True)
            tar.extract(member, into, filter="fully_trusted")


def done(context: Path, image: FileTree, step: Copy, *, classic: bool) -> list[Entry] | None:
    try:
        return entries_of(step, context_tree(context, "Dockerfile"), image, classic=classic)
    except Refusal:
        return None


@pytest.mark.parametrize("classic", [True, False], ids=["classic", "BuildKit"])
@given(play=plays())
def test_a_layer_makes_what_the_commands_make(play: Play, *, classic: bool) -> None:
    sources, destination = play.sources, play.destination
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        files = on_disk(folder / "context", {path: spec.replace("d700", "d755") for path, spec in play.context.items()})
        expected, found = on_disk(folder / "expected", play.image), on_disk(folder / "found", play.image)
        entries = done(files, tree_of(play.image), Copy(1, "", tuple(sources), destination), classic=classic)
        try:
            Commands(files, expected, classic=classic).run(sources, destination)
        except Refused:
            assert entries is None
            return
        assert entries is not None
        if entries:
            unpack(entries, found, folder)
        assert snapshot(found) == snapshot(expected)
