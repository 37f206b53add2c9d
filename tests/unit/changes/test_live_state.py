"""What runs now: read from the cluster, from Lambda and from Helm, and joined with what the registry knows."""

from dataclasses import replace
from typing import Any

import pytest

from erp_build.changes.live_state import probe_warnings, read_live_state
from erp_build.model.plan import LiveState
from erp_build.model.releases.release import Revision
from tests.fakes.deployments import object_of
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import EMPLOYEE, ERP, NOTIFICATION, PROCESSING, REQUEST, plan_of

COMMIT, KEY = "f" * 40, "e" * 40


def read(world: FakeWorld) -> LiveState:
    return read_live_state(world.site())


def test_before_the_first_deployment_only_the_function_runs(new_world: FakeWorld) -> None:
    live = read(new_world)
    assert set(live.running) == {EMPLOYEE}
    assert live.running[EMPLOYEE].tag == "by-hand"
    assert live.running[EMPLOYEE].commit is None
    assert (live.revision, live.chart_commit, live.chart_key) == (None, None, "")


def test_a_running_service_has_tag_digest_and_commit(world: FakeWorld) -> None:
    head = world.checkout.head()
    live = read(world)
    assert set(live.running) == {REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE}
    running = live.running[NOTIFICATION]
    assert (running.tag, running.commit, running.trouble) == (head[:7], head, "")
    assert running.digest == world.cluster.digest(NOTIFICATION)


def test_a_function_that_runs_a_digest_has_no_tag(world: FakeWorld) -> None:
    running = read(world).running[EMPLOYEE]
    assert (running.tag, running.digest) == ("", world.functions.states[FUNCTION].digest)
    assert running.commit == world.checkout.head()


def test_a_deployment_is_found_by_its_image_whatever_it_is_called(world: FakeWorld) -> None:
    world.cluster.deployments[NOTIFICATION].name = "erp-dev-alerts"
    assert NOTIFICATION in read(world).running


def test_an_image_that_is_gone_from_the_registry_names_no_commit(world: FakeWorld) -> None:
    world.registry.expired |= {f"erp/{NOTIFICATION}", FUNCTION_REPOSITORY}
    live = read(world)
    assert (live.running[NOTIFICATION].digest, live.running[NOTIFICATION].commit) == ("", None)
    assert live.running[EMPLOYEE].commit is None


def test_a_rollout_that_is_not_complete_is_trouble(world: FakeWorld) -> None:
    world.cluster.rolls_out_again(NOTIFICATION)
    assert read(world).running[NOTIFICATION].trouble == "not yet seen by the controller"
    assert read(world).running[NOTIFICATION].trouble.startswith("1 of 2 updated")
    assert read(world).running[NOTIFICATION].trouble == ""


def test_a_failed_update_of_the_function_is_trouble(world: FakeWorld) -> None:
    states = world.functions.states
    states[FUNCTION] = replace(states[FUNCTION], last_update="Failed", reason="ImageAccessDenied")
    assert read(world).running[EMPLOYEE].trouble == "last update Failed: ImageAccessDenied"


@pytest.mark.parametrize(
    ("status", "description", "commit", "key"),
    [
        pytest.param("deployed", f"erp_build {COMMIT} chart {KEY}", COMMIT, KEY, id="ours"),
        pytest.param("deployed", f"erp_build {COMMIT}", COMMIT, "", id="ours, without a key"),
        pytest.param("deployed", "Upgrade complete", None, "", id="somebody's own helm upgrade"),
        pytest.param("deployed", "", None, "", id="no description"),
        pytest.param("deployed", f"erp_build {COMMIT[:7]}", None, "", id="a short commit"),
        pytest.param("failed", f"erp_build {COMMIT} chart {KEY}", None, "", id="ours, and it failed"),
        pytest.param("pending-upgrade", f"erp_build {COMMIT}", None, "", id="ours, and it was cut off"),
    ],
)
def test_the_newest_revision_says_which_chart_is_deployed(
    world: FakeWorld, status: str, description: str, commit: str | None, key: str
) -> None:
    world.helm.revisions.append(Revision(number=2, status=status, description=description))
    live = read(world)
    assert live.revision == world.helm.revisions[-1]
    assert (live.chart_commit, live.chart_key) == (commit, key)


