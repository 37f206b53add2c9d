"""Content keys: images with the same key have the same input files and are built in the same way."""

from collections.abc import Iterable

from erp_build.model.project import BuildOptions, Chart, Target
from erp_build.model.source_file import SourceFile

KEY_TAG = "key-"
"""Prefix of the tag with an image's key, by which later commits with the same content find the image."""

RECIPE = "maven package of one service; Dockerfile; REVISION"
"""How images are built, beside the options. Change it when the build changes, so that old images are not reused."""

DEFAULT_OPTIONS = BuildOptions()
KEY_HEX_DIGITS = 40
"""Hex digits of a key: 160 bits."""


def content_key(target: Target, files: Iterable[SourceFile], build: BuildOptions = DEFAULT_OPTIONS) -> str:
    """The key of a target with these input files, in any order, built with these options.

    The Dockerfile is one of the files, so the reference of its base image counts. Its name and the way of building are
    part of the key as well, and so are the paths of the files, because Maven and the Dockerfile see them.
    """
    # Imported here: an offline plan computes no key.
    import hashlib

    digest = hashlib.sha256()
    digest.update(f"{target.kind}\0{_recipe(target, build)}\0".encode())
    # Sorted, because Git and the disk list files in different orders.
    for file in sorted(files, key=lambda file: file.path):
        digest.update(f"{file.mode} {file.identifier} {file.path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:KEY_HEX_DIGITS]


def _recipe(target: Target, build: BuildOptions) -> str:
    if isinstance(target, Chart):
        return ""
    layers = "; layers with folders" if target.layers else ""
    return f"{target.path}/{target.dockerfile} {RECIPE}; tests {build.tests}; builder {build.builder}{layers}"
