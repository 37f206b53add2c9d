"""The gate over the fakes: it waits, starts scans, shares a deadline, and never opens on doubt."""

import pytest

from erp_build.errors import GateInconclusive
from tests.fake_world.registry import failure, scan
from tests.fake_world.world import FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST

REPOSITORY = "erp/notification-service"


def test_a_scan_without_end_is_inconclusive_after_the_deadline(world: FakeWorld) -> None:
    world.registry.scans(REPOSITORY, [scan("IN_PROGRESS")])
    world.change(NOTIFICATION)
    start = world.clock.monotonic()
    with pytest.raises(GateInconclusive) as caught:
        world.run()
    assert "not finished in time: IN_PROGRESS" in caught.value.why
    assert world.clock.monotonic() - start == 600


def test_all_images_share_one_deadline(world: FakeWorld) -> None:
    for name in (REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE):
        world.change(name)
    for repository in world.registry.tags:
        world.registry.scans(repository, [scan("PENDING")])
    start = world.clock.monotonic()
    with pytest.raises(GateInconclusive, match="4 of 4 images"):
        world.run()
    assert world.clock.monotonic() - start == 600


def test_a_refused_question_stops_at_once_and_names_the_action(world: FakeWorld) -> None:
    world.registry.scans(REPOSITORY, [failure("AccessDeniedException")])
    world.change(NOTIFICATION)
    start = world.clock.monotonic()
    with pytest.raises(GateInconclusive) as caught:
        world.run()
    assert "ecr:DescribeImageScanFindings" in caught.value.why
    assert world.clock.monotonic() == start


def test_a_scan_that_nobody_starts_is_started_once(world: FakeWorld) -> None:
    world.registry.scans(REPOSITORY, [failure("ScanNotFoundException")] * 8 + [scan(LOW=1)])
    world.change(NOTIFICATION)
    world.run()
    assert len(world.registry.started) == 1
    assert world.report.outcome == "deployed"


@pytest.mark.parametrize("code", ["ThrottlingException", "ConnectionError", "ServerException"])
def test_passing_trouble_is_waited_out(world: FakeWorld, code: str) -> None:
    world.registry.scans(REPOSITORY, [failure(code), failure(code), scan(LOW=1)])
    world.change(NOTIFICATION)
    assert world.run().outcome == "deployed"


def test_a_redeployed_image_is_judged_again(world: FakeWorld) -> None:
    world.registry.scans(REPOSITORY, [scan("FAILED")])
    world.change("helm-chart")
    with pytest.raises(GateInconclusive):
        world.run()
    assert world.performed() == []
