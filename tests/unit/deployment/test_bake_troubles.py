"""The troubles of a bake, look by look: what has only come in the place of something else is new."""

import pytest

from erp_build.deployment.bake.troubles import TROUBLE_TOLERATED_S, Pods, Targets
from erp_build.model.releases.bake import TargetBinding, TargetGroup, TargetHealth
from erp_build.model.releases.kubernetes import Container, Pod, Workload

ROLLOUT_S = 300.0
TARGET = "10.0.0.7:8080"
MADE, MADE_ANEW = "2026-11-30T01:00:00Z", "2026-11-30T01:10:00Z"


def kafka(*, made: str = MADE, restarts: int = 0, ready: bool = True) -> Workload:
    """A StatefulSet whose pod has the same name whenever it is made anew."""
    container = Container(name="kafka", image="kafka:3", ready=ready, restarts=restarts)
    pod = Pod(name="kafka-0", current=True, containers=(container,), created=made)
    return Workload(
        name="kafka",
        kind="StatefulSet",
        containers=(),
        desired=1,
        generation=1,
        observed_generation=1,
        replicas=1,
        updated=1,
        available=int(ready),
        pods=(pod,),
    )


def group(state: str) -> TargetGroup:
    binding = TargetBinding(name="a", service="web", group="arn:aws:elasticloadbalancing:r:1:targetgroup/web/0a1b")
    return TargetGroup(binding=binding, targets=(TargetHealth(TARGET, state),))


def test_a_pod_of_the_same_name_that_a_drained_node_makes_anew_has_the_time_of_a_rollout() -> None:
    pods = Pods(ROLLOUT_S)
    assert pods.look([kafka()]) == []
    (trouble,) = pods.look([kafka(made=MADE_ANEW, ready=False)])
    assert (trouble.part, trouble.tolerated) == ("", ROLLOUT_S)


def test_a_restart_of_a_pod_that_was_made_anew_counts_from_none() -> None:
    pods = Pods(ROLLOUT_S)
    pods.look([kafka(restarts=3)])
    assert pods.look([kafka(made=MADE_ANEW)]) == []
    (trouble,) = pods.look([kafka(made=MADE_ANEW, restarts=1)])
    assert trouble.why == "pod kafka-0 started again"


@pytest.mark.parametrize(
    ("before", "now", "tolerated"),
    [
        ("healthy", "unhealthy", TROUBLE_TOLERATED_S),
        ("healthy", "initial", ROLLOUT_S),
        ("initial", "unhealthy", ROLLOUT_S),
    ],
)
def test_a_target_has_the_time_of_a_rollout_until_it_was_healthy(before: str, now: str, tolerated: float) -> None:
    targets = Targets(ROLLOUT_S)
    targets.look([group(before)])
    (trouble,) = targets.look([group(now)])
    assert trouble.tolerated == tolerated


def test_a_target_that_is_registered_anew_at_the_address_of_one_that_was_healthy_is_new() -> None:
    """The address of a pod that is gone is given to another one."""
    targets = Targets(ROLLOUT_S)
    for state in ("healthy", "draining", "initial"):
        targets.look([group(state)])
    (trouble,) = targets.look([group("unhealthy")])
    assert trouble.tolerated == ROLLOUT_S


def test_a_look_that_does_not_see_a_group_does_not_make_its_targets_new() -> None:
    targets = Targets(ROLLOUT_S)
    for seen in ([group("healthy")], []):
        targets.look(seen)
    (trouble,) = targets.look([group("unhealthy")])
    assert trouble.tolerated == TROUBLE_TOLERATED_S
