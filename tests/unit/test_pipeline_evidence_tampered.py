"""Evidence that is not right, whatever was done to it, stops a run before its deployment."""

import json

import pytest

from erp_build.errors import VerificationFailed
from erp_build.model.images.evidence import PROVENANCE_TYPE, SBOM_TYPE
from erp_build.model.images.image import BuiltImage
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION
from tests.unit.test_pipeline_evidence import KINDS, OTHER, artifact, document, entry, meddled, put


def change_a_byte(world: FakeWorld, image: BuiltImage, kind: str) -> None:
    digest = artifact(world, image.digest, kind).layers[0].digest
    content = world.registry.artifacts.blobs[digest]
    world.registry.artifacts.blobs[digest] = content.replace(b"1", b"2", 1)


def change_a_byte_of_the_manifest(world: FakeWorld, image: BuiltImage, kind: str) -> None:
    digest = entry(world, image.digest, kind).digest
    world.registry.artifacts.manifests[digest] += b" "


def lose_it(world: FakeWorld, image: BuiltImage, kind: str) -> None:
    listed = world.registry.artifacts.listed[image.digest]
    listed.remove(entry(world, image.digest, kind))


def lose_its_manifest(world: FakeWorld, image: BuiltImage, kind: str) -> None:
    del world.registry.artifacts.manifests[entry(world, image.digest, kind).digest]


def lose_its_document(world: FakeWorld, image: BuiltImage, kind: str) -> None:
    del world.registry.artifacts.blobs[artifact(world, image.digest, kind).layers[0].digest]


def replace_it_by_one_of_another_image(world: FakeWorld, image: BuiltImage, kind: str) -> None:
    said = json.loads(json.dumps(document(world, image.digest, kind)).replace(image.digest[7:], OTHER[7:]))
    lost = entry(world, image.digest, kind)
    put(world, image.digest, kind, said)
    world.registry.artifacts.listed[image.digest].remove(lost)


def list_one_that_is_attached_to_another_image(world: FakeWorld, image: BuiltImage, kind: str) -> None:
    put(world, image.digest, kind, document(world, image.digest, kind), OTHER)


def add_one_of_another_repository(world: FakeWorld, image: BuiltImage, kind: str) -> None:
    text = json.dumps(document(world, image.digest, kind))
    put(world, image.digest, kind, text.replace(f"/{image.repository}", "/erp/other").encode())


def add_one_against_the_schema(world: FakeWorld, image: BuiltImage, kind: str) -> None:
    put(world, image.digest, kind, document(world, image.digest, kind) | {"unknown": 1})


def add_what_is_no_json(world: FakeWorld, image: BuiltImage, kind: str) -> None:
    put(world, image.digest, kind, b"\xff{")


TAMPERINGS = {
    "a byte is another": (change_a_byte, "other bytes"),
    "a byte of its manifest is another": (change_a_byte_of_the_manifest, "other bytes"),
    "it is gone": (lose_it, "although this run attached it"),
    "its manifest is gone": (lose_its_manifest, "it is not there"),
    "its document is gone": (lose_its_document, "BLOB_UNKNOWN"),
    "it is about another digest": (replace_it_by_one_of_another_image, "it is about sha256:eeee"),
    "it is attached to another image": (list_one_that_is_attached_to_another_image, "it is attached to sha256:eeee"),
    "it is about another repository": (add_one_of_another_repository, "/erp/other, not about "),
    "it breaks its schema": (add_one_against_the_schema, "does not keep to"),
    "it is no JSON": (add_what_is_no_json, "it is no JSON"),
}


@pytest.mark.parametrize("kind", KINDS, ids=["sbom", "provenance"])
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_evidence_that_is_not_right_stops_the_deployment(proud: FakeWorld, tampering: str, kind: str) -> None:
    meddle, why = TAMPERINGS[tampering]
    before = proud.cluster.running(), proud.latest()
    meddled(proud, lambda world, image: meddle(world, image, kind))
    proud.change(NOTIFICATION)
    with pytest.raises(VerificationFailed, match="the evidence of an image is not what it must be") as caught:
        proud.run()
    assert caught.value.code == 10
    assert why in caught.value.why
    assert proud.moved() == set()
    assert (proud.cluster.running(), proud.latest()) == before


@pytest.mark.parametrize("tampering", ["a byte is another", "a byte of its manifest is another"])
def test_a_client_that_trusts_the_registry_does_not_help_a_changed_byte(proud: FakeWorld, tampering: str) -> None:
    proud.registry.artifacts.checks = False
    meddled(proud, lambda world, image: TAMPERINGS[tampering][0](world, image, PROVENANCE_TYPE))
    proud.change(NOTIFICATION)
    with pytest.raises(VerificationFailed, match="the evidence of an image") as caught:
        proud.run()
    assert "has the digest sha256:" in caught.value.why


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        (("externalParameters", "commit"), "f" * 40, f"it says commit {'f' * 40}, the plan"),
        (("internalParameters", "key"), "0" * 40, f"it says content key {'0' * 40}, the plan"),
        (("internalParameters", "key"), "", "it says content key unknown, the plan"),
        (
            ("resolvedDependencies",),
            [{"name": "source", "digest": {"gitCommit": "f" * 40}}],
            "it names two commits: ",
        ),
    ],
)
def test_a_statement_that_does_not_say_what_the_plan_says_stops_the_deployment(
    proud: FakeWorld, place: tuple[str, ...], value: object, why: str
) -> None:
    def meddle(world: FakeWorld, image: BuiltImage) -> None:
        said = document(world, image.digest, PROVENANCE_TYPE)
        part = said["predicate"]["buildDefinition"]
        for name in place[:-1]:
            part = part[name]
        part[place[-1]] = value
        put(world, image.digest, PROVENANCE_TYPE, said)

    meddled(proud, meddle)
    proud.change(NOTIFICATION)
    with pytest.raises(VerificationFailed, match="the evidence of an image") as caught:
        proud.run()
    assert why in caught.value.why
    assert proud.moved() == set()


def test_wrong_evidence_of_a_reused_image_stops_even_where_it_is_not_required(proud: FakeWorld) -> None:
    proud.change(NOTIFICATION)
    image = proud.run().images[0]
    proud.revert()
    proud.run()
    add_one_of_another_repository(proud, image, SBOM_TYPE)
    proud.change(NOTIFICATION)
    with pytest.raises(VerificationFailed, match="the evidence of an image"):
        proud.run()
