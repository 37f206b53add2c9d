"""Target health behind a rollout: new targets are waited for, and what is not healthy is said and fails nothing."""

import pytest

from tests.fakes.health import GROUP, binding, service
from tests.fakes.world import FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION

OURS = GROUP.format("notification")
TARGET = "10.0.0.7:8080"
SUBJECT = f"target group erp-dev-notification of the Service {NOTIFICATION}"


@pytest.fixture
def balanced(changed: FakeWorld) -> FakeWorld:
    """A deployed world in which a target stands behind the notifications, whose service is about to change."""
    changed.helm.around = (service(NOTIFICATION), binding(NOTIFICATION, NOTIFICATION, OURS))
    changed.health.groups[OURS] = {TARGET: "healthy"}
    changed.change(NOTIFICATION, text="balanced")
    return changed


def said(world: FakeWorld) -> list[str]:
    return [line for line in world.progress.lines if "target" in line and not line.startswith("==")]


def test_a_healthy_target_is_read_once_and_reported(balanced: FakeWorld) -> None:
    (group,) = balanced.run().target_groups
    assert [(one.name, one.state) for one in group.targets] == [(TARGET, "healthy")]
    assert balanced.health.asked == [OURS]
    assert f"{SUBJECT}: 1 healthy" in said(balanced)


def test_a_new_target_is_waited_for(balanced: FakeWorld) -> None:
    states = ["initial", "initial", "unhealthy", "healthy"]
    balanced.health.changes[OURS] = [{TARGET: state} for state in states]
    (group,) = balanced.run().target_groups
    assert group.summary == "1 healthy"
    assert balanced.health.asked == [OURS] * len(states)


def test_ready_pods_of_which_none_is_registered_yet_are_waited_for(balanced: FakeWorld) -> None:
    """The controller is a moment behind the rollout, whose old pods are on their way out."""
    new = "10.0.0.9:8080"
    states = [{TARGET: "draining"}, {TARGET: "draining", new: "initial"}, {new: "healthy"}]
    balanced.health.changes[OURS] = states.copy()
    (group,) = balanced.run().target_groups
    assert group.summary == "1 healthy"
    assert balanced.health.asked == [OURS] * len(states)


def test_ready_pods_of_which_none_gets_registered_are_said(balanced: FakeWorld) -> None:
    balanced.health.groups[OURS] = {TARGET: "draining"}
    assert balanced.run().outcome == "deployed"
    assert 55 <= balanced.seconds("read targets") <= 65
    assert f"warning: {SUBJECT}: 1 draining, and 2 ready pods are not registered" in said(balanced)


def test_a_group_that_nobody_uses_is_not_waited_for(balanced: FakeWorld) -> None:
    balanced.health.groups[OURS] = {}
    (group,) = balanced.run().target_groups
    assert group.summary == "no target, and 2 ready pods are not registered"
    assert balanced.seconds("read targets") == 0
    assert [line for line in said(balanced) if line.startswith("warning")] == []


def test_a_service_without_ready_pods_needs_no_target(balanced: FakeWorld) -> None:
    balanced.helm.around = (service("idle"), binding("idle", "idle", OURS))
    balanced.health.groups[OURS] = {TARGET: "draining"}
    (group,) = balanced.run().target_groups
    assert (group.summary, balanced.seconds("read targets")) == ("1 draining", 0)


def test_a_target_that_stays_new_is_waited_for_no_longer_than_a_rollout_and_said(balanced: FakeWorld) -> None:
    balanced.health.groups[OURS] = {TARGET: "initial"}
    report = balanced.run()
    assert report.outcome == "deployed"
    timeout = balanced.project.chart.timeout
    assert sum(one.seconds for one in report.stages if one.name in ("deploy", "read targets")) <= timeout + 5
    assert any(line.startswith(f"warning: {SUBJECT}: {TARGET} is initial") for line in said(balanced))


def test_an_unhealthy_target_is_waited_for_a_minute_and_said(balanced: FakeWorld) -> None:
    balanced.health.groups[OURS] = {TARGET: "unhealthy", "10.0.0.8:8080": "healthy", "10.0.0.9:8080": "draining"}
    report = balanced.run()
    assert report.outcome == "deployed"
    assert 55 <= balanced.seconds("read targets") <= 65
    why = "Target.Timeout: Request timed out"
    assert f"warning: {SUBJECT}: {TARGET} is unhealthy ({why})" in said(balanced)


def test_bindings_that_a_controller_made_are_found_by_their_service(balanced: FakeWorld) -> None:
    balanced.helm.around = (service(NOTIFICATION),)
    balanced.cluster.bindings = [binding("k8s-erpdev-a-0a1b", NOTIFICATION, OURS), binding("b", "of-others", "arn")]
    (group,) = balanced.run().target_groups
    assert group.binding.name == "k8s-erpdev-a-0a1b"


def test_missing_rights_are_said_and_fail_nothing(balanced: FakeWorld) -> None:
    balanced.cluster.bindings, balanced.health.denied = None, True
    report = balanced.run()
    assert (report.outcome, report.target_groups) == ("deployed", ())
    assert [line for line in said(balanced) if "cannot list targetgroupbindings" in line]
    assert [line for line in said(balanced) if "DescribeTargetHealth is not allowed" in line]


def test_a_release_without_load_balancers_says_nothing(changed: FakeWorld) -> None:
    changed.cluster.bindings = None
    changed.change(NOTIFICATION, text="balanced")
    assert changed.run().target_groups == ()
    assert said(changed) == []


def test_a_group_that_only_its_controller_knows_is_said(balanced: FakeWorld) -> None:
    balanced.helm.around = (service(NOTIFICATION), binding(NOTIFICATION, NOTIFICATION))
    assert balanced.run().target_groups == ()
    assert any("no ARN of its target group is known" in line for line in said(balanced))


def test_a_run_that_updates_functions_alone_asks_for_no_target(balanced: FakeWorld) -> None:
    balanced.run()
    balanced.health.asked.clear()
    balanced.change(EMPLOYEE, text="alone")
    balanced.run()
    assert balanced.health.asked == []


def test_a_rehearsal_asks_for_no_target(balanced: FakeWorld) -> None:
    assert balanced.rehearse().target_groups == ()
    assert balanced.health.asked == []
