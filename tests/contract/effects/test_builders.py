"""What makes an image: none of an engine where that makes the same image, else an engine where one is there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.effects import ImageRequest
from erp_build.errors import BaseUnreadable, BuildFailed, NeedsEngine, PushFailed
from erp_build.model.build_options import Builder
from erp_build.model.images.image import BASE_DIGEST_LABEL, BASE_NAME_LABEL, KEY_LABEL, REVISION_LABEL
from tests.fakes.oci_registry import Fault, Reply
from tests.support.base_image import NAME, store_runtime
from tests.support.image_shop import COPY, SERVICE, Shop
from tests.support.loopback import serving
from tests.support.registry_server import served
from tests.support.stand_in_engine import StandInEngine

RUN = "RUN touch /x\n"
ONLY_IN_AN_ENGINE = "nowhere.invalid/java:17"


def request(**more: Any) -> ImageRequest:
    return ImageRequest(target=SERVICE, repository="erp/a", tag="abc1234", commit="c" * 40, key="k", **more)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Shop]:
    """An engine that answers, and a registry."""
    with serving(StandInEngine) as engine, served() as fake:
        monkeypatch.setenv("DOCKER_HOST", engine.address.replace("http:", "tcp:"))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield Shop(tmp_path / "erp", fake, engine)


@pytest.fixture
def without_engine(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The same, where no engine answers."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    return shop


@pytest.mark.parametrize("builder", ["auto", "direct"])
def test_an_image_is_made_and_pushed_and_no_engine_is_asked(shop: Shop, builder: Builder) -> None:
    made = shop.made(builder=builder)
    made.images.require_buildable(SERVICE)
    assert made.base_digest(SERVICE, shop.base) == shop.digest
    wanted = request(bases=((shop.base, shop.digest),))
    made.prepare_images([wanted])
    image = made.build_image(wanted)
    pushed = made.push(wanted)
    assert (image.builder, image.because, image.platform) == ("direct", "", "linux/amd64")
    assert pushed.digest == shop.fake.repositories["erp/a"].tags["abc1234"]
    assert pushed.bytes_pushed > 0
    assert shop.engine.asked == []
    config = shop.config_of()["config"]
    assert config["Entrypoint"] == ["java", "-jar", "app.jar"]
    labels = {name: config["Labels"][name] for name in (REVISION_LABEL, KEY_LABEL, BASE_NAME_LABEL, BASE_DIGEST_LABEL)}
    assert [*labels.values()] == ["c" * 40, "k", shop.base, shop.digest]


def test_direct_asks_no_engine_even_about_the_base_of_what_it_refuses(shop: Shop) -> None:
    made = shop.made(f"FROM {shop.base}\nRUN true\n", builder="direct")
    assert made.base_digest(SERVICE, shop.base) == shop.digest
    with pytest.raises(BuildFailed, match="cannot be made without an engine"):
        made.images.require_buildable(SERVICE)
    assert shop.engine.asked == []


def test_the_same_files_are_the_same_image_and_nothing_of_it_is_sent_again(shop: Shop) -> None:
    digests = []
    for _ in range(2):
        made = shop.made()
        made.build_image(request())
        digests.append(made.push(request()))
    assert digests[0].digest == digests[1].digest
    assert digests[1].bytes_pushed == 0


def test_layers_are_private_and_gone_after_the_push(shop: Shop) -> None:
    made = shop.made()
    made.build_image(request())
    assert [name for name in shop.layers if name.startswith("layer-")]
    made.push(request())
    assert [name for name in shop.layers if name.startswith("layer-")] == []


def test_a_push_that_fails_keeps_the_layers_for_the_next_attempt(shop: Shop) -> None:
    made = shop.made()
    made.build_image(request())
    shop.fake.fault = lambda _, call: Fault("answer", Reply(400)) if call.method in ("POST", "PUT") else None
    with pytest.raises(PushFailed, match="refuses a call"):
        made.push(request())
    shop.fake.fault = lambda *_: None
    assert made.push(request()).digest == shop.fake.repositories["erp/a"].tags["abc1234"]


def test_a_base_is_asked_for_once_a_run(shop: Shop) -> None:
    made = shop.made()
    for _ in range(3):
        made.base_digest(SERVICE, shop.base)
        made.build_image(request())
    asked = [one for one in shop.fake.asked if f"/{NAME}/" in one]
    assert len(asked) == len(set(asked))
    assert len([one for one in asked if "/manifests/" in one]) == 2  # the tag's digest, and what it names


def test_a_base_that_is_not_there_is_asked_for_once_as_well(without_engine: Shop) -> None:
    made = without_engine.made(f"FROM {without_engine.base}1\n{COPY}")
    for _ in range(3):
        with pytest.raises(BaseUnreadable, match="the base image is not there"):
            made.base_digest(SERVICE, f"{without_engine.base}1")
        with pytest.raises(BaseUnreadable, match="the base image is not there"):
            made.build_image(request())
    assert len([one for one in without_engine.fake.asked if f"/{NAME}/" in one]) == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param("RUN touch /x", "line 2: RUN: it needs a container to run in", id="RUN"),
        pytest.param("ADD https://host.example/x /x", "line 2: ADD:", id="ADD of a URL"),
    ],
)
def test_direct_refuses_what_needs_an_engine_with_its_line(shop: Shop, line: str, why: str) -> None:
    made = shop.made(f"FROM {shop.base}\n{line}\n{COPY}", "direct")
    with pytest.raises(BuildFailed, match="cannot be made without an engine") as caught:
        made.images.require_buildable(SERVICE)
    assert caught.value.where == "backend/a/Dockerfile:2"
    assert caught.value.why.startswith(why)
    assert 'builder = "auto"' in caught.value.next_step
    assert shop.engine.asked == []


def test_auto_takes_an_engine_for_it_and_says_why(shop: Shop) -> None:
    shop.engine.local[shop.base] = {shop.digest}
    made = shop.made(f"FROM {shop.base}\n{RUN}{COPY}")
    made.images.require_buildable(SERVICE)
    image = made.build_image(request())
    assert (image.builder, image.because) == ("classic", "line 2: RUN: it needs a container to run in")
    assert "RUN touch /x" in shop.engine.built[0]


@pytest.mark.parametrize(
    ("dockerfile", "settings", "why"),
    [
        pytest.param(f"FROM {ONLY_IN_AN_ENGINE}\n{COPY}", {}, "Failed to resolve", id="base of the engine alone"),
        pytest.param("", {"OnBuild": ["RUN x"]}, "line 1: the base image has instructions", id="ONBUILD"),
    ],
)
def test_auto_falls_back_to_an_engine_for_what_is_only_seen_in_the_base(
    shop: Shop, dockerfile: str, settings: dict[str, Any], why: str
) -> None:
    store_runtime(shop.fake, **settings)
    for image in (ONLY_IN_AN_ENGINE, shop.base):
        shop.engine.local[image] = {shop.digest}
    made = shop.made(dockerfile)
    made.images.require_buildable(SERVICE)
    image_ = made.build_image(request())
    assert image_.builder == "classic"
    assert why in image_.because
    assert any("an engine makes the image" in line for line in shop.progress.lines)
    assert len(shop.engine.built) == 1


@pytest.mark.parametrize(
    ("dockerfile", "settings", "kind", "what"),
    [
        pytest.param(f"FROM {ONLY_IN_AN_ENGINE}\n{COPY}", {}, BaseUnreadable, "does not answer", id="base"),
        pytest.param("", {"OnBuild": ["RUN x"]}, NeedsEngine, "cannot be made without an engine", id="ONBUILD"),
    ],
)
def test_where_no_engine_answers_the_first_error_is_told(
    without_engine: Shop, dockerfile: str, settings: dict[str, Any], kind: type[BuildFailed], what: str
) -> None:
    store_runtime(without_engine.fake, **settings)
    with pytest.raises(kind, match=what):
        without_engine.made(dockerfile).build_image(request())


def test_direct_asks_no_engine_for_a_base_that_cannot_be_read(shop: Shop) -> None:
    made = shop.made(f"FROM {ONLY_IN_AN_ENGINE}\n{COPY}", "direct")
    with pytest.raises(BaseUnreadable, match="does not answer"):
        made.base_digest(SERVICE, ONLY_IN_AN_ENGINE)
    with pytest.raises(BaseUnreadable, match="does not answer"):
        made.build_image(request())
    assert shop.engine.asked == []


def test_a_base_that_only_an_engine_knows_has_the_digest_that_it_says(shop: Shop) -> None:
    shop.engine.remote[ONLY_IN_AN_ENGINE] = shop.digest
    made = shop.made(f"FROM {ONLY_IN_AN_ENGINE}\n{COPY}")
    assert made.base_digest(SERVICE, ONLY_IN_AN_ENGINE) == shop.digest


def test_what_is_wrong_with_the_files_is_told_by_no_engine(shop: Shop) -> None:
    made = shop.made(f"FROM {shop.base}\nCOPY app.jar /etc/passwd/x\n")
    with pytest.raises(BuildFailed, match="cannot be made of its Dockerfile") as caught:
        made.build_image(request())
    assert caught.value.where == "backend/a/Dockerfile:2"
    assert shop.engine.asked == []


def test_a_base_comes_from_its_mirror(shop: Shop) -> None:
    digest = store_runtime(shop.fake, repository="docker-hub/library/java")
    host = shop.fake.address.partition("://")[2]
    made = shop.made(f"FROM java:17\n{COPY}", mirrors=(("docker.io", f"{host}/docker-hub"),))
    assert made.base_digest(SERVICE, "java:17") == digest
    made.build_image(request())
    made.push(request())
    assert shop.config_of()["config"]["Labels"][BASE_NAME_LABEL] == "java:17"
    assert shop.engine.asked == []


@pytest.mark.parametrize(("line", "asks"), [("", False), (RUN, True)])
def test_an_engine_must_answer_only_where_a_dockerfile_needs_one(
    without_engine: Shop, line: str, *, asks: bool
) -> None:
    made = without_engine.made(f"FROM {without_engine.base}\n{line}{COPY}")
    web = SERVICE._replace(package="none")
    if asks:
        with pytest.raises(BuildFailed, match="Docker engine"):
            made.require_buildable([web])
    else:
        made.require_buildable([web])


def test_a_registry_that_was_waited_for_in_vain_is_waited_for_once(without_engine: Shop) -> None:
    made = without_engine.made()
    without_engine.fake.fault = lambda *_: Fault("drop before")
    attempts = []
    for tag in ("17", "18", "19"):
        asked = len(without_engine.fake.calls)
        with pytest.raises(BaseUnreadable, match="does not answer"):
            made.base_digest(SERVICE, f"{without_engine.base[:-2]}{tag}")
        attempts.append(len(without_engine.fake.calls) - asked)
    assert attempts[0] >= 3
    assert attempts[1:] == [1, 1]
