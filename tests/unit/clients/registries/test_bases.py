"""What is read of registries: base images by their platform, and layers as streams that are checked."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.registries.base import base_image
from erp_build.clients.registries.kept_blobs import COPY_BYTES, KeptBlobs
from erp_build.clients.way_out import WAY_OUT, NothingBegins
from erp_build.errors import BuildFailed, ErpBuildError
from erp_build.formats.oci.manifest import index_of, manifest_of
from erp_build.formats.oci.media_types import DOCKER_CONFIG, DOCKER_MANIFEST, OCI_INDEX
from erp_build.model.images.oci import Descriptor
from tests.fakes.oci_registry import FakeRegistry, Fault, Reply
from tests.support.images import BASE, descriptor_of, patient_at, random_bytes, store_base

CONTENT = random_bytes(300_000, 3)
SOON_S = 5.0


def reading(fake: FakeRegistry, **named: Any) -> Any:
    return patient_at(fake, failure=BuildFailed, **named)


def test_a_base_image_is_read_by_its_tag(fake: FakeRegistry) -> None:
    stored = store_base(fake)
    found = base_image(reading(fake), BASE, "1", "linux/amd64")
    assert found == stored._replace(host=fake.address.partition("://")[2])


@pytest.mark.parametrize("says", [True, False])
def test_the_digest_of_a_tag_is_asked_for_without_the_manifest(fake: FakeRegistry, *, says: bool) -> None:
    stored = store_base(fake)
    fake.fault = lambda _, call: Fault("answer", Reply(200)) if call.method == "HEAD" and not says else None
    assert reading(fake).digest(BASE, "1") == stored.manifest.digest
    assert [call.method for call in fake.calls] == (["HEAD"] if says else ["HEAD", "GET"])
    fake.fault = lambda *_: None
    assert reading(fake).digest(BASE, "2") is None


def test_an_index_leads_to_the_image_of_the_platform(fake: FakeRegistry) -> None:
    stored = store_base(fake)
    inner = index_of([stored.manifest.descriptor._replace(platform="linux/amd64")])
    outer = index_of(
        [
            Descriptor(DOCKER_MANIFEST, f"sha256:{'0' * 64}", 7, "linux/arm64/v8"),
            inner.descriptor._replace(platform="linux/amd64"),
            Descriptor(DOCKER_MANIFEST, f"sha256:{'1' * 64}", 7, "unknown/unknown"),
        ]
    )
    for tag, one in (("", inner), ("all", outer)):
        fake.put(BASE, tag, OCI_INDEX, one.content)
    assert base_image(reading(fake), BASE, "all", "linux/amd64").manifest == stored.manifest
    with pytest.raises(BuildFailed, match="cannot be built on") as caught:
        base_image(reading(fake), BASE, "all", "linux/s390x")
    assert caught.value.why == "it is not there for linux/s390x, only for linux/amd64, linux/arm64/v8"


def test_a_missing_image_says_where_to_look(fake: FakeRegistry) -> None:
    with pytest.raises(BuildFailed, match="the base image is not there") as caught:
        base_image(reading(fake), BASE, "2", "linux/amd64")
    assert caught.value.where.endswith(f"/{BASE}:2")
    assert caught.value.next_step == "check the tag after FROM"


@pytest.mark.parametrize(
    ("config", "why"),
    [
        pytest.param({"rootfs": {"diff_ids": []}}, "it has 1 layers, and its configuration 0", id="layers"),
        pytest.param({}, "its configuration does not name its layers", id="no layers"),
        pytest.param({"rootfs": {"diff_ids": [7]}}, "its configuration does not name its layers", id="numbers"),
        pytest.param([], "its configuration is no JSON object", id="a list"),
    ],
)
def test_a_configuration_of_another_form_is_refused(fake: FakeRegistry, config: object, why: str) -> None:
    stored, written = store_base(fake), json.dumps(config).encode()
    fake.store(BASE, written)
    manifest = manifest_of(descriptor_of(written, DOCKER_CONFIG), stored.layers, DOCKER_MANIFEST)
    fake.put(BASE, "odd", manifest.media_type, manifest.content)
    with pytest.raises(BuildFailed, match="cannot be built on") as caught:
        base_image(reading(fake), BASE, "odd", "linux/amd64")
    assert caught.value.why == why


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        pytest.param(Reply(200, {"Content-Type": "text/html"}, b"<html>sign in</html>"), "cannot be read", id="a page"),
        pytest.param(
            Reply(200, {"Content-Type": "application/json"}, b'{"schemaVersion": 1}'), "cannot be built on", id="old"
        ),
        pytest.param(Reply(200, {"Content-Type": DOCKER_MANIFEST}, b"{" * 100_000), "cannot be built on", id="nested"),
        pytest.param(Reply(200, {"Content-Type": DOCKER_MANIFEST}, b"x" * (5 << 20)), "cannot be read", id="large"),
        pytest.param(Reply(403, {}, b"denied"), "the registry refuses a call", id="denied"),
        pytest.param(Reply(307, {"Location": "ftp://127.0.0.1/x"}), "does not answer", id="leads elsewhere"),
        pytest.param(Reply(307, {"Location": "/v2/bases/jre/manifests/1"}), "does not answer", id="leads in a circle"),
    ],
)
def test_an_answer_of_another_form_is_one_error(fake: FakeRegistry, reply: Reply, what: str) -> None:
    fake.fault = lambda *_: Fault("answer", reply)
    with pytest.raises(BuildFailed, match=what):
        base_image(reading(fake), BASE, "1", "linux/amd64")


def test_a_layer_whose_connection_breaks_is_read_on(fake: FakeRegistry) -> None:
    fake.store(BASE, CONTENT)
    broken = []

    def fault(number: int, _: object) -> Fault | None:
        if number in (0, 2):
            broken.append(number)
            return Fault("cut")
        return Fault("drop before") if number == 1 else None

    fake.fault = fault
    with reading(fake).blob(BASE, descriptor_of(CONTENT)) as blob:
        assert blob.read() == CONTENT
    assert broken == [0, 2]
    assert [call.headers.get("range") for call in fake.calls] == [
        None,
        "bytes=150000-",
        "bytes=150000-",
        "bytes=225000-",
    ]


def test_a_server_that_begins_anew_is_read_on_too(fake: FakeRegistry) -> None:
    fake.store(BASE, CONTENT)

    def fault(number: int, _: object) -> Fault | None:
        return Fault("cut") if number == 0 else Fault("answer", Reply(200, {}, CONTENT))

    fake.fault = fault
    with reading(fake).blob(BASE, descriptor_of(CONTENT)) as blob:
        assert blob.read() == CONTENT


@pytest.mark.parametrize("reads", [lambda blob: blob.read(), lambda blob: blob.read(10)], ids=["all", "a part"])
def test_other_bytes_than_the_digest_says_are_refused(fake: FakeRegistry, reads: Callable[[Any], object]) -> None:
    wanted = descriptor_of(CONTENT)
    fake.repository(BASE).blobs[wanted.digest] = CONTENT[:-1] + b"!"
    with (
        pytest.raises(BuildFailed, match="the registry gives other bytes than the digest says"),
        reading(fake).blob(BASE, wanted) as blob,
    ):
        reads(blob)


def test_a_layer_that_always_breaks_is_one_error(fake: FakeRegistry) -> None:
    fake.store(BASE, CONTENT)
    fake.fault = lambda *_: Fault("cut")
    with (
        pytest.raises(BuildFailed, match="does not answer"),
        reading(fake).blob(BASE, descriptor_of(CONTENT)) as blob,
    ):
        blob.read()
    assert len(fake.calls) < 15


def test_a_layer_is_fetched_once_and_nobody_else_may_read_it(fake: FakeRegistry, tmp_path: Path) -> None:
    fake.store(BASE, CONTENT)
    kept, registry, paths = KeptBlobs(tmp_path), reading(fake), list[Path]()
    wanted = descriptor_of(CONTENT)
    threads = [threading.Thread(target=lambda: paths.append(kept.path(registry, BASE, wanted))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert paths[0].stat().st_mode & 0o777 == 0o600
    assert len(fake.calls) == 1


def test_a_layer_that_was_looked_into_is_not_fetched_again(fake: FakeRegistry, tmp_path: Path) -> None:
    fake.store(BASE, CONTENT)
    kept, registry, wanted = KeptBlobs(tmp_path), reading(fake), descriptor_of(CONTENT)
    with kept.read(registry, BASE, wanted) as blob:
        assert blob.read() == CONTENT
    assert kept.path(registry, BASE, wanted).read_bytes() == CONTENT
    with kept.read(registry, BASE, wanted) as blob:
        assert blob.read() == CONTENT
    assert len(fake.calls) == 1


def test_a_layer_that_was_not_read_to_its_end_is_not_kept(fake: FakeRegistry, tmp_path: Path) -> None:
    content = random_bytes(2 * COPY_BYTES, 4)
    fake.store(BASE, content)
    kept, registry, wanted = KeptBlobs(tmp_path), reading(fake), descriptor_of(content)
    with kept.read(registry, BASE, wanted) as blob:
        assert blob.read(1) == content[:1]
    assert kept.path(registry, BASE, wanted).read_bytes() == content
    assert len(fake.calls) == 2


def test_a_full_disk_is_said(fake: FakeRegistry, tmp_path: Path) -> None:
    fake.store(BASE, CONTENT)
    wanted = descriptor_of(CONTENT)
    (tmp_path / f"{wanted.digest.replace(':', '-')}.part").symlink_to("/dev/full")
    with pytest.raises(BuildFailed, match="the disk is full"):
        KeptBlobs(tmp_path).path(reading(fake), BASE, wanted)


def test_after_a_signal_nobody_waits_for_a_registry(fake: FakeRegistry) -> None:
    fake.store(BASE, CONTENT)
    fake.fault = lambda *_: Fault("slow", seconds=8)
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            reading(fake).manifest(BASE, "1")
        except (NothingBegins, ErpBuildError) as error:
            ended.append(error)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    while not fake.calls:
        time.sleep(0.01)
    try:
        WAY_OUT.begin()
        WAY_OUT.call_off()
        thread.join(SOON_S)
    finally:
        WAY_OUT.forget()
    assert [type(one) for one in ended] == [NothingBegins]
