"""A layer is the same bytes wherever it is made, a tar that everybody reads, and never as large in memory."""

import gzip
import hashlib
import io
import os
import platform
import stat
import tarfile
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from erp_build.build.direct.context_tree import context_tree, open_file
from erp_build.build.direct.file_tree import FileTree, Kind, Node
from erp_build.build.direct.layer_writer import KNOWN_FROM_BYTES, Known, layer_digest, write_layer
from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.direct.recipe import Owner
from erp_build.model.images.oci import Descriptor, MadeLayer
from tests.support.file_trees import tree_of

LARGE = 200 << 20


def tar_of(layer: MadeLayer) -> tarfile.TarFile:
    assert layer.path is not None
    return tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer.path.read_bytes())))


def file(content: Callable[[], IO[bytes]], size: int) -> list[tuple[str, Node]]:
    return [("a.bin", Node(Kind.FILE, 0o644, size=size, content=content))]


def entries(tree: FileTree) -> list[tuple[str, Node]]:
    return sorted(tree.items())


SPECS = {
    "app": "d1777@7:8",
    "app/실행.sh": "f4755@1000:100 run",
    "app/link": "l ../etc/passwd",
    "app/empty": "f600 ",
    "app/" + "long" * 40 + ".txt": "f text",
}


def test_the_digests_and_the_size_are_those_of_the_bytes_that_were_written(tmp_path: Path) -> None:
    layer = write_layer(entries(tree_of(SPECS)), tmp_path)
    assert layer.path is not None
    content = layer.path.read_bytes()
    assert layer.descriptor.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert layer.descriptor.size == len(content)
    assert layer.diff_id == f"sha256:{hashlib.sha256(gzip.decompress(content)).hexdigest()}"
    assert layer.diff_id == layer_digest(entries(tree_of(SPECS)))


def test_a_tar_says_of_each_entry_what_the_tree_says(tmp_path: Path) -> None:
    with tar_of(write_layer(entries(tree_of(SPECS)), tmp_path)) as tar:
        found = {one.name: (one.type, one.mode, one.uid, one.gid, one.linkname, one.size) for one in tar}
        assert found == {
            "app": (tarfile.DIRTYPE, 0o1777, 7, 8, "", 0),
            "app/실행.sh": (tarfile.REGTYPE, 0o4755, 1000, 100, "", 3),
            "app/link": (tarfile.SYMTYPE, 0o777, 0, 0, "../etc/passwd", 0),
            "app/empty": (tarfile.REGTYPE, 0o600, 0, 0, "", 0),
            "app/" + "long" * 40 + ".txt": (tarfile.REGTYPE, 0o644, 0, 0, "", 4),
        }
        assert {(one.mtime, one.uname, one.gname) for one in tar} == {(1, "", "")}


def test_a_layer_has_the_digests_that_it_had_in_the_last_release(tmp_path: Path) -> None:
    """Where this fails, every image is sent again, and images of two releases of isal differ: the changelog says so."""
    text = "".join(f"{number}: 한글 {number * number}\n" for number in range(20_000))
    layer = write_layer(entries(tree_of({**SPECS, "app/numbers.txt": f"f {text}"})), tmp_path)
    assert layer.diff_id == "sha256:0479eba59a84bc4f64aea15d7f9cc2b6a5f839aa11dd4ae2cb4f153b811a0e83"
    if platform.machine() == "x86_64":
        assert layer.descriptor.digest == "sha256:94c9b43cc11ec1fa9dc82bb016bdd7816d4e1b81f004a01ddd6427922dea4efd"


def test_only_the_owner_can_read_a_layer(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        layer = write_layer(entries(tree_of(SPECS)), tmp_path)
    finally:
        os.umask(before)
    assert layer.path is not None
    assert stat.S_IMODE(layer.path.stat().st_mode) == 0o600


def written(folder: Path, names: list[str], umask: int, time: int) -> Path:
    before = os.umask(umask)
    try:
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"content of {name}")
            os.utime(path, (time, time))
    finally:
        os.umask(before)
    return folder


def test_the_same_files_are_the_same_layer_whatever_the_disk_adds_to_them(tmp_path: Path) -> None:
    names = ["b/z.txt", "a.txt", "b/a/설정.yaml", "run.sh"]
    first = written(tmp_path / "one", names, 0o022, 1_000_000)
    second = written(tmp_path / "two", list(reversed(names)), 0o077, 2_000_000_000)
    layers = [write_layer(entries(context_tree(folder, "Dockerfile")), tmp_path) for folder in (first, second)]
    assert layers[0].descriptor == layers[1].descriptor
    (second / "run.sh").chmod(0o700)
    changed = write_layer(entries(context_tree(second, "Dockerfile")), tmp_path)
    assert changed.diff_id != layers[0].diff_id


def test_two_names_of_one_file_are_a_hard_link_to_the_first(tmp_path: Path) -> None:
    node = Node(Kind.FILE, 0o755, Owner(1, 1), size=3, content=partial(io.BytesIO, b"one"), same=1)
    with tar_of(write_layer([("a", node), ("b", node)], tmp_path)) as tar:
        assert [(one.name, one.type, one.linkname) for one in tar] == [
            ("a", tarfile.REGTYPE, ""),
            ("b", tarfile.LNKTYPE, "a"),
        ]


def test_extended_attributes_stay(tmp_path: Path) -> None:
    pairs = (("SCHILY.xattr.security.capability", "\x01\x02\udcff"),)
    node = Node(Kind.FILE, 0o755, size=3, content=partial(io.BytesIO, b"one"), attributes=pairs)
    with tar_of(write_layer([("ping", node)], tmp_path)) as tar:
        (member,) = tar
        assert tuple(item for item in member.pax_headers.items() if item[0].startswith("SCHILY")) == pairs


def test_a_large_file_needs_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as large:
        large.truncate(LARGE)
    tracemalloc.start()
    try:
        layer = write_layer(file(partial(open_file, path), LARGE), tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert layer.descriptor.size < LARGE // 100
    assert peak < 16 << 20


def known(layers: dict[str, Descriptor]) -> Known:
    """What a registry has."""
    return layers.get


def test_a_layer_that_the_registry_has_is_not_compressed(tmp_path: Path) -> None:
    content = os.urandom(KNOWN_FROM_BYTES)
    listed = file(partial(io.BytesIO, content), len(content))
    there = Descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", f"sha256:{'1' * 64}", 5)
    diff_id = layer_digest(listed)
    assert write_layer(listed, tmp_path, known({diff_id: there})) == MadeLayer(None, there, diff_id)
    assert list(tmp_path.iterdir()) == []
    other = write_layer(listed, tmp_path, known({}))
    assert other.path is not None
    assert other.diff_id == layer_digest(listed)


@pytest.mark.parametrize(
    ("size", "why"),
    [pytest.param(5, "2 bytes less than before", id="shorter"), pytest.param(2, "more bytes than before", id="longer")],
)
def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path, size: int, why: str) -> None:
    with pytest.raises(BuildFailed, match="a file of the image cannot be read") as caught:
        write_layer(file(partial(io.BytesIO, b"abc"), size), tmp_path)
    assert why in caught.value.why
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_gone_is_an_error_of_this_file(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="a file of the image cannot be read") as caught:
        write_layer(file(partial(open_file, tmp_path / "gone"), 3), tmp_path)
    assert caught.value.where == "/a.bin of the image"
    assert "No such file" in caught.value.why


def test_a_link_or_a_pipe_in_the_place_of_a_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(BuildFailed, match="a file of the image cannot be read"):
            write_layer(file(partial(open_file, tmp_path / name), 3), tmp_path)
