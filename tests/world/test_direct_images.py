"""Images that are made without an engine, beside those that both builders of a real engine make of the same files."""

import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from erp_build.clients.docker.build_context import Context
from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import Engine, EngineBuild
from sandbox.docker import engine
from sandbox.docker.buildkit import DOCKER_CONFIG
from sandbox.lanes import in_lane
from tests.support.direct_images import IMAGES, Case, cases, make_directly, root_archive
from tests.support.flattened import Image, differences

pytestmark = pytest.mark.world

NAMES = {name: f"{in_lane('direct')}-{name}:1" for name in IMAGES}
BUILDS_AT_ONCE = 4
"""Each waits for the engine most of the time."""


class Play(NamedTuple):
    """A case with one of the builders."""

    case: Case
    builder: str

    @property
    def name(self) -> str:
        return f"{self.case.name}, {self.builder}"


class Built(NamedTuple):
    """A context, its Dockerfile, and the image that the engine makes of it."""

    folder: Path
    text: str
    image: "Future[Image]"


PLAYS = [Play(case, builder) for case in cases() for builder in case.builders]


@pytest.fixture(scope="module")
def images() -> Iterator[Mapping[str, Image]]:
    """The images that the Dockerfiles name, in the engine; by their names."""
    with engine.client() as api:
        for name, (places, changes) in IMAGES.items():
            repository, _, tag = NAMES[name].partition(":")
            api.api.import_image_from_data(root_archive(places), repository, tag, changes=list(changes))
    yield {full: saved(full) for full in NAMES.values()}
    for full in NAMES.values():
        forget(full)


@pytest.fixture(scope="module")
def built(images: Mapping[str, Image], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Built]]:
    """What the engine makes of each case, several at once; a failure is that of its own test."""
    assert images
    top, found = tmp_path_factory.mktemp("direct"), {}
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(BUILDS_AT_ONCE) as threads:
        patch.setenv("DOCKER_HOST", engine.address())
        for number, play in enumerate(PLAYS):
            folder = top / str(number)
            text = play.case.write(folder, NAMES)
            found[play.name] = Built(folder, text, threads.submit(build, play, folder, built_name(number)))
        # All of them end here: their threads read variables of this process, and pytest changes one with each test.
    yield found
    # Not before: with an image go the steps that another build may just have found in the engine's cache.
    for number, one in enumerate(found.values()):
        if not one.image.exception():
            forget(built_name(number))


def built_name(number: int) -> str:
    return f"{in_lane('direct')}-built:{number}"


def build(play: Play, folder: Path, name: str) -> Image:
    """The image that the engine makes of a context."""
    case = play.case
    with tempfile.TemporaryFile() as spool:
        context = Context(folder, "Dockerfile")
        where = f"{case.name}/Dockerfile"
        request = EngineBuild(context.write(spool), name, {}, case.arguments, where, case.target, unsent=context.unsent)
        if play.builder == "classic":
            Engine().build(request, spool, lambda _: None)
        else:
            BuildKit(user=DOCKER_CONFIG).build(request, spool, lambda _: None)
    return saved(name)


def saved(name: str) -> Image:
    """An image of the engine, as it writes it into a file."""
    with engine.client() as api, tempfile.TemporaryFile() as file:
        for piece in api.images.get(name).save():
            file.write(piece)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            (manifest,) = json.loads(content_of(archive, "manifest.json"))
            config = json.loads(content_of(archive, manifest["Config"]))
            return Image(config, tuple(content_of(archive, layer) for layer in manifest["Layers"]))


def content_of(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file
    return file.read()


def forget(name: str) -> None:
    """Remove an image from the engine."""
    with engine.client() as api:
        api.images.remove(name, force=True)


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
def test_nothing_is_other_than_in_the_engines_image(
    play: Play, built: Mapping[str, Built], images: Mapping[str, Image]
) -> None:
    one = built[play.name]
    ours = make_directly(play.case, one.folder, one.text, images, classic=play.builder == "classic")
    assert differences(one.image.result(), ours.image) == []
