"""How base images are fetched: an engine with registries behind it that want sign-ins, and mirrors."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from erp_build.build.assembly import LocalAssembly
from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.effects import ImageRequest
from erp_build.clients.machine.parallel import work_beside
from erp_build.clients.way_out import WAY_OUT, NothingBegins
from erp_build.errors import BuildFailed, PushFailed
from erp_build.model.build_options import BuildOptions
from erp_build.model.images.image import BASE_DIGEST_LABEL, BASE_NAME_LABEL
from erp_build.model.project import Service
from tests.fakes.account import FakeParameters
from tests.support.assembly import assembly
from tests.support.loopback import serving
from tests.support.stand_in_engine import HUB_IN_HEADERS, StandInEngine

if TYPE_CHECKING:
    from erp_build.clients.aws.registry import EcrRegistry

ECR = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
OTHER = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
OLD, NEW = "sha256:" + "1" * 64, "sha256:" + "2" * 64
SERVICE = Service("a", "backend/a", "a", "services.a")
MIRRORS = (("docker.io", f"{ECR}/docker-hub"),)
BY_ENGINE = BuildOptions(builder="classic")
HUB = BY_ENGINE._replace(sign_in=(("docker.io", "/erp/dev/hub"),))
MIRRORED = BY_ENGINE._replace(mirrors=MIRRORS)


class Host:
    """What a build needs of the run's own registry."""

    def host(self) -> str:
        return ECR

    def sign_in(self) -> SignIn:
        raise PushFailed("ecr:GetAuthorizationToken is not allowed")


