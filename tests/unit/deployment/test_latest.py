"""`latest` and the alarms, after a proof."""

import pytest

from erp_build.deployment.latest import move_latest
from erp_build.errors import VerificationFailed
from tests.fakes.world import FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import CHART, NOTIFICATION, REQUEST


def test_latest_names_what_was_built(changed: FakeWorld) -> None:
    digest = changed.cluster.digest(NOTIFICATION)
    assert changed.latest()[f"erp/{NOTIFICATION}"] == digest
    assert changed.latest()[f"erp/{REQUEST}"] == changed.cluster.digest(REQUEST) != digest


def test_latest_does_not_move_for_what_was_only_deployed_again(world: FakeWorld) -> None:
    world.change(CHART)
    world.run()
    assert not [effect for effect in world.done() if effect.endswith(":latest")]


def test_latest_of_an_image_that_is_gone_says_so(changed: FakeWorld) -> None:
    changed.registry.expired.add(FUNCTION_REPOSITORY)
    with pytest.raises(VerificationFailed, match="gone from the registry") as caught:
        move_latest(changed.site(), changed.report.cleared)
    assert caught.value.where.startswith(f"{FUNCTION_REPOSITORY}@sha256:")


def test_alarms_are_read_and_one_that_is_on_is_warned_of(changed: FakeWorld) -> None:
    changed.alarms.alarms["erp-dev-pod-restarts"] = "ALARM"
    changed.change(CHART)
    report = changed.run()
    assert [(alarm.name, alarm.state) for alarm in report.alarms] == [
        ("erp-dev-high-error-rate", "OK"),
        ("erp-dev-pod-restarts", "ALARM"),
    ]
    assert "warning: alarm erp-dev-pod-restarts is on" in changed.progress.lines


def test_alarms_that_may_not_be_read_are_said_and_fail_nothing(changed: FakeWorld) -> None:
    changed.alarms.denied = True
    changed.change(CHART)
    assert changed.run().outcome == "deployed"
    assert any("alarms erp-dev-* cannot be read: cloudwatch:DescribeAlarms" in line for line in changed.progress.lines)


def test_latest_stays_where_tags_are_immutable(changed: FakeWorld) -> None:
    repository = f"erp/{NOTIFICATION}"
    changed.registry.immutable.add(repository)
    before = changed.registry.push(repository, "older", "0" * 40)
    changed.registry.tags[repository, "latest"] = before
    move_latest(changed.site(), changed.report.cleared)
    assert changed.latest()[repository] == before
    assert any("`latest` stays where it is: tags are immutable" in line for line in changed.progress.lines)
