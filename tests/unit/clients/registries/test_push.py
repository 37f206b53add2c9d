"""A push without trouble: what is there is not sent, what is elsewhere is mounted, and a base is fetched once."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from erp_build.clients.registries import upload
from erp_build.clients.registries.body import BLOCK
from erp_build.errors import PushFailed
from erp_build.model.images.oci import MadeImage, MadeLayer
from tests.fakes.oci_registry import FakeRegistry, Fault, refusal
from tests.support.images import BASE, WHOLE, descriptor_of, made_image, push_to, random_bytes, registry_at, store_base
from tests.support.registry_server import served


@pytest.fixture(autouse=True)
def _streams_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "WHOLE_BYTES", WHOLE)


def host(fake: FakeRegistry) -> str:
    return fake.address.partition("://")[2]


def test_an_image_that_is_there_costs_one_question(fake: FakeRegistry, tmp_path: Path) -> None:
    image = made_image(tmp_path)
    push = push_to(registry_at(fake), tmp_path)
    first = push.push_image("erp/a", "1", image)
    before = len(fake.calls)
    again = push.push_image("erp/a", "1", image)
    assert (first.digest, again.digest, again.bytes_pushed) == (image.manifest.digest, image.manifest.digest, 0)
    assert len(fake.calls) == before + 1
    assert first.bytes_pushed == sum(map(len, fake.repository("erp/a").blobs.values()))


def test_the_bytes_so_far_are_told(fake: FakeRegistry, tmp_path: Path) -> None:
    told: list[int] = []
    found = push_to(registry_at(fake), tmp_path).push_image("erp/a", "1", made_image(tmp_path), told.append)
    assert told == sorted(told)
    assert told[-1] == found.bytes_pushed
    assert len(told) > 3


def test_a_base_of_the_same_registry_is_mounted(fake: FakeRegistry, tmp_path: Path) -> None:
    base = store_base(fake)._replace(host=host(fake))
    fake.sign_in = "token"
    push_to(registry_at(fake), tmp_path).push_image("erp/a", "1", made_image(tmp_path, base))
    assert base.layers[0].digest in fake.repository("erp/a").blobs
    assert not any(BASE in one and "GET" in one for one in fake.asked)


@pytest.mark.parametrize(
    "answer",
    [None, refusal(403, "DENIED", "no"), refusal(404, "NAME_UNKNOWN", "no")],
    ids=["taken up", "denied", "unknown"],
)
def test_a_base_that_is_not_mounted_is_copied(fake: FakeRegistry, tmp_path: Path, answer: object) -> None:
    base = store_base(fake)._replace(host=host(fake))
    fake.mounts = False
    if answer:
        fake.fault = lambda _, call: Fault("answer", answer) if "mount" in call.query else None  # type: ignore[arg-type]
    push_to(registry_at(fake), tmp_path).push_image("erp/a", "1", made_image(tmp_path, base))
    assert base.layers[0].digest in fake.repository("erp/a").blobs


@pytest.mark.parametrize("mounts", [True, False])
def test_a_base_of_another_registry_is_fetched_once_for_all_images(
    fake: FakeRegistry, tmp_path: Path, *, mounts: bool
) -> None:
    fake.mounts = mounts
    with served() as elsewhere:
        base = store_base(elsewhere)._replace(host="elsewhere")
        push = push_to(registry_at(fake), tmp_path, registry_at(elsewhere))
        images = [made_image(tmp_path, base, seed=number) for number in range(3)]
        for number, image in enumerate(images):
            push.push_image(f"erp/{number}", "1", image)
        assert len(elsewhere.calls) == 1
    sent = sum(call.query.get("digest") == base.layers[0].digest for call in fake.calls)
    assert sent == (1 if mounts else 3)


class Watched(io.BytesIO):
    """A file that keeps the largest part that was read of it."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        Watched.largest = max(Watched.largest, len(part))
        return part


def test_a_layer_is_never_in_memory_as_a_whole(fake: FakeRegistry) -> None:
    content = random_bytes(4 * BLOCK, 5)
    assert registry_at(fake).push_blob("erp/a", descriptor_of(content), lambda: Watched(content))
    assert 0 < Watched.largest <= BLOCK


