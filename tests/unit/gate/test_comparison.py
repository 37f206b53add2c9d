"""New findings alone: the gate compares with a fresh result of the deployed image, and without one with nothing."""

import pytest

from erp_build.gate.result import Judgement
from erp_build.gate.stage import judge_images, read_rules
from erp_build.model.images.image import BuiltImage
from erp_build.model.plan import Running
from erp_build.model.project import GatePolicy
from tests.fakes.registry import Answer, error, scan
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION

REPOSITORY = f"erp/{NOTIFICATION}"
POLICY = GatePolicy(new_only=True, timeout=120)
STALE = "2025-12-30T00:00:00Z"


@pytest.fixture
def image(new_world: FakeWorld) -> BuiltImage:
    digest = new_world.registry.push(REPOSITORY, "new1234", "f" * 40)
    return BuiltImage(target=NOTIFICATION, repository=REPOSITORY, tag="new1234", digest=digest, commit="f" * 40)


@pytest.fixture
def running(new_world: FakeWorld) -> Running:
    digest = new_world.registry.push(REPOSITORY, "old1234", "e" * 40)
    return Running(target=NOTIFICATION, repository=REPOSITORY, tag="old1234", digest=digest, commit="e" * 40)


def judge(world: FakeWorld, image: BuiltImage, running: Running | None) -> Judgement:
    clients = world.clients()
    return judge_images(clients, read_rules(clients, POLICY), [image], {NOTIFICATION: running} if running else {})


def of(time: str, answer: Answer) -> Answer:
    """The same answer, completed at another time."""
    return {**answer, "imageScanFindings": {**answer["imageScanFindings"], "imageScanCompletedAt": time}}


def test_a_finding_that_runs_already_passes_and_is_counted(
    new_world: FakeWorld, image: BuiltImage, running: Running
) -> None:
    new_world.registry.answers(image.digest, scan(CRITICAL=3))
    new_world.registry.answers(running.digest, scan(CRITICAL=3))
    verdict = judge(new_world, image, running).rows[0].verdict
    assert (verdict.outcome, verdict.why) == ("passed", "3 CRITICAL; 3 already running")


def test_a_new_finding_blocks_and_the_others_are_told(
    new_world: FakeWorld, image: BuiltImage, running: Running
) -> None:
    new_world.registry.answers(image.digest, scan(CRITICAL=4))
    new_world.registry.answers(running.digest, scan("IN_PROGRESS"), scan(CRITICAL=3))
    verdict = judge(new_world, image, running).rows[0].verdict
    assert (verdict.outcome, verdict.why) == ("blocked", "1 new CRITICAL, 3 already running")
    assert any("waiting for the deployed image: IN_PROGRESS" in line for line in new_world.progress.lines)


def test_an_old_result_of_the_deployed_image_is_renewed_first(
    new_world: FakeWorld, image: BuiltImage, running: Running
) -> None:
    new_world.registry.answers(image.digest, scan(CRITICAL=3))
    new_world.registry.answers(running.digest, of(STALE, scan(CRITICAL=3)), scan(CRITICAL=3))
    judgement = judge(new_world, image, running)
    assert judgement.rows[0].verdict.outcome == "passed"
    assert new_world.registry.started == [REPOSITORY]
    assert judgement.remarks == ()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(of(STALE, scan(CRITICAL=3)), "not finished in time: COMPLETE of 2025-12-30", id="old for ever"),
        pytest.param(scan("PENDING"), "not finished in time: PENDING", id="never done"),
        pytest.param(scan("UNSUPPORTED_IMAGE"), "UNSUPPORTED_IMAGE", id="cannot be scanned"),
        pytest.param(error("AccessDenied"), "AccessDenied", id="may not be asked"),
        pytest.param(scan("ACTIVE"), "", id="nothing found there"),
    ],
)
def test_without_a_fresh_result_every_finding_is_new(
    answer: Answer, why: str, new_world: FakeWorld, image: BuiltImage, running: Running
) -> None:
    new_world.registry.answers(image.digest, scan(CRITICAL=3))
    new_world.registry.answers(running.digest, answer)
    judgement = judge(new_world, image, running)
    assert judgement.rows[0].verdict.why == "3 new CRITICAL, 0 already running"
    assert not why or f"every finding counts as new: {why}" in judgement.notes[0]


def test_without_a_deployed_image_every_finding_is_new(new_world: FakeWorld, image: BuiltImage) -> None:
    new_world.registry.answers(image.digest, scan(CRITICAL=1))
    judgement = judge(new_world, image, None)
    assert judgement.rows[0].verdict.outcome == "blocked"
    assert "no image is deployed" in judgement.notes[0]


def test_a_deployed_image_that_is_gone_from_the_registry_is_nothing_to_compare_with(
    new_world: FakeWorld, image: BuiltImage, running: Running
) -> None:
    gone = running._replace(digest="sha256:" + "9" * 64)
    new_world.registry.answers(image.digest, scan(CRITICAL=1))
    assert judge(new_world, image, gone).rows[0].verdict.outcome == "blocked"


def test_the_very_image_that_runs_has_nothing_new(new_world: FakeWorld, running: Running) -> None:
    same = BuiltImage(
        target=NOTIFICATION,
        repository=REPOSITORY,
        tag="old1234",
        digest=running.digest,
        commit=running.commit,
        origin="running",
    )
    new_world.registry.answers(running.digest, scan(CRITICAL=2))
    assert judge(new_world, same, running).rows[0].verdict.why == "2 CRITICAL; 2 already running"


def test_a_doubt_about_the_new_image_is_not_excused_by_what_runs(
    new_world: FakeWorld, image: BuiltImage, running: Running
) -> None:
    new_world.registry.answers(image.digest, scan("FAILED"))
    assert judge(new_world, image, running).rows[0].verdict.outcome == "inconclusive"
