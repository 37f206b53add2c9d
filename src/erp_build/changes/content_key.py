"""Content keys: images with the same key have the same input files and are built in the same way."""

from collections.abc import Iterable

from erp_build.model.build_options import BuildOptions
from erp_build.model.packaging import Packaging, is_maven, packaging_of
from erp_build.model.project import Chart, Function, Project, Service, Target
from erp_build.model.source_file import SourceFile

RECIPE = "maven package of one service; Dockerfile; REVISION"
"""How images are built, beside the options. Change it when the build changes, so that old images are not reused."""

DEFAULT_OPTIONS = BuildOptions()
KEY_HEX_DIGITS = 40
"""Hex digits of a key: 160 bits."""

SURROUNDINGS_HEX_DIGITS = 12
"""Hex digits behind the key for bases and JDK: 48 bits, which tell apart the few builds of one content."""


def content_key(
    target: Target,
    files: Iterable[SourceFile],
    build: BuildOptions = DEFAULT_OPTIONS,
    packagings: Iterable[Packaging] = (),
) -> str:
    """The key of a target with these input files, in any order, built with these options.

    The Dockerfile is one of the files, so the reference of its base image counts. Its name and the way of building are
    part of the key as well, and so are the paths of the files, because Maven and the Dockerfile see them.
    """
    # Imported here: an offline plan computes no key.
    import hashlib

    digest = hashlib.sha256()
    digest.update(f"{_recipe(target, build, packagings)}\0".encode())
    # Sorted, because Git and the disk list files in different orders.
    for file in sorted(files, key=lambda file: file.path):
        digest.update(f"{file.mode} {file.identifier} {file.path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:KEY_HEX_DIGITS]


def with_surroundings(key: str, digests: Iterable[str], jdk: int | None) -> str:
    """The key of an image that is built anew: of its content, of its base images and of the JDK.

    Args:
        key: of the content.
        digests: of the base images, in the order of the Dockerfile.
        jdk: its release; None where no Maven makes a jar.
    """
    import hashlib

    text = "\0".join((*digests, *(() if jdk is None else (f"jdk {jdk}",))))
    return f"{key}-{hashlib.sha256(text.encode()).hexdigest()[:SURROUNDINGS_HEX_DIGITS]}"


def content_of(key: str) -> str:
    """The part of a key that names the content alone."""
    return key.partition("-")[0]


def build_settings(project: Project, target: Service | Function) -> tuple[object, ...]:
    """Everything in the configuration that decides what the image of a target holds."""
    rules = (target.path, target.inputs, project.shared, project.ignore)
    return (_recipe(target, project.build, project.packagings), *rules)


def _recipe(target: Target, build: BuildOptions, packagings: Iterable[Packaging]) -> str:
    """How a target is made: of keys that a project does not use, nothing is said, so that its images stay its own.

    Maven's tests count: a jar may hold what they wrote, and an image with tests is another one.
    """
    if isinstance(target, Chart):
        return "chart"
    if is_maven(target):
        how = f"{RECIPE}; tests {build.tests}"
    else:
        key = packaging_of(target, packagings).key
        how = f"packaged by {target.package}{f' ({key})' if key else ''}; Dockerfile; REVISION"
    layers = "; layers with folders" if target.layers else ""
    given = (("context", target.context), ("stage", target.docker_target), ("arguments", target.args))
    image = "".join(f"; {name} {value!r}" for name, value in given if value)
    return f"{target.path}/{target.dockerfile} {how}; builder {build.builder}{layers}{image}"
