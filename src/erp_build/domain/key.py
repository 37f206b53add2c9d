"""Content keys: the same key means the same files, built in the same way."""

from collections.abc import Iterable
from typing import NamedTuple

from erp_build.domain.project import Chart, Target

KEY_TAG = "key-"
"""An image also has its key as a tag, so that it is found again whatever commit it was built from."""

RECIPE = "maven clean package -DskipTests; classic builder; REVISION"
"""How images are made. Another way of making them is another key."""

LENGTH = 40
"""Hex digits of a key: 160 bits."""


class SourceFile(NamedTuple):
    """A file as Git names it: mode (100644, 100755, 120000 a link), id of its blob, path from the root."""

    mode: str
    identifier: str
    path: str


def content_key(target: Target, files: Iterable[SourceFile]) -> str:
    """The key of a target with these input files, in any order.

    The Dockerfile is one of the files, and so is the reference of its base image; its name, and how we build, are
    part of the key as well. Where the files lie counts too, since Maven and the Dockerfile see their paths.
    """
    import hashlib

    digest = hashlib.sha256()
    dockerfile = "" if isinstance(target, Chart) else f"{target.path}/{target.dockerfile} {RECIPE}"
    digest.update(f"{target.kind}\0{dockerfile}\0".encode())
    for file in sorted(files, key=lambda file: file.path):
        digest.update(f"{file.mode} {file.identifier} {file.path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:LENGTH]


def blob_identifier(content: bytes) -> str:
    """The id that Git gives a file's content (a blob object, SHA-1)."""
    import hashlib

    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
