"""A run with evidence: it is attached to what is built, read back before the deployment, and what is wrong stops it."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from erp_build.clients.site import Site
from erp_build.errors import PushFailed, VerificationFailed
from erp_build.formats.oci.digest import digest_of
from erp_build.formats.oci.manifest import ImageManifest, manifest_of, read_manifest
from erp_build.formats.oci.media_types import OCI_MANIFEST
from erp_build.gate.evidence import check_evidence
from erp_build.model.images.evidence import MADE_BY, PROVENANCE_TYPE, SBOM_TYPE
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.oci import Descriptor, Manifest
from erp_build.model.plan import Plan
from erp_build.model.stages.hooks import Pipeline
from erp_build.report.document import report_document
from tests.fakes.world import FakeWorld
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION

KINDS = (SBOM_TYPE, PROVENANCE_TYPE)
OTHER = f"sha256:{'e' * 64}"


def requires_all(world: FakeWorld) -> None:
    world.project = world.project._replace(gate=world.project.gate._replace(evidence="all"))


def meddled(world: FakeWorld, meddle: Callable[[FakeWorld, BuiltImage], None]) -> None:
    """Something happens to the evidence after it was attached, and before it is read back."""

    def before(site: Site, plan: Plan, images: Sequence[BuiltImage]) -> None:  # noqa: ARG001
        meddle(world, images[0])

    world.pipeline = Pipeline().at(check_evidence).before(before)


def entry(world: FakeWorld, image: str, kind: str) -> Descriptor:
    return next(one for one in world.registry.artifacts.listed[image] if one.artifact_type == kind)


def artifact(world: FakeWorld, image: str, kind: str) -> ImageManifest:
    digest = entry(world, image, kind).digest
    found = read_manifest(Manifest(OCI_MANIFEST, digest, world.registry.artifacts.manifests[digest]))
    assert isinstance(found, ImageManifest)
    return found


def document(world: FakeWorld, image: str, kind: str) -> Any:
    return json.loads(world.registry.artifacts.blobs[artifact(world, image, kind).layers[0].digest])


def put(world: FakeWorld, image: str, kind: str, said: Any, subject: str = "", *, ours: bool = True) -> None:
    """Replace a kind of evidence by a well-formed artifact of the same kind that says something else."""
    artifacts, was = world.registry.artifacts, artifact(world, image, kind)
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    artifacts.blobs[digest_of(content)] = content
    assert was.subject
    layer = Descriptor(kind, digest_of(content), len(content))
    annotations = was.annotations if ours else ()
    named = was.subject._replace(digest=subject or was.subject.digest)
    made = manifest_of(was.config, [layer], OCI_MANIFEST, artifact_type=kind, subject=named, annotations=annotations)
    artifacts.manifests[made.digest] = made.content
    artifacts.list(image, made)


def test_without_the_key_nobody_asks_for_evidence(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.run()
    assert world.registry.artifacts.asked == 0
    assert "check evidence" not in [one.name for one in world.report.stages]


def test_both_documents_name_the_image_that_is_deployed(proud: FakeWorld) -> None:
    head = proud.change(NOTIFICATION)
    report = proud.run()
    (image,) = report.images
    sbom, statement = (document(proud, image.digest, kind) for kind in KINDS)
    assert sbom["metadata"]["component"]["version"] == image.digest
    assert statement["subject"] == [
        {"name": f"{proud.registry.host()}/{image.repository}", "digest": {"sha256": image.digest[7:]}}
    ]
    definition = statement["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["commit"] == head
    assert report.plan
    assert definition["internalParameters"]["key"] == next(one.key for one in report.plan.builds)
    assert proud.cluster.digest(NOTIFICATION) == image.digest


def test_the_image_itself_is_as_without_evidence(proud: FakeWorld) -> None:
    proud.change(NOTIFICATION)
    report = proud.run()
    stored = proud.registry.images[report.images[0].digest]
    assert "subject" not in json.loads(stored.manifest)
    assert "sha256-" not in "".join(proud.registry.tags_of(stored.digest))


def test_evidence_is_attached_behind_the_push_and_before_the_tag_by_which_it_is_reused(proud: FakeWorld) -> None:
    proud.change(NOTIFICATION)
    proud.run()
    assert proud.verbs()[:5] == ["package", "build_image", "push", "attest", "tag"]


def test_evidence_is_read_back_behind_the_gate_and_before_the_first_write(proud: FakeWorld) -> None:
    proud.change(NOTIFICATION)
    names = [one.name for one in proud.run().stages]
    assert names[names.index("clear images") :][:3] == ["clear images", "check evidence", "deploy"]


def test_the_report_has_the_digests_of_both(proud: FakeWorld) -> None:
    proud.change(NOTIFICATION)
    report = proud.run()
    digests = {kind: entry(proud, report.images[0].digest, kind).digest for kind in KINDS}
    told = {one["name"]: one["evidence"] for one in report_document(report)["targets"]}
    assert told[NOTIFICATION] == {
        "sbom": digests[SBOM_TYPE],
        "provenance": digests[PROVENANCE_TYPE],
        "verified": True,
        "missing": None,
    }
    assert told[EMPLOYEE] is None


def test_a_rehearsal_attaches_nothing_and_ends_as_the_run_would(proud: FakeWorld) -> None:
    proud.change(NOTIFICATION)
    report = proud.rehearse()
    assert report.outcome == "rehearsed"
    assert proud.registry.artifacts.manifests == {}
    assert "attest" in proud.verbs()


def test_statements_of_others_are_left_alone(proud: FakeWorld) -> None:
    meddled(proud, lambda world, image: put(world, image.digest, PROVENANCE_TYPE, {"signed": "by cosign"}, ours=False))
    proud.change(NOTIFICATION)
    assert proud.run().outcome == "deployed"


def test_a_running_image_without_evidence_is_deployed_again_and_it_is_said(proud: FakeWorld) -> None:
    proud.change(CHART)
    report = proud.run()
    assert report.outcome == "deployed"
    assert {one.missing for one in report.attested} == {"it has no SBOM and no provenance"}
    line = f"{NOTIFICATION}: it has no SBOM and no provenance; [gate] does not require it"
    assert line in proud.progress.lines


def test_where_all_images_must_have_evidence_one_without_it_stops_the_deployment(proud: FakeWorld) -> None:
    requires_all(proud)
    proud.change(CHART)
    with pytest.raises(VerificationFailed, match="the evidence of an image") as caught:
        proud.run()
    assert f"{NOTIFICATION}: it has no SBOM and no provenance in the registry" in caught.value.why
    assert "--rebuild" in caught.value.next_step
    assert proud.moved() == set()


def test_a_reused_image_is_compared_with_the_evidence_that_its_own_run_attached(proud: FakeWorld) -> None:
    proud.change(NOTIFICATION)
    proud.run()
    proud.revert()
    proud.run()
    requires_all(proud)
    proud.change(NOTIFICATION)
    report = proud.run()
    assert proud.actions() == {NOTIFICATION: "reuse"}
    assert [one.missing for one in report.attested] == [""]


def test_a_registry_that_takes_no_artifacts_is_told_with_the_way_out(proud: FakeWorld) -> None:
    proud.registry.artifacts.refuses = PushFailed(
        "the registry refuses a call", where="erp/a", why="405 Method Not Allowed", next_step="push elsewhere"
    )
    proud.change(NOTIFICATION)
    with pytest.raises(PushFailed, match="the registry refuses a call") as caught:
        proud.run()
    assert "as artifacts of OCI 1.1 with a subject" in caught.value.why
    assert caught.value.next_step == (
        "push elsewhere; for a registry that takes no such artifacts: evidence = false in [build]"
    )
    assert proud.moved() == set()


def test_what_is_listed_twice_or_attached_by_an_earlier_attempt_does_no_harm(proud: FakeWorld) -> None:
    def again(world: FakeWorld, image: BuiltImage) -> None:
        said = document(world, image.digest, PROVENANCE_TYPE)
        said["predicate"]["runDetails"]["metadata"]["finishedOn"] = "2026-01-01T00:00:00Z"
        put(world, image.digest, PROVENANCE_TYPE, said)
        world.registry.artifacts.listed[image.digest] *= 2

    meddled(proud, again)
    proud.change(NOTIFICATION)
    report = proud.run()
    (image,) = report.images
    assert image.evidence
    assert [one.provenance for one in report.attested] == [image.evidence.provenance]


def test_our_mark_is_an_annotation_of_the_artifact(proud: FakeWorld) -> None:
    proud.change(NOTIFICATION)
    digest = proud.run().images[0].digest
    assert all(MADE_BY in dict(artifact(proud, digest, kind).annotations) for kind in KINDS)
