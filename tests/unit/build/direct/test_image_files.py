"""The files of an image: what its layers leave of each other, and what may be copied out of it."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from erp_build.build.direct.image_files import ImageFiles
from erp_build.errors import BuildFailed, NeedsEngine
from erp_build.model.images.oci import BaseImage, Descriptor, Manifest
from tests.support.file_trees import spec_of, text_of

OCI = "application/vnd.oci.image.layer.v1.tar"
Member = tuple[str, str] | tuple[str, str, str]
"""Name and content; or name, kind (`d`, `l`, `h`, `p`) and what it leads to."""


def tar(*members: Member) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, *rest in members:
            header = tarfile.TarInfo(name)
            header.mode = 0o644
            content = rest[0].encode() if len(rest) == 1 else b""
            if len(rest) == 2:
                kind, header.linkname = rest
                types = {"d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE, "p": tarfile.FIFOTYPE}
                header.type, header.mode = types[kind], 0o755
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return made.getvalue()


class Registry:
    """A registry with the layers of images; it counts what is fetched of it."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.was_read_to_its_end = True

    def image(self, *layers: bytes, kinds: tuple[str, ...] = ()) -> BaseImage:
        found = []
        for number, layer in enumerate(layers):
            kind = kinds[number] if kinds else f"{OCI}+gzip"
            blob = gzip.compress(layer) if kind.endswith("gzip") else layer
            digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
            self.blobs[digest] = blob
            found.append(Descriptor(kind, digest, len(blob)))
        name = f"sha256:{hashlib.sha256(repr(found).encode()).hexdigest()}"
        return BaseImage("registry.test", "base", Manifest("m", name, b""), {}, tuple(found), ())

    @contextmanager
    def blob(self, _: BaseImage, layer: Descriptor) -> Iterator[IO[bytes]]:
        self.fetched.append(layer.digest)
        stream = io.BytesIO(self.blobs[layer.digest])
        yield stream
        self.was_read_to_its_end = self.was_read_to_its_end and not stream.read(1)


@pytest.fixture
def registry() -> Registry:
    return Registry()


def files(registry: Registry, folder: Path) -> ImageFiles:
    return ImageFiles(registry.blob, folder)


def seen(registry: Registry, folder: Path, *layers: bytes) -> dict[str, str]:
    tree = files(registry, folder).contents(registry.image(*layers))
    return {path: spec_of(node) for path, node in sorted(tree.items())}


def test_a_later_layer_lies_over_an_earlier_one(registry: Registry, tmp_path: Path) -> None:
    below = tar(("etc", "d", ""), ("etc/os", "old"), ("etc/keep", "kept"), ("lib", "l", "usr/lib"))
    above = tar(("etc/os", "new"), ("./opt/app/알림.txt", "ko"))
    assert seen(registry, tmp_path, below, above) == {
        "etc": "d755@0:0",
        "etc/os": "f644@0:0 new",
        "etc/keep": "f644@0:0 kept",
        "lib": "l@0:0 usr/lib",
        "opt": "d755@0:0",
        "opt/app": "d755@0:0",
        "opt/app/알림.txt": "f644@0:0 ko",
    }


def test_a_whiteout_removes_what_is_below_and_nothing_of_its_own_layer(registry: Registry, tmp_path: Path) -> None:
    below = tar(("a/x", "1"), ("a/sub/y", "2"), ("b/z", "3"), ("c/q", "4"))
    above = tar(("a/new", "5"), ("a/.wh..wh..opq", ""), (".wh.b", ""), ("c/.wh.q", ""), ("c/r", "6"))
    assert [path for path in seen(registry, tmp_path, below, above) if path[-1] not in "abc"] == ["a/new", "c/r"]
    assert "b" not in seen(registry, tmp_path, below, above)


