"""What refers to an image is found: by the registry's own list, or by the index under the tag for it."""

import json

import pytest

from erp_build.errors import BuildFailed, PushFailed
from erp_build.formats.oci.manifest import manifest_of
from erp_build.formats.oci.media_types import EMPTY_CONTENT, OCI_EMPTY, OCI_MANIFEST
from erp_build.model.images.oci import Descriptor, Manifest
from tests.fakes.oci_registry import INDEX, FakeRegistry, Fault, Reply
from tests.support.images import BASE, descriptor_of, registry_at, store_base

BOM, STATEMENT = "application/vnd.cyclonedx+json", "application/vnd.in-toto+json"


def statement(fake: FakeRegistry, subject: Descriptor, kind: str, text: bytes = b"{}") -> Manifest:
    for content in (EMPTY_CONTENT, text):
        fake.store(BASE, content)
    return manifest_of(
        descriptor_of(EMPTY_CONTENT, OCI_EMPTY),
        [descriptor_of(text, kind)],
        OCI_MANIFEST,
        artifact_type=kind,
        subject=subject,
        annotations=[("b", "2"), ("a", "1")],
    )


@pytest.mark.parametrize("lists", [True, False], ids=["a list", "a tag"])
def test_what_was_put_is_found_by_what_it_is(fake: FakeRegistry, *, lists: bool) -> None:
    fake.lists_referrers = lists
    subject = store_base(fake).manifest.descriptor
    registry = registry_at(fake)
    assert registry.referrers(BASE, subject.digest) == ()
    made = [statement(fake, subject, kind) for kind in (BOM, STATEMENT)]
    registry.push_referrers(BASE, subject, *made)
    registry.push_referrers(BASE, subject, *made)
    found = registry.referrers(BASE, subject.digest)
    assert {one.digest for one in found} == {one.digest for one in made}
    assert [one.digest for one in registry.referrers(BASE, subject.digest, BOM)] == [made[0].digest]
    tag = subject.digest.replace(":", "-")
    assert (tag in fake.repository(BASE).tags) is not lists
    # The image's own tag still names the plain image.
    assert fake.repository(BASE).tags["1"] == subject.digest


def test_an_index_of_others_is_kept(fake: FakeRegistry) -> None:
    fake.lists_referrers = False
    subject = store_base(fake).manifest.descriptor
    for number, kind in enumerate((BOM, STATEMENT)):
        registry_at(fake).push_referrers(BASE, subject, statement(fake, subject, kind, b"%d" % number))
    assert len(registry_at(fake).referrers(BASE, subject.digest)) == 2


def test_an_index_that_another_run_wrote_at_the_same_moment_is_written_again(fake: FakeRegistry) -> None:
    fake.lists_referrers = False
    subject = store_base(fake).manifest.descriptor
    other = statement(fake, subject, STATEMENT, b"other")
    registry_at(fake).push_referrers(BASE, subject, other)
    tag = subject.digest.replace(":", "-")
    theirs = fake.repository(BASE).tags[tag]
    times = 0

    def fault(_: int, call: object) -> None:
        nonlocal times
        if getattr(call, "method", "") == "GET" and str(getattr(call, "path", "")).endswith(tag):
            times += 1
            if times == 2:
                fake.repository(BASE).tags[tag] = theirs

    fake.fault = fault
    registry_at(fake).push_referrers(BASE, subject, statement(fake, subject, BOM))
    assert len(registry_at(fake).referrers(BASE, subject.digest)) == 2


def test_pages_are_read_to_the_end(fake: FakeRegistry) -> None:
    listed = [{"mediaType": OCI_MANIFEST, "digest": f"sha256:{number:064x}", "size": 7} for number in range(3)]

    def fault(number: int, call: object) -> Fault:
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [listed[number]]}).encode()
        path = str(getattr(call, "path", ""))
        link = {"Link": f'<{path}?page={number + 1}>; rel="next"'} if number < 2 else {}
        return Fault("answer", Reply(200, {"Content-Type": INDEX, **link}, body))

    fake.fault = fault
    found = registry_at(fake).referrers(BASE, f"sha256:{'a' * 64}")
    assert [one.digest for one in found] == [one["digest"] for one in listed]


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        pytest.param(Reply(403, {}, b""), "the registry refuses a call", id="denied"),
        pytest.param(Reply(200, {"Content-Type": INDEX}, b"[]"), "cannot be read", id="a list"),
        pytest.param(
            Reply(200, {"Content-Type": INDEX, "Link": '<http://127.0.0.2/x>; rel="next"'}, b'{"manifests": []}'),
            "cannot be read",
            id="leads elsewhere",
        ),
    ],
)
def test_a_list_that_cannot_be_read_is_no_empty_list(fake: FakeRegistry, reply: Reply, what: str) -> None:
    fake.fault = lambda *_: Fault("answer", reply)
    with pytest.raises(BuildFailed, match=what):
        registry_at(fake, failure=BuildFailed).referrers(BASE, f"sha256:{'a' * 64}")


def test_an_image_under_its_own_tag_for_referrers_lists_nothing(fake: FakeRegistry) -> None:
    fake.lists_referrers = False
    subject = store_base(fake).manifest
    fake.put(BASE, subject.digest.replace(":", "-"), subject.media_type, subject.content)
    assert registry_at(fake).referrers(BASE, subject.digest) == ()


def test_a_statement_without_its_blob_is_refused(fake: FakeRegistry) -> None:
    subject = store_base(fake).manifest.descriptor
    made = statement(fake, subject, BOM, b"lost")
    fake.repository(BASE).blobs.pop(descriptor_of(b"lost").digest)
    with pytest.raises(PushFailed, match="the registry refuses a call") as caught:
        registry_at(fake).push_referrers(BASE, subject, made)
    assert "MANIFEST_BLOB_UNKNOWN" in caught.value.why