def test_the_same_layer_twice_is_sent_once(fake: FakeRegistry, tmp_path: Path) -> None:
    image = made_image(tmp_path)
    twice = image._replace(layers=(*image.layers, image.layers[0]))
    push_to(registry_at(fake), tmp_path).push_image("erp/a", "1", twice)
    assert sum(call.method == "POST" for call in fake.calls) == 3


@pytest.mark.parametrize(
    "change", [lambda path: path.unlink(), lambda path: path.write_bytes(b"short")], ids=["gone", "short"]
)
@pytest.mark.parametrize("number", [0, 1], ids=["whole", "as a stream"])
def test_a_layer_that_cannot_be_read_any_more_is_an_error(
    fake: FakeRegistry, tmp_path: Path, change: Callable[[Path], object], number: int
) -> None:
    image = made_image(tmp_path)
    layer = image.layers[number]
    assert isinstance(layer, MadeLayer)
    assert layer.path
    change(layer.path)
    with pytest.raises(PushFailed, match="a layer cannot be read any more") as caught:
        push_to(registry_at(fake), tmp_path).push_image("erp/a", "1", image)
    assert not caught.value.passes


def test_a_layer_that_the_registry_was_known_to_have_is_said_to_be_lost(fake: FakeRegistry, tmp_path: Path) -> None:
    image: MadeImage = made_image(tmp_path)
    first = image.layers[0]
    assert isinstance(first, MadeLayer)
    known = image._replace(layers=(first._replace(path=None), *image.layers[1:]))
    with pytest.raises(PushFailed, match="the registry has lost a layer"):
        push_to(registry_at(fake), tmp_path).push_image("erp/a", "1", known)


def test_a_missing_repository_says_what_to_do(fake: FakeRegistry, tmp_path: Path) -> None:
    fake.fault = lambda _, call: (
        Fault("answer", refusal(404, "NAME_UNKNOWN", "The repository with name 'erp/a' does not exist"))
        if call.method != "GET"
        else None
    )
    with pytest.raises(PushFailed, match="the registry refuses a call") as caught:
        push_to(registry_at(fake), tmp_path).push_image("erp/a", "1", made_image(tmp_path))
    assert caught.value.next_step == "create the repository, or correct `repository` in erp-build.toml"
    assert not caught.value.passes


def asked_for(fake: FakeRegistry, digest: str) -> int:
    return sum(one.startswith("HEAD") and digest in one for one in fake.asked)


def test_layers_of_a_base_that_were_looked_for_are_not_asked_for_again(fake: FakeRegistry, tmp_path: Path) -> None:
    base = store_base(fake)._replace(host=host(fake))
    push_to(registry_at(fake), tmp_path).push_image("erp/a", "1", made_image(tmp_path, base))
    push = push_to(registry_at(fake), tmp_path)
    push.look_for("erp/a", base)
    before = asked_for(fake, base.layers[0].digest)
    push.push_image("erp/a", "2", made_image(tmp_path, base, seed=2))
    assert asked_for(fake, base.layers[0].digest) == before


def test_layers_of_a_base_that_were_not_found_are_sent(fake: FakeRegistry, tmp_path: Path) -> None:
    base = store_base(fake)._replace(host=host(fake))
    push = push_to(registry_at(fake), tmp_path)
    push.look_for("erp/a", base)
    push.push_image("erp/a", "1", made_image(tmp_path, base))
    assert base.layers[0].digest in fake.repository("erp/a").blobs


def test_a_layer_that_is_gone_since_it_was_looked_for_is_sent(fake: FakeRegistry, tmp_path: Path) -> None:
    base = store_base(fake)._replace(host=host(fake))
    push_to(registry_at(fake), tmp_path).push_image("erp/a", "1", made_image(tmp_path, base))
    push = push_to(registry_at(fake), tmp_path)
    push.look_for("erp/a", base)
    del fake.repository("erp/a").blobs[base.layers[0].digest]
    push.push_image("erp/a", "2", made_image(tmp_path, base, seed=2))
    assert base.layers[0].digest in fake.repository("erp/a").blobs


def test_what_a_push_asks_by_itself_is_not_looked_for_any_more(fake: FakeRegistry, tmp_path: Path) -> None:
    base = store_base(fake)._replace(host=host(fake))
    push = push_to(registry_at(fake), tmp_path)
    push.push_image("erp/a", "1", made_image(tmp_path, base))
    before = len(fake.calls)
    push.look_for("erp/a", base)
    assert len(fake.calls) == before
