"""Whose scan it is and how old: platforms of an index, results from before a push, scans that somebody must start."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from erp_build.clients.patience import PATIENCE_S
from erp_build.errors import GateInconclusive
from erp_build.gate.image_watch import platform_digests
from erp_build.gate.scan_watch import ON_PUSH_SCAN_GRACE_S, SCAN_START_GRACE_S
from erp_build.gate.stage import judge_images, read_rules
from erp_build.gate.verdict import SETTLED_AFTER_S
from erp_build.model.images.image import BuiltImage, StoredImage
from erp_build.model.images.scan import Scanning
from erp_build.model.images.verdict import Verdict
from erp_build.model.plan import Running
from erp_build.model.project import GatePolicy
from tests.fakes.registry import Answer, error, pages, scan
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION

REPOSITORY = f"erp/{NOTIFICATION}"
INDEX = "application/vnd.oci.image.index.v1+json"
DAY = 24 * 3600
LATER = datetime(2026, 1, 1, 1, tzinfo=UTC)
"""An hour after the scans of the fake registry."""


def pushed(world: FakeWorld, commit: str = "f" * 40) -> BuiltImage:
    digest = world.registry.push(REPOSITORY, "abc1234", commit)
    return BuiltImage(target=NOTIFICATION, repository=REPOSITORY, tag="abc1234", digest=digest, commit=commit)


def judge(world: FakeWorld, image: BuiltImage, timeout: float = 120) -> Verdict:
    clients = world.clients()
    return judge_images(clients, read_rules(clients, GatePolicy(timeout=timeout)), [image]).rows[0].verdict


def index_of(world: FakeWorld, *children: Mapping[str, object]) -> BuiltImage:
    image = pushed(world)
    stored = world.registry.images[image.digest]
    manifest = json.dumps({"manifests": children})
    world.registry.images[image.digest] = StoredImage(
        repository=stored.repository, digest=stored.digest, media_type=INDEX, manifest=manifest
    )
    return image


def child(world: FakeWorld, architecture: str) -> dict[str, object]:
    digest = pushed(world, architecture * 10).digest
    return {"digest": digest, "platform": {"os": "linux", "architecture": architecture}}


def test_an_index_is_judged_by_its_platforms(new_world: FakeWorld) -> None:
    amd, arm = child(new_world, "amd64"), child(new_world, "arm64")
    image = index_of(new_world, amd, arm)
    new_world.registry.answers(image.digest, scan("UNSUPPORTED_IMAGE"))
    new_world.registry.answers(str(arm["digest"]), scan(LOW=1))
    assert judge(new_world, image).outcome == "passed"
    new_world.registry.answers(str(arm["digest"]), scan(CRITICAL=1))
    assert judge(new_world, image).outcome == "blocked"


def test_an_attestation_is_no_platform(new_world: FakeWorld) -> None:
    unknown = {"digest": "sha256:x", "platform": {"os": "unknown", "architecture": "unknown"}}
    said = {"digest": "sha256:y", "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    amd = child(new_world, "amd64")
    stored = new_world.registry.images[index_of(new_world, amd, unknown, said).digest]
    assert platform_digests(stored) == (amd["digest"],)


def test_an_index_without_images_has_no_verdict(new_world: FakeWorld) -> None:
    verdict = judge(new_world, index_of(new_world))
    assert (verdict.outcome, "an index without images" in verdict.why) == ("inconclusive", True)


def test_an_image_that_is_not_in_the_registry_has_no_verdict(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.expired.add(REPOSITORY)
    assert "is not in the registry" in judge(new_world, image).why


def test_a_result_from_before_the_push_is_renewed(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.pushed[image.digest] = LATER
    fresh = scan(LOW=1)
    fresh = {**fresh, "imageScanFindings": {**fresh["imageScanFindings"], "imageScanCompletedAt": LATER}}
    new_world.registry.answers(image.digest, scan(), scan("IN_PROGRESS"), fresh)
    assert judge(new_world, image).why == "1 LOW"
    assert new_world.registry.started == [REPOSITORY]


def test_a_result_that_stays_older_than_the_push_is_no_verdict(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.pushed[image.digest] = LATER
    verdict = judge(new_world, image)
    assert verdict.outcome == "inconclusive"
    assert "COMPLETE of 2026-01-01T00:00+00:00, older than 2026-01-01T01:00+00:00" in verdict.why
    assert new_world.registry.started == [REPOSITORY]


def test_a_result_of_the_last_day_is_fresh_where_no_newer_one_can_be_had(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.pushed[image.digest] = LATER
    new_world.registry.scanned_today.add(image.digest)
    assert judge(new_world, image).outcome == "passed"


def test_a_result_that_is_too_old_is_renewed_for_an_image_that_does_not_run(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.clock.sleep(DAY + 1)
    assert judge(new_world, image).outcome == "passed"
    assert new_world.registry.started == [REPOSITORY]


def test_a_result_of_a_day_is_not_renewed(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.clock.sleep(DAY)
    assert judge(new_world, image).outcome == "passed"
    assert new_world.registry.started == []


def test_a_result_that_is_too_old_is_only_told_of_an_image_that_runs(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.clock.sleep(400 * DAY)
    running = Running(NOTIFICATION, REPOSITORY, image.tag, image.digest)
    clients = new_world.clients()
    judgement = judge_images(clients, read_rules(clients, GatePolicy()), [image], {NOTIFICATION: running})
    assert judgement.rows[0].verdict.outcome == "passed"
    assert new_world.registry.started == []
    assert new_world.clock.monotonic() == 400 * DAY
    assert judgement.notes[0].startswith(
        f"{NOTIFICATION}: it runs already, and its scan is of 2026-01-01 00:00 UTC: what was found since is not in it"
    )


def test_a_finding_in_an_old_result_stops_an_image_that_runs(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.answers(image.digest, scan(CRITICAL=1))
    new_world.clock.sleep(2 * DAY)
    running = {NOTIFICATION: Running(NOTIFICATION, REPOSITORY, image.tag, image.digest)}
    clients = new_world.clients()
    judgement = judge_images(clients, read_rules(clients, GatePolicy()), [image], running)
    assert judgement.rows[0].verdict.outcome == "blocked"


@pytest.mark.parametrize(("hours", "outcome"), [(23, "passed"), (25, "inconclusive")])
def test_where_ecr_has_scanned_today_and_refuses_to_do_it_again_a_result_of_a_day_is_the_newest(
    hours: int, outcome: str, new_world: FakeWorld
) -> None:
    image = pushed(new_world)
    new_world.registry.scanned_today.add(image.digest)
    new_world.clock.sleep(hours * 3600)
    clients = new_world.clients()
    rules = read_rules(clients, GatePolicy(max_age=3600, timeout=120))
    assert judge_images(clients, rules, [image]).rows[0].verdict.outcome == outcome
    assert set(new_world.registry.started) == {REPOSITORY}


@pytest.mark.parametrize(("status", "outcome"), [("ACTIVE", "passed"), ("COMPLETE", "inconclusive")])
def test_inspector_keeps_a_continuous_scan_up_to_date_and_no_other(
    status: str, outcome: str, new_world: FakeWorld
) -> None:
    image = pushed(new_world)
    new_world.registry.how = Scanning("CONTINUOUS_SCAN" if status == "ACTIVE" else "SCAN_ON_PUSH", enhanced=True)
    new_world.registry.answers(image.digest, scan(status, LOW=1))
    new_world.clock.sleep(9 * DAY)
    verdict = judge(new_world, image)
    assert (verdict.outcome, new_world.registry.started) == (outcome, [])
    assert outcome == "passed" or "build the image anew" in verdict.next_step


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"imageScanStatus": {"status": "COMPLETE"}, "imageId": {"imageDigest": "sha256:0"}}, id="another"),
        pytest.param({}, id="nothing"),
        pytest.param(error("ForeignAnswer"), id="what botocore cannot read"),
    ],
)
def test_an_answer_of_something_else_is_asked_for_again(answer: Answer, new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.answers(image.digest, answer, answer, scan(LOW=1))
    assert judge(new_world, image).why == "1 LOW"
    new_world.registry.answers(image.digest, answer)
    assert judge(new_world, image).outcome == "inconclusive"


def test_a_scan_on_push_that_does_not_come_is_asked_for_after_a_longer_grace(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.answers(image.digest, *[error("ScanNotFoundException")] * 20, scan())
    assert judge(new_world, image, 600).outcome == "passed"
    started = next(line for line in new_world.done() if line.startswith("start_scan"))
    assert started.endswith(image.digest)
    assert SCAN_START_GRACE_S < ON_PUSH_SCAN_GRACE_S < new_world.clock.monotonic()


@pytest.mark.parametrize(
    "scanning", [Scanning("CONTINUOUS_SCAN"), Scanning(enhanced=True), Scanning("MANUAL", enhanced=True)]
)
def test_a_scan_of_inspector_is_never_asked_for(scanning: Scanning, new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.how = scanning
    new_world.registry.answers(image.digest, *[error("ScanNotFoundException")] * 20, scan(LOW=1))
    assert judge(new_world, image, 600).outcome == "passed"
    assert new_world.registry.started == []


def test_a_registry_that_does_not_say_how_it_scans_is_asked_for_a_scan_and_read_twice(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.how = Scanning(doubt="nobody knows")
    new_world.registry.answers(image.digest, *[error("ScanNotFoundException")] * 6, scan())
    assert judge(new_world, image).outcome == "passed"
    assert new_world.registry.started == [REPOSITORY]
    assert "nobody knows" in new_world.progress.lines


def test_a_refused_scan_ends_the_wait(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.scans_nothing_by_itself(REPOSITORY)
    new_world.registry.refuses_scans = GateInconclusive("ecr:StartImageScan is not allowed", next_step="allow it")
    verdict = judge(new_world, image)
    assert (verdict.outcome, verdict.next_step) == ("inconclusive", "allow it")
    assert "ecr:StartImageScan is not allowed" in verdict.why


def test_a_throttled_request_for_a_scan_is_made_again_until_the_registry_takes_it(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.scans_nothing_by_itself(REPOSITORY)
    registry: Any = new_world.registry
    start = registry.start_scan

    def throttled(repository: str, digest: str) -> bool:
        if new_world.clock.monotonic() < SCAN_START_GRACE_S + 3 * PATIENCE_S:
            raise GateInconclusive("ecr:StartImageScan failed", why="ThrottlingException").passing()
        return bool(start(repository, digest))

    registry.start_scan = throttled
    assert judge(new_world, image, 600).outcome == "passed"
    assert new_world.registry.started == [REPOSITORY]


def test_a_request_for_a_scan_that_stays_throttled_is_never_a_pass(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.scans_nothing_by_itself(REPOSITORY)
    new_world.registry.refuses_scans = GateInconclusive(
        "ecr:StartImageScan failed", why="ThrottlingException"
    ).passing()
    verdict = judge(new_world, image, 600)
    assert verdict.outcome == "inconclusive"
    assert verdict.why == "not finished in time: ecr:StartImageScan failed: ThrottlingException"
    assert new_world.clock.monotonic() >= 600


def test_a_scan_is_complete_in_an_enhanced_registry_only_when_it_stays_so(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.how = Scanning("SCAN_ON_PUSH", enhanced=True)
    new_world.registry.answers(image.digest, scan(), scan(LOW=1))
    assert judge(new_world, image).outcome == "passed"
    assert new_world.clock.monotonic() > SETTLED_AFTER_S


def test_an_answer_that_cannot_be_read_is_no_verdict(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.answers(image.digest, {"imageScanStatus": "COMPLETE"})
    assert "does not have ECR's form" in judge(new_world, image).why


def test_a_page_that_is_forgotten_is_read_again_from_the_first(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    (first, second), bad = pages({"LOW": 1}, {"HIGH": 1}), error("InvalidParameterException", "the token expired")
    new_world.registry.answers(image.digest, first, bad, first, second)
    assert judge(new_world, image).why == "1 HIGH, 1 LOW"


def test_an_endless_row_of_pages_ends(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.answers(image.digest, *[scan(token=str(number)) for number in range(1100)])
    assert "more than 1000 pages" in judge(new_world, image).why


def test_empty_pages_are_turned_to_the_last(new_world: FakeWorld) -> None:
    image = pushed(new_world)
    new_world.registry.answers(image.digest, *pages({}, {}, {"CRITICAL": 1}))
    assert judge(new_world, image).outcome == "blocked"
