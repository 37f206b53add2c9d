"""COPY without an engine against the engine itself: every shape of `tests/cases/copies.json`, by both builders."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest

from erp_build.build.direct.file_tree import OPAQUE
from erp_build.build.direct.layer_writer import write_layer
from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import Engine, EngineBuild
from erp_build.clients.machine.parallel import map_in_threads
from erp_build.errors import BuildFailed
from sandbox.docker import engine as shared
from sandbox.docker.buildkit import DOCKER_CONFIG
from sandbox.lanes import in_lane
from tests.support.cases import CASES
from tests.support.file_trees import plain, tree_of

pytestmark = pytest.mark.world

FILE = json.loads((CASES / "copies.json").read_text(encoding="utf-8"))
REPOSITORY = in_lane("copies")
AT_ONCE = 6
Build = Callable[[EngineBuild, io.BytesIO], None]

NEWER_ENGINES = "engines disagree"
"""The sandbox's engine is one of those that make an image here; a later one makes another."""


@contextmanager
def image_of(api: docker.DockerClient, tag: str, specs: Mapping[str, str], folder: Path) -> Iterator[str]:
    """An image of the engine with some files, for a block."""
    api.api.import_image_from_data(tar_of(specs, folder), repository=REPOSITORY, tag=tag)
    try:
        yield f"{REPOSITORY}:{tag}"
    finally:
        api.images.remove(f"{REPOSITORY}:{tag}", force=True)


def tar_of(specs: Mapping[str, str], folder: Path) -> bytes:
    layer = write_layer(sorted(tree_of(specs).items()), folder)
    assert layer.path is not None
    return gzip.decompress(layer.path.read_bytes())


def layers(api: docker.DockerClient, image: str) -> list[bytes]:
    with tarfile.open(fileobj=io.BytesIO(b"".join(api.api.get_image(image)))) as saved:
        content = saved.extractfile("manifest.json")
        assert content is not None
        names = json.load(content)[0]["Layers"]
        return [layer.read() for name in names if (layer := saved.extractfile(name))]


def entries(layer: bytes) -> dict[str, str]:
    """The entries of a layer, but for the mark of a folder that has taken the place of a link."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        for member in tar:
            name, owner = member.name.strip("/"), f"@{member.uid}:{member.gid}"
            if member.isdir():
                found[name] = f"d{member.mode & 0o7777:o}{owner}"
            elif member.issym():
                found[name] = f"l{owner} {member.linkname}"
            elif not name.endswith(OPAQUE):
                content = tar.extractfile(member)
                assert content is not None
                found[name] = f"f{member.mode & 0o7777:o}{owner} {content.read().decode()}"
    return found


def dockerfile_of(case: dict[str, Any], base: str, tools: str) -> str:
    flags = [f"--from={tools}"] if tools else []
    flags += ["--chown={}:{}".format(*case["owner"])] if "owner" in case else []
    flags += [f"--chmod={case['mode']:o}"] if "mode" in case else []
    # A backslash for the pattern must outlive the reading of the word.
    words = [word.replace("\\", "\\\\") for word in (*case["sources"], case["destination"])]
    return f"FROM {base}\nCOPY {' '.join(flags)} {json.dumps(words, ensure_ascii=False)}\n"


def number_of(case: dict[str, Any]) -> int:
    return [one["id"] for one in FILE["cases"]].index(case["id"])


class Bench:
    """An engine with the base image of all cases."""

    def __init__(self, api: docker.DockerClient, base: str, folder: Path) -> None:
        self._api = api
        self._base = base
        self._folder = folder
        self._of_base = len(layers(api, base))

    def made(self, case: dict[str, Any], build: Build) -> dict[str, str] | None:
        """The entries of the layer that a builder makes; None: it refuses the COPY."""
        specs = case.get("context", FILE["context"])
        if not case.get("from"):
            return self._built(case, "", specs, build)
        with image_of(self._api, f"tools-{number_of(case)}", specs, self._folder) as tools:
            return self._built(case, tools, {"x": "f x"}, build)

    def _built(
        self,
        case: dict[str, Any],
        tools: str,
        specs: Mapping[str, str],
        build: Build,
    ) -> dict[str, str] | None:
        context = tar_of({**specs, "Dockerfile": f"f {dockerfile_of(case, self._base, tools)}"}, self._folder)
        name = f"{REPOSITORY}:made-{number_of(case)}"
        try:
            build(EngineBuild("Dockerfile", name, {}, {}, "Dockerfile"), io.BytesIO(context))
        except BuildFailed:
            return None
        made = layers(self._api, name)
        self._api.images.remove(name, force=True)
        return entries(made[-1]) if len(made) > self._of_base else {}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("copies")
    api = docker.DockerClient(base_url=shared.address(), timeout=120)
    try:
        with image_of(api, "base", FILE["image"], folder) as base:
            yield Bench(api, base, folder)
    finally:
        api.close()


@pytest.mark.parametrize("builder", ["classic", "buildkit"])
def test_every_shape_of_a_copy_is_what_the_engine_makes_of_it(
    bench: Bench, builder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", shared.address())
    by_buildkit = BuildKit(user=DOCKER_CONFIG)

    def build(request: EngineBuild, context: io.BytesIO) -> None:
        if builder == "classic":
            Engine().build(request, context, lambda _: None)
        else:
            by_buildkit.build(request, context, lambda _: None)

    cases = [case for case in FILE["cases"] if builder in case and NEWER_ENGINES not in case[builder]]
    expected = {case["id"]: layer_of(case[builder]) for case in cases}
    found = map_in_threads(lambda case: bench.made(case, build), cases, AT_ONCE)
    assert len(cases) > 40
    assert {case["id"]: layer for case, layer in zip(cases, found, strict=True)} == expected


def layer_of(expected: dict[str, str] | str) -> dict[str, str] | None:
    return None if isinstance(expected, str) else {path: plain(spec) for path, spec in expected.items()}
