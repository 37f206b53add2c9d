"""Evidence at a registry that speaks OCI's API: by its own list of referrers, and by the tag where it has none."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from erp_build.build.evidence.store import HOW_WITHOUT, WITHOUT, EvidenceStore
from erp_build.errors import PushFailed, TagTaken
from erp_build.formats.evidence.verify import Expected, fault_of
from erp_build.formats.oci.manifest import index_of, manifest_of
from erp_build.formats.oci.media_types import EMPTY_CONTENT, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST
from erp_build.model.images.evidence import MADE_BY, PROVENANCE_TYPE, SBOM_TYPE, Application, EvidenceRequest
from erp_build.model.images.image import StoredImage
from erp_build.model.images.oci import Descriptor, Manifest
from tests.contract.effects.test_live import EVIDENCE
from tests.fakes.oci_registry import FakeRegistry, Fault, digest_of, refusal
from tests.support.images import registry_at
from tests.support.registry_server import served

REPOSITORY, NAME = "erp/a", "host/erp/a"
APPLICATION = Application("a", unknown="no jar")


@pytest.fixture(params=[True, False], ids=["by its list", "by the tag"])
def fake(request: pytest.FixtureRequest) -> Iterator[FakeRegistry]:
    with served() as fake:
        fake.lists_referrers = request.param
        yield fake


def pushed(fake: FakeRegistry) -> EvidenceRequest:
    """An image that is in the registry, and what is said of it."""
    config = fake.store(REPOSITORY, b"{}")
    made = manifest_of(Descriptor("application/vnd.docker.container.image.v1+json", config, 2), (),
                       "application/vnd.docker.distribution.manifest.v2+json")  # fmt: skip
    fake.put(REPOSITORY, "1", made.media_type, made.content)
    image = StoredImage(
        repository=REPOSITORY, digest=made.digest, media_type=made.media_type, manifest=made.content.decode()
    )
    return EvidenceRequest(name=NAME, image=image, making=EVIDENCE.making)


def store(fake: FakeRegistry) -> EvidenceStore:
    registry = registry_at(fake)
    return EvidenceStore(lambda: registry)


def expected(request: EvidenceRequest) -> Expected:
    return Expected(NAME, request.image.digest, request.making.commit)


def test_what_is_attached_is_read_back_byte_for_byte_and_is_right(fake: FakeRegistry) -> None:
    request = pushed(fake)
    evidence = store(fake).attach(request, APPLICATION)
    found = {one.kind: one for one in store(fake).read(REPOSITORY, request.image.digest)}
    assert {kind: one.digest for kind, one in found.items()} == {
        SBOM_TYPE: evidence.sbom,
        PROVENANCE_TYPE: evidence.provenance,
    }
    assert [fault_of(one, expected(request)) for one in found.values()] == ["", ""]


def test_an_artifact_is_a_manifest_with_an_empty_configuration_and_the_image_as_its_subject(fake: FakeRegistry) -> None:
    request = pushed(fake)
    evidence = store(fake).attach(request, APPLICATION)
    _, content = fake.repository(REPOSITORY).manifests[evidence.sbom]
    found = json.loads(content)
    assert found["mediaType"] == OCI_MANIFEST
    assert found["artifactType"] == SBOM_TYPE
    assert found["config"] == {"mediaType": OCI_EMPTY, "digest": digest_of(b"{}"), "size": 2}
    assert [one["mediaType"] for one in found["layers"]] == [SBOM_TYPE]
    assert found["subject"]["digest"] == request.image.digest
    assert found["annotations"] == {MADE_BY: "0.3.0"}


def test_the_tag_of_the_image_still_names_the_plain_image(fake: FakeRegistry) -> None:
    request = pushed(fake)
    store(fake).attach(request, APPLICATION)
    assert fake.repository(REPOSITORY).tags["1"] == request.image.digest


def test_the_same_evidence_a_second_time_changes_nothing(fake: FakeRegistry) -> None:
    request = pushed(fake)
    first = store(fake).attach(request, APPLICATION)
    assert store(fake).attach(request, APPLICATION) == first
    assert len(store(fake).read(REPOSITORY, request.image.digest)) == 2


def test_an_image_without_evidence_has_none(fake: FakeRegistry) -> None:
    assert store(fake).read(REPOSITORY, pushed(fake).image.digest) == ()


def attach_anything(fake: FakeRegistry, request: EvidenceRequest, manifest: Manifest) -> None:
    subject = Descriptor(request.image.media_type, request.image.digest, len(request.image.manifest))
    registry_at(fake).push_referrers(REPOSITORY, subject, manifest)


@pytest.mark.parametrize("kind", [PROVENANCE_TYPE, "application/vnd.dev.sigstore.bundle.v0.3+json"])
def test_what_another_program_attached_is_left_out(fake: FakeRegistry, kind: str) -> None:
    request = pushed(fake)
    content = fake.store(REPOSITORY, b"signed")
    fake.store(REPOSITORY, EMPTY_CONTENT)
    subject = Descriptor(request.image.media_type, request.image.digest, len(request.image.manifest))
    other = manifest_of(Descriptor(OCI_EMPTY, digest_of(EMPTY_CONTENT), 2), [Descriptor(kind, content, 6)],
                        OCI_MANIFEST, artifact_type=kind, subject=subject)  # fmt: skip
    attach_anything(fake, request, other)
    assert store(fake).read(REPOSITORY, request.image.digest) == ()


def test_a_changed_document_is_broken(fake: FakeRegistry) -> None:
    request = pushed(fake)
    store(fake).attach(request, APPLICATION)
    blobs = fake.repository(REPOSITORY).blobs
    digest = next(digest for digest, content in blobs.items() if b"in-toto" in content)
    blobs[digest] = blobs[digest].replace(b"maven", b"raven")
    broken = [one for one in store(fake).read(REPOSITORY, request.image.digest) if one.broken]
    assert [one.kind for one in broken] == [PROVENANCE_TYPE]
    assert "other bytes than the digest says" in broken[0].broken


def test_a_changed_manifest_is_broken(fake: FakeRegistry) -> None:
    request = pushed(fake)
    evidence = store(fake).attach(request, APPLICATION)
    manifests = fake.repository(REPOSITORY).manifests
    kind, content = manifests[evidence.sbom]
    manifests[evidence.sbom] = (kind, content + b" ")
    broken = [one for one in store(fake).read(REPOSITORY, request.image.digest) if one.broken]
    assert [(one.kind, one.digest) for one in broken] == [(SBOM_TYPE, evidence.sbom)]


def test_a_document_that_is_gone_is_broken(fake: FakeRegistry) -> None:
    request = pushed(fake)
    store(fake).attach(request, APPLICATION)
    blobs = fake.repository(REPOSITORY).blobs
    del blobs[next(digest for digest, content in blobs.items() if b"CycloneDX" in content)]
    broken = [one for one in store(fake).read(REPOSITORY, request.image.digest) if one.broken]
    assert [one.kind for one in broken] == [SBOM_TYPE]
    assert "404" in broken[0].broken


def test_a_registry_that_refuses_artifacts_is_told_once_with_the_way_out(fake: FakeRegistry) -> None:
    request = pushed(fake)
    fake.fault = lambda _, call: (
        Fault("answer", refusal(405, "UNSUPPORTED", "no artifacts")) if call.method == "PUT" else None
    )
    with pytest.raises(PushFailed, match="the registry refuses a call") as caught:
        store(fake).attach(request, APPLICATION)
    assert "405 Method Not Allowed: UNSUPPORTED: no artifacts" in caught.value.why
    assert HOW_WITHOUT in caught.value.why
    assert caught.value.next_step.endswith(WITHOUT)


def test_an_answer_that_passes_is_left_to_whoever_asks_again(fake: FakeRegistry) -> None:
    request = pushed(fake)
    fake.fault = lambda _, call: Fault("answer", refusal(503, "", "later")) if call.method == "PUT" else None
    with pytest.raises(PushFailed, match="the registry refuses a call") as caught:
        store(fake).attach(request, APPLICATION)
    assert caught.value.passes
    fake.fault = lambda *_: None
    store(fake).attach(request, APPLICATION)
    assert len(store(fake).read(REPOSITORY, request.image.digest)) == 2


def test_immutable_tags_take_both_documents_at_once_and_no_further_ones() -> None:
    with served() as fake:
        fake.lists_referrers, fake.immutable = False, True
        request = pushed(fake)
        store(fake).attach(request, APPLICATION)
        assert len(store(fake).read(REPOSITORY, request.image.digest)) == 2
        later = replace(request, making=replace(request.making, finished="2026-02-01T00:00:00Z"))
        with pytest.raises(TagTaken, match="the tag is taken") as caught:
            store(fake).attach(later, APPLICATION)
        assert "exclude this tag from immutability" in caught.value.next_step


def test_the_words_of_a_fallback_tag_do_not_count_but_those_of_the_artifact() -> None:
    with served() as fake:
        fake.lists_referrers = False
        request = pushed(fake)
        evidence = store(fake).attach(request, APPLICATION)
        _, content = fake.repository(REPOSITORY).manifests[evidence.provenance]
        claimed = Descriptor(OCI_MANIFEST, evidence.provenance, len(content), "", SBOM_TYPE, ((MADE_BY, "0.3.0"),))
        fake.put(REPOSITORY, request.image.digest.replace(":", "-"), OCI_INDEX, index_of([claimed]).content)
        (found,) = store(fake).read(REPOSITORY, request.image.digest)
        assert found.kind == PROVENANCE_TYPE
