"""What is found in the rendered objects and in the release before anything moves."""

from typing import Any

import pytest

from erp_build.deployment.checks.lost_values import lost_values
from erp_build.deployment.preflight import check_plan
from erp_build.errors import ConfigurationError, ReleaseFailed
from erp_build.model.releases.preview import Preview, Unprobed
from tests.fakes.deployments import NEVER_READY, object_of
from tests.fakes.world import FakeWorld
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST, plan_of

POM = "pom.xml"


def check(world: FakeWorld, *changed: str) -> Preview:
    return check_plan(world.site(), plan_of(dict.fromkeys(changed or (NOTIFICATION,), POM)))


def is_by_hand(world: FakeWorld) -> None:
    """Somebody has upgraded the release without this program."""
    world.helm.was_deployed(world.values.read_text(encoding="utf-8"), "Upgrade complete")


def test_services_in_another_namespace_are_found_before_anything_moves(world: FakeWorld) -> None:
    image = world.cluster.deployments[NOTIFICATION].image
    twin = object_of("Deployment", "notification-worker", image)
    twin["metadata"]["namespace"] = "erp-prod"
    world.helm.makes = lambda _: [twin]
    world.change(NOTIFICATION, EMPLOYEE)
    with pytest.raises(ConfigurationError, match="puts 1 services into another namespace") as caught:
        world.run()
    assert caught.value.why == f"{NOTIFICATION}: erp-prod instead of erp-dev"
    assert world.moved() == set()


def test_other_objects_may_lie_in_other_namespaces(world: FakeWorld) -> None:
    item = object_of("DaemonSet", "fluent-bit", "f:1", probed=True)
    item["metadata"]["namespace"] = "logging"
    world.helm.makes = lambda _: [item]
    world.change(NOTIFICATION)
    assert world.run().outcome == "deployed"


def test_a_namespace_that_may_not_be_read_is_found_before_anything_moves(world: FakeWorld) -> None:
    item = object_of("DaemonSet", "fluent-bit", "f:1")
    item["metadata"]["namespace"] = "logging"
    world.helm.makes = lambda _: [item]
    world.cluster.closed.add("logging")
    world.change(NOTIFICATION, EMPLOYEE)
    with pytest.raises(ReleaseFailed, match="403") as caught:
        world.run()
    assert "DaemonSet fluent-bit in logging" in caught.value.why
    assert world.moved() == set()


def test_a_service_of_which_the_chart_makes_nothing_is_named(world: FakeWorld) -> None:
    world.helm.leaves_out = REQUEST
    with pytest.raises(ConfigurationError, match="makes no Deployment for 1 services") as caught:
        check(world)
    assert caught.value.why == f"{REQUEST}: no Deployment has a container with its image"


def test_values_that_somebody_else_gave_the_release_are_not_dropped_without_a_word(world: FakeWorld) -> None:
    is_by_hand(world)
    world.helm.gives = {"tracing": {"enabled": True, "token": "s3cr3t"}, "replicaCount": 5}
    world.change(NOTIFICATION, EMPLOYEE)
    with pytest.raises(ConfigurationError, match="2 values of the running release would be lost") as caught:
        world.run()
    assert caught.value.why.splitlines()[1:] == ["tracing.enabled", "tracing.token"]
    assert "s3cr3t" not in f"{caught.value.why}{caught.value.next_step}"
    assert 'lost_values = "drop"' in caught.value.next_step
    assert world.moved() == set()


def test_a_value_that_is_the_charts_default_is_not_lost(world: FakeWorld) -> None:
    defaults = world.values.parent / "values.yaml"
    defaults.write_text("tracing: {enabled: yes, port: 0644, name: '1'}\n8080: 1.0\n", encoding="utf-8")
    is_by_hand(world)
    world.helm.gives = {"tracing": {"enabled": True, "port": 420, "name": "1"}, "8080": 1}
    check(world)


def test_values_may_be_dropped_on_purpose_and_this_is_said(world: FakeWorld) -> None:
    is_by_hand(world)
    world.helm.gives = {"tracing": {"enabled": True}}
    world.project = world.project._replace(chart=world.project.chart._replace(lost_values="drop"))
    check(world)
    assert "warning: 1 values of the running release are dropped: tracing.enabled" in world.progress.lines


def test_a_value_that_our_own_file_has_lost_is_gone_on_purpose(world: FakeWorld) -> None:
    world.change(CHART)
    world.run()
    world.helm.gives = {"tracing": {"enabled": True}}
    world.change(NOTIFICATION)
    assert world.run().outcome == "deployed"


def test_a_first_installation_has_nothing_to_lose(new_world: FakeWorld) -> None:
    new_world.helm.gives = {"tracing": True}
    assert new_world.run().outcome == "deployed"


