"""A push in spite of everything: a fault at any of its requests ends with the right image, or one clear error."""

import json
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.patience import Patience
from erp_build.clients.registries import push as push_module
from erp_build.clients.registries.http import Answer, Http, Request
from erp_build.errors import PushFailed
from erp_build.model.images.oci import MadeImage
from tests.fakes.oci_registry import Call, FakeRegistry, Fault, Reply, digest_of, refusal
from tests.support.images import LARGE, patient_at, push_to, registry_at, store_base
from tests.support.registry_server import served

pytestmark = pytest.mark.usefixtures("one_after_the_other")

REPOSITORY, TAG = "erp/a", "abc1234"

CHALLENGE = {"WWW-Authenticate": 'Basic realm="fake"'}
FAULTS = {
    "dropped before": Fault("drop before"),
    "dropped midway": Fault("drop midway"),
    "dropped after": Fault("drop after"),
    "asked too often": Fault("answer", Reply(429, {"Retry-After": "2"})),
    "failed": Fault("answer", Reply(500)),
    "failed after it was done": Fault("answer after", Reply(502, {}, b"<html>Bad Gateway</html>")),
    "sign-in ended": Fault("answer", refusal(401, "UNAUTHORIZED", "authentication required", **CHALLENGE)),
}

Killed = type("Killed", (BaseException,), {})


def push(fake: FakeRegistry, image: MadeImage, folder: Path, client: Callable[..., Any] = patient_at) -> str:
    """Push the image to a registry, from a base in another one."""
    (kept := folder / "kept").mkdir(exist_ok=True)
    with served() as elsewhere:
        store_base(elsewhere)
        found = push_to(client(fake), kept, registry_at(elsewhere)).push_image(REPOSITORY, TAG, image)
    return found.digest


def require_right(fake: FakeRegistry, image: MadeImage) -> None:
    """The tag names the image, and all its parts are there with the bytes that their digests say."""
    stored = fake.repositories[REPOSITORY]
    assert stored.tags[TAG] == image.manifest.digest
    assert stored.manifests[image.manifest.digest] == (image.manifest.media_type, image.manifest.content)
    document = json.loads(image.manifest.content)
    parts = {one["digest"] for one in (document["config"], *document["layers"])}
    assert len(parts) == 4
    assert parts <= set(stored.blobs)
    assert all(digest_of(content) == digest for digest, content in stored.blobs.items())


def at(place: int, fault: Fault) -> Callable[[int, Call], Fault | None]:
    """The fault at one request."""
    return lambda number, _: fault if number == place else None


def from_then_on(place: int, fault: Fault, number: int, _: Call) -> Fault | None:
    return fault if number >= place else None


def requests_of_a_push(image: MadeImage, folder: Path) -> list[str]:
    with served() as fake:
        push(fake, image, folder)
    return fake.asked


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_at_any_request_ends_with_the_right_image(image: MadeImage, tmp_path: Path, fault: Fault) -> None:
    asked = requests_of_a_push(image, tmp_path)
    assert {one.split("/")[0] for one in asked} == {"GET ", "HEAD ", "POST ", "PATCH ", "PUT "}
    for place in range(len(asked)):
        with served() as fake:
            fake.fault = at(place, fault)
            assert push(fake, image, tmp_path) == image.manifest.digest, asked[place]
            require_right(fake, image)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dropped midway", "dropped after", "asked too often"])