def test_a_file_takes_the_place_of_a_folder_and_a_folder_that_of_a_link(registry: Registry, tmp_path: Path) -> None:
    below = tar(("a/x", "1"), ("lib", "l", "usr/lib"), ("usr/lib/so", "so"))
    above = tar(("a", "file"), ("lib/own", "own"))
    assert seen(registry, tmp_path, below, above) == {
        "a": "f644@0:0 file",
        "lib": "d755@0:0",
        "lib/own": "f644@0:0 own",
        "usr": "d755@0:0",
        "usr/lib": "d755@0:0",
        "usr/lib/so": "f644@0:0 so",
    }


def test_both_names_of_a_hard_link_are_one_file(registry: Registry, tmp_path: Path) -> None:
    tree = files(registry, tmp_path).contents(registry.image(tar(("a", "text"), ("b", "h", "a"))))
    one, two = tree.get("a"), tree.get("b")
    assert one is not None
    assert two is not None
    assert (text_of(one), text_of(two)) == ("text", "text")
    assert one.same == two.same is not None
    assert one == two


def test_a_link_may_have_two_names_as_well(registry: Registry, tmp_path: Path) -> None:
    found = seen(registry, tmp_path, tar(("a", "l", "to"), ("b", "h", "a")))
    assert found == {"a": "l@0:0 to", "b": "l@0:0 to"}


@pytest.mark.parametrize("kind", [OCI, f"{OCI}+gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip"])
def test_a_layer_is_read_whatever_its_kind_to_its_very_end(registry: Registry, tmp_path: Path, kind: str) -> None:
    image = registry.image(tar(("a", "text")) + b"\0" * 100_000, kinds=(kind,))
    node = files(registry, tmp_path).contents(image).get("a")
    assert node is not None
    assert text_of(node) == "text"
    assert registry.was_read_to_its_end


def test_an_image_is_fetched_once_a_run(registry: Registry, tmp_path: Path) -> None:
    image, known = registry.image(tar(("a", "text"))), files(registry, tmp_path)
    first = known.names(image)
    first.remove("a")
    assert known.names(image).get("a") is not None
    assert len(registry.fetched) == 1
    assert known.contents(image) is known.contents(image)
    assert len(registry.fetched) == 2


def test_the_names_of_an_image_are_known_to_the_next_run(registry: Registry, tmp_path: Path) -> None:
    image = registry.image(tar(("etc", "d", ""), ("etc/a", "text"), ("lib", "l", "usr/lib")))
    first = files(registry, tmp_path).names(image)
    second = files(registry, tmp_path).names(image)
    assert len(registry.fetched) == 1
    for path in ("etc", "lib"):
        assert second.get(path) == first.get(path)
    other = registry.image(tar(("b", "text")))
    assert [path for path, _ in files(registry, tmp_path).names(other).items()] == ["b"]


def test_no_image_is_an_empty_tree(registry: Registry, tmp_path: Path) -> None:
    assert list(files(registry, tmp_path).names(None).items()) == []


def test_a_layer_that_only_an_engine_can_read_is_left_to_it(registry: Registry, tmp_path: Path) -> None:
    image = registry.image(b"zstd", kinds=(f"{OCI}+zstd",))
    with pytest.raises(NeedsEngine, match="cannot be read without an engine") as caught:
        files(registry, tmp_path).names(image)
    assert f"{OCI}+zstd" in caught.value.why


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(b"no gzip at all", id="no gzip"),
        pytest.param(gzip.compress(tar(("a", "text" * 1000)))[:-20], id="cut off"),
        pytest.param(gzip.compress(b"no tar" * 200), id="no tar"),
        pytest.param(gzip.compress(tar(("b", "h", "a"))), id="a hard link to nothing"),
    ],
)
def test_a_damaged_layer_is_named(registry: Registry, tmp_path: Path, layer: bytes) -> None:
    image = registry.image(layer, kinds=(f"{OCI}+x",))
    image = image._replace(layers=(image.layers[0]._replace(media_type=f"{OCI}+gzip"),))
    with pytest.raises(BuildFailed, match="a layer of an image cannot be read") as caught:
        files(registry, tmp_path).names(image)
    assert image.layers[0].digest in caught.value.where