@pytest.mark.parametrize(
    ("given", "ours", "defaults", "lost"),
    [
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, {}, [], id="another value is a change and no loss"),
        pytest.param({"a": {"b": 1}}, {"a": {"c": 2}}, {}, ["a.b"], id="a key beside it"),
        pytest.param({"a": 1}, {}, {"a": 1}, [], id="the chart's default is the same"),
        pytest.param({"a": 1}, {}, {"a": 2}, ["a"], id="the chart's default is another one"),
        pytest.param({"a": [1, 2]}, {}, {"a": [1, 2]}, [], id="a list is compared as a whole"),
        pytest.param({"a": {"b": 1}}, {"a": None}, {}, [], id="our file switches the whole mapping off"),
        pytest.param({"a": {}}, {}, {}, [], id="an empty mapping holds nothing"),
        pytest.param({"a": None}, {}, {"a": {"b": 1}}, ["a"], id="a default that was taken out"),
        pytest.param({"a": {"b": 1}}, {}, {"a": 1}, ["a.b"], id="the chart's default is no mapping"),
    ],
)
def test_what_is_lost(given: dict[str, Any], ours: dict[Any, Any], defaults: dict[str, Any], lost: list[str]) -> None:
    assert list(lost_values(given, ours, defaults)) == lost


def test_what_will_be_watched_without_a_probe_is_told_beforehand(world: FakeWorld) -> None:
    world.cluster.unprobed.add(NOTIFICATION)
    world.helm.makes = lambda _: [object_of("StatefulSet", "kafka", "k:1"), object_of("Job", "migrate", "m:1")]
    is_by_hand(world)
    world.helm.makes = lambda _: [object_of("StatefulSet", "kafka", "k:2"), object_of("Job", "migrate", "m:1")]
    found = check(world).unprobed
    assert set(found) == {Unprobed(name=NOTIFICATION, seconds=90.0), Unprobed(name="StatefulSet kafka", seconds=90.0)}


def test_what_is_unhealthy_before_and_not_changed_is_said(world: FakeWorld) -> None:
    world.helm.makes = lambda _: [object_of("StatefulSet", "kafka", "k:1")]
    is_by_hand(world)
    world.cluster.troubles["StatefulSet kafka"] = NEVER_READY
    check(world)
    said = "StatefulSet kafka: warning: unhealthy before this deployment, which does not change it"
    assert any(line.startswith(said) for line in world.progress.lines)


def test_a_paused_deployment_that_must_get_a_new_image_is_refused_before_anything_moves(world: FakeWorld) -> None:
    world.cluster.deployments[NOTIFICATION].paused = True
    world.change(NOTIFICATION, EMPLOYEE)
    with pytest.raises(ReleaseFailed, match="1 Deployments are paused") as caught:
        world.run()
    assert f"kubectl rollout resume deployment/{NOTIFICATION} --namespace erp-dev" in caught.value.next_step
    assert world.moved() == set()


def test_a_paused_deployment_that_is_only_deployed_again_is_said_and_not_waited_for(world: FakeWorld) -> None:
    world.cluster.pauses(PROCESSING)
    world.cluster.deployments[PROCESSING].before = world.cluster.deployments[PROCESSING].image
    world.change(CHART)
    assert world.run().outcome == "deployed"
    assert any(line.startswith(f"{PROCESSING}: warning: it is paused") for line in world.progress.lines)


def test_a_paused_deployment_is_no_reason_to_deploy(world: FakeWorld) -> None:
    world.cluster.pauses(PROCESSING)
    world.cluster.deployments[PROCESSING].before = world.cluster.deployments[PROCESSING].image
    assert world.run().outcome == "nothing"


def test_everything_of_the_release_is_read_at_once(world: FakeWorld) -> None:
    world.helm.makes = lambda _: [object_of("StatefulSet", "kafka", "k:1")]
    is_by_hand(world)
    before = world.cluster.deployments[NOTIFICATION].reads
    check(world)
    assert world.cluster.deployments[NOTIFICATION].reads == before + 1


def test_who_may_not_read_the_rest_still_sees_what_changes(world: FakeWorld) -> None:
    item = object_of("DaemonSet", "fluent-bit", "f:1")
    item["metadata"]["namespace"] = "logging"
    world.helm.makes = lambda _: [item]
    is_by_hand(world)
    world.cluster.closed.add("logging")
    world.cluster.unprobed.add(NOTIFICATION)
    assert [one.name for one in check(world).unprobed] == [NOTIFICATION]
    assert any(line.startswith("not everything of the release can be read") for line in world.progress.lines)