class Region:
    """The sign-in of ECR in a region."""

    def __init__(self, region: str) -> None:
        self.region = region

    def sign_in(self) -> SignIn:
        return SignIn("https://any", "AWS", f"invented-{self.region}")

    def forget(self) -> None:
        """What is given does not change."""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInEngine]:
    """An engine whose registries want a sign-in; the user's configuration names a helper that is not there."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.json").write_text('{"credsStore": "nowhere"}')
    with serving(StandInEngine) as served:
        served.wanted = {
            ECR: ("AWS", "invented-ap-northeast-2"),
            OTHER: ("AWS", "invented-us-east-1"),
            "docker.io": ("kim", "invented-hub"),
        }
        monkeypatch.setenv("DOCKER_HOST", served.address.replace("http:", "tcp:"))
        monkeypatch.setenv("DOCKER_CONFIG", str(home))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield served


def made(root: Path, dockerfile: str, options: BuildOptions = BY_ENGINE) -> LocalAssembly:
    """The assembly of a service with this Dockerfile."""
    folder = root / SERVICE.path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    found = assembly(root, root / "scratch", registry=cast("EcrRegistry", Host()), options=options)
    parameters = FakeParameters()
    parameters.secrets["/erp/dev/hub"] = "kim:invented-hub"
    sign_ins = found.images.by_engine.bases.sign_ins
    sign_ins.ecr, sign_ins.parameters = Region, parameters
    sign_ins.named = dict(options.sign_in)
    return found


def request(*bases: tuple[str, str]) -> ImageRequest:
    return ImageRequest(target=SERVICE, repository="erp/a", tag="abc1234", commit="c" * 40, key="k", bases=bases)


def build(found: LocalAssembly, *bases: tuple[str, str]) -> None:
    found.images.build(request(*bases), None)


@pytest.mark.parametrize("host", [ECR, OTHER])
def test_a_base_in_any_registry_of_ecr_is_built_on(tmp_path: Path, engine: StandInEngine, host: str) -> None:
    engine.remote[f"{host}/base:1"] = NEW
    found = made(tmp_path, f"FROM {host}/base:1\n")
    assert found.base_digest(SERVICE, f"{host}/base:1") == NEW
    build(found, (f"{host}/base:1", NEW))
    assert engine.pulled == [f"{host}/base@{NEW}"]


def test_a_build_gets_the_sign_ins_of_its_own_images_and_no_others(tmp_path: Path, engine: StandInEngine) -> None:
    """The bases of the first stages are pulled by the builder itself."""
    engine.remote |= {f"{OTHER}/tools:1": OLD, "docker.io/acme/base:1": NEW}
    found = made(tmp_path, f"FROM {OTHER}/tools:1 AS tools\nFROM acme/base:1\nCOPY --from=tools /a /a\n", HUB)
    build(found)
    (asked,) = [one for one in engine.asked if "/build?" in one.path]
    given = json.loads(base64.urlsafe_b64decode(asked.headers["x-registry-config"]))
    assert given == {
        OTHER: {"username": "AWS", "password": "invented-us-east-1"},
        HUB_IN_HEADERS: {"username": "kim", "password": "invented-hub"},
    }
    assert set(engine.pulled) == {f"{OTHER}/tools:1", "acme/base:1"}


def test_without_a_sign_in_a_build_gets_none_and_no_helper_is_asked(tmp_path: Path, engine: StandInEngine) -> None:
    engine.remote["ghcr.io/acme/base:1"] = NEW
    build(made(tmp_path, "FROM ghcr.io/acme/base:1\n"))
    assert not any("x-registry-config" in one.headers for one in engine.asked)


def test_a_private_image_of_the_hub_without_its_sign_in_says_what_to_write(
    tmp_path: Path, engine: StandInEngine
) -> None:
    engine.remote["docker.io/acme/base:1"] = NEW
    with pytest.raises(BuildFailed, match="cannot be pulled") as caught:
        build(made(tmp_path, "FROM acme/base:1\n"))
    assert '[build.sign_in] "docker.io"' in caught.value.next_step


@pytest.mark.parametrize(
    ("dockerfile", "name"),
    [
        ("FROM eclipse-temurin:17\n", "eclipse-temurin:17"),
        ("ARG TAG=17\nFROM eclipse-temurin:${TAG}\n", "eclipse-temurin:17"),
        (
            "FROM --platform=linux/amd64 docker.io/library/eclipse-temurin:17 AS x\n",
            "docker.io/library/eclipse-temurin:17",
        ),
    ],
)
def test_a_base_is_fetched_from_its_mirror_and_its_digest_is_asked_there(
    tmp_path: Path, engine: StandInEngine, dockerfile: str, name: str
) -> None:
    engine.remote[f"{ECR}/docker-hub/library/eclipse-temurin:17"] = NEW
    found = made(tmp_path, dockerfile, MIRRORED)
    assert found.base_digest(SERVICE, name) == NEW
    build(found, (name, NEW))
    assert engine.pulled == [f"{ECR}/docker-hub/library/eclipse-temurin@{NEW}"]
    assert (
        f"FROM {'--platform=linux/amd64 ' if 'platform' in dockerfile else ''}{ECR}/docker-hub/library/"
        in engine.built[0]
    )
    # The image says what it is built on, wherever that was fetched.
    assert f'org.opencontainers.image.base.name="{name}"' in engine.built[0]
    assert f'org.opencontainers.image.base.digest="{NEW}"' in engine.built[0]


def test_a_base_that_is_named_by_its_digest_comes_from_the_mirror_too(tmp_path: Path, engine: StandInEngine) -> None:
    engine.remote[f"{ECR}/docker-hub/library/eclipse-temurin:17"] = NEW
    build(made(tmp_path, f"FROM eclipse-temurin:17@{NEW}\n", MIRRORED))
    assert f"FROM {ECR}/docker-hub/library/eclipse-temurin:17@{NEW}" in engine.built[0]


def test_what_the_engine_has_from_elsewhere_does_not_stand_for_the_mirror(
    tmp_path: Path, engine: StandInEngine
) -> None:
    engine.local["eclipse-temurin:17"] = {OLD}
    engine.remote[f"{ECR}/docker-hub/library/eclipse-temurin:17"] = NEW
    found = made(tmp_path, "FROM eclipse-temurin:17\n", MIRRORED)
    assert found.base_digest(SERVICE, "eclipse-temurin:17") == NEW


def test_a_mirror_that_lacks_the_image_is_named(tmp_path: Path, engine: StandInEngine) -> None:
    engine.remote["docker.io/library/eclipse-temurin:17"] = NEW
    with pytest.raises(BuildFailed) as caught:
        build(made(tmp_path, "FROM eclipse-temurin:17\n", MIRRORED))
    assert caught.value.where == f"{ECR}/docker-hub/library/eclipse-temurin:17"
    assert "pull-through cache" in caught.value.next_step
    assert engine.pulled == []


def test_a_base_that_was_prepared_is_pulled_once(tmp_path: Path, engine: StandInEngine) -> None:
    engine.remote[f"{ECR}/base:1"] = NEW
    found = made(tmp_path, f"FROM {ECR}/base:1\n")
    found.prepare_images([request((f"{ECR}/base:1", NEW)), request((f"{ECR}/base:1", NEW))])
    assert engine.pulled == [f"{ECR}/base@{NEW}"]
    build(found, (f"{ECR}/base:1", NEW))
    assert engine.pulled == [f"{ECR}/base@{NEW}"]


def test_a_base_that_cannot_be_prepared_fails_its_own_image_and_no_other(tmp_path: Path, engine: StandInEngine) -> None:
    engine.remote["docker.io/acme/base:1"] = NEW
    missing, there = (ECR + "/missing:1", OLD), ("acme/base:1", NEW)
    found = made(tmp_path, "FROM acme/base:1\n", HUB)
    found.prepare_images([request(missing), request(there)])
    assert engine.pulled == [f"acme/base@{NEW}"]
    with pytest.raises(BuildFailed, match="cannot be pulled"):
        build(found, missing)
    build(found, there)


def test_after_a_signal_nothing_is_prepared(tmp_path: Path, engine: StandInEngine) -> None:
    engine.remote["docker.io/acme/base:1"] = NEW
    found = made(tmp_path, "FROM acme/base:1\n", HUB)
    WAY_OUT.begin()
    try:
        with work_beside(lambda: found.prepare_images([request()])) as prepared, pytest.raises(NothingBegins):
            prepared()
    finally:
        WAY_OUT.forget()
    assert engine.pulled == []


def labels(found: LocalAssembly, dockerfile: str, *bases: tuple[str, str], classic: bool) -> dict[str, str]:
    return found.images.by_engine.bases.labels(dockerfile, bases, lambda _: None, classic=classic)


@pytest.mark.parametrize(
    "dockerfile",
    ["FROM a:1\nFROM b:1\n", "FROM b:1 AS base\nFROM a:1 AS tools\nFROM base\n", "ARG V=1\nFROM b:${V}\n"],
    ids=["the last", "by way of a stage", "with a variable"],
)
def test_the_labels_name_the_image_that_the_final_stage_begins_with(
    tmp_path: Path, engine: StandInEngine, dockerfile: str
) -> None:
    engine.local |= {"a:1": {OLD}, "b:1": {NEW}}
    found = labels(made(tmp_path, dockerfile), dockerfile, classic=True)
    assert (found[BASE_NAME_LABEL], found[BASE_DIGEST_LABEL]) == ("b:1", NEW)


@pytest.mark.parametrize("classic", [True, False], ids=["classic", "BuildKit"])
@pytest.mark.parametrize("dockerfile", ["ARG BASE\nFROM ${BASE}\n", "FROM scratch\n"])
def test_a_base_without_a_known_name_has_no_label_and_is_not_asked_for(
    tmp_path: Path, engine: StandInEngine, dockerfile: str, *, classic: bool
) -> None:
    assert labels(made(tmp_path, dockerfile), dockerfile, classic=classic) == {}
    assert engine.asked == []


def test_a_label_stops_no_build_of_buildkit_which_may_pull_otherwise(tmp_path: Path, engine: StandInEngine) -> None:
    said: list[str] = []
    bases = made(tmp_path, "FROM nowhere.example/a:1\n").images.by_engine.bases
    assert bases.labels("FROM nowhere.example/a:1\n", (), said.append, classic=False) == {}
    assert said == ["no label names the base image nowhere.example/a:1: manifest unknown: Requested image not found"]
    assert engine.pulled == []
    with pytest.raises(BuildFailed, match="cannot be pulled"):
        bases.labels("FROM nowhere.example/a:1\n", (), said.append, classic=True)