def scaler(kind: str, target: str = NOTIFICATION, **spec: Any) -> dict[str, Any]:
    """What scales a Deployment, as KEDA and the cluster name it."""
    return {
        "kind": kind,
        "metadata": {"name": f"scales-{target}"},
        "spec": {"scaleTargetRef": {"name": target}, **spec},
    }


@pytest.mark.parametrize("replicas", [0, 1, 9])
def test_an_autoscaler_of_somebody_else_makes_its_number_of_pods_nobodys_edit(world: FakeWorld, replicas: int) -> None:
    world.cluster.deployments[NOTIFICATION].replicas = replicas
    assert "replicas" in read_settled(world)
    world.cluster.autoscalers.append(scaler("HorizontalPodAutoscaler", minReplicas=1, maxReplicas=3))
    assert read_settled(world) == ""


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(scaler("HorizontalPodAutoscaler", REQUEST), id="it scales another one"),
        pytest.param(
            {
                **scaler("HorizontalPodAutoscaler"),
                "spec": {"scaleTargetRef": {"kind": "StatefulSet", "name": NOTIFICATION}},
            },
            id="it scales another kind",
        ),
    ],
)
def test_an_autoscaler_of_something_else_excuses_nothing(world: FakeWorld, other: dict[str, Any]) -> None:
    world.cluster.deployments[NOTIFICATION].replicas = 1
    world.cluster.autoscalers.append(other)
    assert "replicas" in read_settled(world)


def test_a_deployment_that_a_scaled_object_of_the_release_scales_may_have_any_number_of_pods(world: FakeWorld) -> None:
    """KEDA takes its autoscaler away while a ScaledObject is paused."""
    world.helm.makes = lambda _: [scaler("ScaledObject")]
    world.helm.was_deployed(world.values.read_text(encoding="utf-8").replace("latest", world.checkout.head()[:7]))
    world.cluster.deployments[NOTIFICATION].replicas = 0
    assert read_settled(world) == ""


@pytest.mark.parametrize(("replicas", "trouble"), [(3, ""), (9, "replicas: 9 instead of 2")])
def test_an_autoscaler_of_the_release_allows_what_lies_within_its_limits(
    world: FakeWorld, replicas: int, trouble: str
) -> None:
    mine = scaler("HorizontalPodAutoscaler", minReplicas=2, maxReplicas=4)
    world.helm.makes = lambda _: [mine]
    world.helm.was_deployed(world.values.read_text(encoding="utf-8").replace("latest", world.checkout.head()[:7]))
    world.cluster.autoscalers.append(mine)
    world.cluster.deployments[NOTIFICATION].replicas = replicas
    assert read_settled(world).endswith(trouble)


def read_settled(world: FakeWorld) -> str:
    """The trouble of the notification service after every rollout has ended."""
    for deployed in world.cluster.deployments.values():
        deployed.reads = 9
    return read(world).running[NOTIFICATION].trouble


def test_deployments_of_one_service_that_name_different_images_are_trouble(world: FakeWorld) -> None:
    image = world.cluster.deployments[NOTIFICATION].image
    world.helm.made(object_of("Deployment", "worker", image))
    settled(world)
    assert read_settled(world) == ""
    world.helm.made(object_of("Deployment", "worker", f"{image.partition(':')[0]}:0ther12"))
    settled(world)
    assert read_settled(world).startswith("its Deployments name different images: notification-service ")


def settled(world: FakeWorld) -> None:
    for other in world.cluster.others.values():
        other.reads = 9


def test_a_service_without_a_readiness_probe_says_so(world: FakeWorld) -> None:
    assert not read(world).running[NOTIFICATION].unprobed
    world.cluster.deployments[NOTIFICATION].probed = False
    assert read(world).running[NOTIFICATION].unprobed


@pytest.mark.parametrize(("changed", "said"), [(NOTIFICATION, True), (REQUEST, False), (EMPLOYEE, False)])
def test_a_plan_says_that_what_it_deploys_has_no_probe(changed: str, *, said: bool) -> None:
    plan = plan_of({changed: "pom.xml"})
    steps = tuple(
        step._replace(running=step.running._replace(unprobed=step.target.name == NOTIFICATION))
        if step.running
        else step
        for step in plan.steps
    )
    words = f"{NOTIFICATION} has no readiness probe: once all is ready it is watched for 90 s"
    assert probe_warnings(ERP.chart, plan._replace(steps=steps)) == ((words,) if said else ())
