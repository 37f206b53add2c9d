"""Content keys: the same key means the same files, built in the same way."""

from collections.abc import Iterable

from erp_build.model.project import BuildOptions, Chart, Target
from erp_build.model.source_file import SourceFile

KEY_TAG = "key-"
"""An image also has its key as a tag, so that it is found again whatever commit it was built from."""

RECIPE = "maven package of one service; Dockerfile; REVISION"
"""How images are made, beside the options. Another way of making them is another key."""

DEFAULT_OPTIONS = BuildOptions()
KEY_HEX_DIGITS = 40
"""Hex digits of a key: 160 bits."""


def content_key(target: Target, files: Iterable[SourceFile], build: BuildOptions = DEFAULT_OPTIONS) -> str:
    """The key of a target with these input files, in any order, built with these options.

    The Dockerfile is one of the files, and so is the reference of its base image; its name, and how we build, are
    part of the key as well. Where the files lie counts too, since Maven and the Dockerfile see their paths.
    """
    import hashlib

    digest = hashlib.sha256()
    digest.update(f"{target.kind}\0{_recipe(target, build)}\0".encode())
    for file in sorted(files, key=lambda file: file.path):
        digest.update(f"{file.mode} {file.identifier} {file.path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:KEY_HEX_DIGITS]


def _recipe(target: Target, build: BuildOptions) -> str:
    if isinstance(target, Chart):
        return ""
    layers = "; layers with folders" if target.layers else ""
    return f"{target.path}/{target.dockerfile} {RECIPE}; tests {build.tests}; builder {build.builder}{layers}"
