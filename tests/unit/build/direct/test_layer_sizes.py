"""Layers are written in pieces: files of any size, and many small ones, are whole in them."""

import gzip
import io
import tarfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from erp_build.build.direct.file_tree import Kind, Node
from erp_build.build.direct.layer_writer import PIECE_BYTES, write_layer


def content_of(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def read_back(sizes: Iterable[int], folder: Path) -> list[bytes]:
    """What a layer has of files of these sizes."""
    nodes = (Node(Kind.FILE, 0o644, size=size, content=partial(io.BytesIO, content_of(size))) for size in sizes)
    layer = write_layer([(f"{number:05}", node) for number, node in enumerate(nodes)], folder)
    assert layer.path is not None
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer.path.read_bytes()))) as tar:
        return [file.read() for member in tar if (file := tar.extractfile(member))]


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 512, PIECE_BYTES - 511, PIECE_BYTES, 3 * PIECE_BYTES + 7])
def test_a_file_of_any_size_is_whole_in_its_layer(tmp_path: Path, size: int) -> None:
    assert read_back([size], tmp_path) == [content_of(size)]


def test_many_small_files_are_whole_in_their_layer(tmp_path: Path) -> None:
    assert read_back(range(0, 3000, 2), tmp_path) == [content_of(size) for size in range(0, 3000, 2)]