def test_whoever_asks_for_the_whole_push_again_gets_the_right_image_too(
    image: MadeImage, tmp_path: Path, kind: str
) -> None:
    asked, fault = requests_of_a_push(image, tmp_path), FAULTS[kind]
    for place in range(len(asked)):
        with served() as fake:
            fake.fault = at(place, fault)
            # As the run does with the whole effect: once more where the error passes.
            Patience(SimulatedClock()).ask(push, fake, image, tmp_path, registry_at)
            require_right(fake, image)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_push_that_was_killed_at_any_request_is_completed_by_the_next_one(
    image: MadeImage, tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Http.ask
    left = 0

    def killed(http: Http, request: Request, authorization: str) -> Answer:
        nonlocal left
        left -= 1
        if left < 0 and when == "before":
            raise Killed
        answer = ask(http, request, authorization)
        if left < 0:
            raise Killed
        return answer

    for place in range(len(requests_of_a_push(image, tmp_path))):
        with served() as fake:
            left = place
            monkeypatch.setattr(Http, "ask", killed)
            with pytest.raises(Killed, match=r"^$"):
                push(fake, image, tmp_path)
            monkeypatch.setattr(Http, "ask", ask)
            assert push(fake, image, tmp_path) == image.manifest.digest
            require_right(fake, image)


def test_a_stream_that_broke_off_goes_on_where_it_was(image: MadeImage, tmp_path: Path) -> None:
    with served() as fake:
        broken = False

        def fault(_: int, call: Call) -> Fault | None:
            nonlocal broken
            broken, before = broken or call.method == "PATCH", broken
            return Fault("drop midway") if broken and not before else None

        fake.fault = fault
        push(fake, image, tmp_path)
        require_right(fake, image)
        stored = sum(len(content) for content in fake.repositories[REPOSITORY].blobs.values())
        # Half of the large layer came before the break, and is not sent again but for what was on its way.
        assert fake.received < stored + LARGE * 0.6
        resumed = [call.headers.get("content-range", "") for call in fake.calls if call.method == "PATCH"]
        assert [bool(one) for one in resumed] == [False, True]


@pytest.mark.parametrize("quirk", ["forgets_uploads", "misreports", "takes_one_patch"])
def test_a_registry_that_cannot_go_on_gets_the_layer_anew(image: MadeImage, tmp_path: Path, quirk: str) -> None:
    with served() as fake:
        dropped = 0

        def fault(_: int, call: Call) -> Fault | None:
            nonlocal dropped
            dropped += call.method == "PATCH"
            if call.method == "PATCH" and dropped == 1:
                return Fault("drop midway")
            if dropped > 1:
                fake.forgets_uploads = False
            return None

        setattr(fake, quirk, True)
        fake.fault = fault
        assert push(fake, image, tmp_path) == image.manifest.digest
        require_right(fake, image)


def test_trouble_without_an_end_is_one_error_and_says_what_it_waited_for(image: MadeImage, tmp_path: Path) -> None:
    with served() as fake:
        fake.fault = lambda _, call: Fault("answer", Reply(503)) if call.method == "PATCH" else None
        with pytest.raises(PushFailed, match="the registry refuses a call") as caught:
            push(fake, image, tmp_path)
    assert caught.value.why == "503 Service Unavailable"
    assert not caught.value.passes
    assert sum(call.method == "PATCH" for call in fake.calls) >= 3


def test_a_registry_that_is_asked_too_often_is_asked_again_when_it_wants(image: MadeImage, tmp_path: Path) -> None:
    clock = SimulatedClock()
    with served() as fake:
        fake.fault = at(3, Fault("answer", Reply(429, {"Retry-After": "12"})))
        push(fake, image, tmp_path, partial(registry_at, ask=Patience(clock).ask))
    assert clock.monotonic() >= 12


@pytest.mark.parametrize("seed", range(4))
def test_two_pushes_of_one_image_at_once_end_with_the_same_digest(
    image: MadeImage, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_module, "BLOBS_AT_ONCE", 4)
    digests: list[str] = []
    with served() as fake:
        fake.immutable = bool(seed % 2)
        folders = [tmp_path / f"run-{number}" for number in range(2)]

        def run(folder: Path) -> None:
            folder.mkdir()
            digests.append(push(fake, image, folder))

        threads = [threading.Thread(target=run, args=(folder,)) for folder in folders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        require_right(fake, image)
    assert digests == [image.manifest.digest] * 2
