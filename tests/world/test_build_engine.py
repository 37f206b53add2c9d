"""An engine that ends in the middle of a build, one whose disk is full, and one whose images others remove."""

import io
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from erp_build.clients.docker.build_context import REWRITTEN_DOCKERFILE, Context
from erp_build.clients.docker.engine import Engine, EngineBuild
from erp_build.formats.dockerfile.rewrite import with_labels
from sandbox.docker import engine as shared
from sandbox.lanes import in_lane
from sandbox.tenants import provisioning
from tests.world.building import SERVICE, Workplace, engine_at, marked, tiny
from tests.world.own_engine import OwnEngine, own_engine

pytestmark = pytest.mark.world

IMAGES_OF_ONE = 15
"""Images that each of three builders makes and removes; about one build in twenty loses a cached step meanwhile."""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return tiny(tmp_path_factory.mktemp("engine"), provisioning.create(in_lane("engine")))


@pytest.fixture(scope="module")
def engine() -> Iterator[OwnEngine]:
    with tempfile.TemporaryDirectory(prefix="erp-own-") as folder, own_engine(Path(folder), "200m") as one:
        yield one


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    """The repository with content that no image has."""
    workplace.forget()
    workplace.renew()
    return workplace


def makes_one_image(place: Workplace, engine: OwnEngine) -> None:
    done = place.build(SERVICE, variables=engine.variables)
    assert done.code == 0, done.stderr
    assert set(place.in_registry().values()) == {done.report["targets"][0]["built"]}
    found = marked(engine.address, place.mark)
    assert (found["nameless"], len(found["named"])) == ([], 1)


ODD = {"a": "$HOME ${HOME:-x}", "b": 'say "yes"', "c": "C:\\erp\\", "d": "전자결재 `date`", "e": "a='b' # c", "f": ""}


@pytest.mark.parametrize("head", ["", "# escape=`\n"], ids=["backslash", "backtick"])
def test_labels_of_a_line_are_those_that_a_call_would_give(
    head: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", shared.address())
    text = f"{head}FROM eclipse-temurin:17-jre\nENV HOME=/home\n"
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    spool = io.BytesIO()
    dockerfile = Context(tmp_path, "Dockerfile").write(spool, with_labels(text, ODD, REWRITTEN_DOCKERFILE))
    assert dockerfile == REWRITTEN_DOCKERFILE
    name = f"labels-{in_lane('engine')}:{len(head)}"
    Engine().build(EngineBuild(dockerfile, name, {}, {}, "Dockerfile"), spool, lambda _: None)
    with engine_at(shared.address()) as api:
        assert api.images.get(name).labels == ODD
        api.images.remove(name)


def test_images_that_are_removed_while_others_are_built_of_the_same_cached_steps_break_no_build(
    engine: OwnEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "Dockerfile").write_text(
        "FROM scratch\nENV A=1\nCOPY file /a\nENV B=2\nCOPY file /b\n", encoding="utf-8"
    )
    builder = Engine()

    def build_and_remove(name: str) -> None:
        for number in range(IMAGES_OF_ONE):
            tag = f"{name}:{number}"
            with tempfile.TemporaryFile() as spool:
                dockerfile = Context(tmp_path, "Dockerfile").write(spool)
                builder.build(EngineBuild(dockerfile, tag, {"of": name}, {}, "Dockerfile"), spool, lambda _: None)
            with engine_at(engine.address) as api:
                api.images.remove(tag, force=True)

    with ThreadPoolExecutor() as pool:
        assert [*pool.map(build_and_remove, ("one", "two", "three"))] == [None] * 3


def test_an_engine_that_ends_in_the_middle_of_a_build_is_told(place: Workplace, engine: OwnEngine) -> None:
    place.pause(30)
    done = place.build(
        SERVICE, variables=engine.variables, on_line=lambda line: engine.kill() if "Running in" in line else None
    )
    assert done.code == 4, done.stderr
    assert "broke off" in done.report["error"]["what"]
    assert "engine's log" in done.report["error"]["next"]
    assert place.in_registry() == {}
    place.pause(0)
    engine.start()
    makes_one_image(place, engine)


def test_an_engine_whose_disk_is_full_is_told(place: Workplace, engine: OwnEngine) -> None:
    engine.grow(f"{engine.used() + 9_000_000}")
    done = place.build(SERVICE, variables=engine.variables)
    assert done.code == 4, done.stderr
    assert "no space left" in done.report["error"]["why"]
    assert "free disk space" in done.report["error"]["next"]
    assert place.in_registry() == {}
    engine.grow("200m")
    makes_one_image(place, engine)
