"""Edits by hand of what a release consists of: which of them a run repairs, and which it only shows."""

from typing import Any

import pytest

from erp_build.changes.edited import ANY_NUMBER, Autoscalers
from erp_build.changes.live_state import read_live_state
from erp_build.deployment.status import read_status
from erp_build.model.plan import Plan
from erp_build.report.json.status import status_document
from erp_build.report.text.status import status_text
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION

SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"type": "ClusterIP"}}
CUSTOM = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "web"}, "spec": {"max": 5}}
JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate"}, "spec": {"backoffLimit": 1}}
ITEMS = {item["kind"]: item for item in (SERVICE, CUSTOM, JOB)}


def live(kind: str, **spec: Any) -> dict[tuple[str, str], Any]:
    item: Any = ITEMS[kind]
    return {(kind, item["metadata"]["name"]): {**item, "spec": {**item["spec"], **spec}}}


def planned(world: FakeWorld) -> Plan:
    plan = world.run().plan
    assert plan
    return plan


@pytest.fixture
def around(world: FakeWorld) -> FakeWorld:
    """A release with a Service, a custom resource and a Job, as they were deployed."""
    world.helm.around = tuple(ITEMS.values())
    return world


def test_a_release_that_nobody_edited_has_nothing_to_do(around: FakeWorld) -> None:
    found = read_live_state(around.site())
    assert (found.chart_edits, found.chart_drift) == ((), ())
    assert planned(around).is_empty


def test_an_edit_of_any_object_is_repaired_by_an_upgrade(around: FakeWorld) -> None:
    around.cluster.objects = live("Service", type="NodePort")
    text = "Service web: type: NodePort instead of ClusterIP"
    found = read_live_state(around.site())
    assert (found.chart_edits, found.chart_drift) == ((f"edited by hand: {text}",), (text,))
    revisions = len(around.helm.revisions)
    plan = planned(around)
    assert f"edited by hand: {text}" in [reason.rule for step in plan.steps for reason in step.because]
    assert not plan.builds
    assert len(around.helm.revisions) == revisions + 1


def test_an_object_that_somebody_removed_is_made_again(around: FakeWorld) -> None:
    around.cluster.objects = {("Service", "web"): None}
    assert read_live_state(around.site()).chart_edits == ("edited by hand: Service web: is gone",)


def test_a_job_that_has_been_cleaned_up_is_no_edit(around: FakeWorld) -> None:
    around.cluster.objects = {("Job", "migrate"): None}
    assert read_live_state(around.site()).chart_drift == ()


def test_an_edit_of_a_custom_resource_which_helm_3_leaves_is_shown_and_starts_no_run(around: FakeWorld) -> None:
    around.cluster.objects = live("ScaledObject", max=9)
    site = around.site()
    found = read_live_state(site)
    text = "ScaledObject web: max: 9 instead of 5"
    assert (found.chart_edits, found.chart_drift) == ((), (text,))
    assert f"Drift: chart: {text}" in status_text(found, read_status(site, found)).splitlines()
    assert status_document(found, {})["release"]["drift"] == [text]
    assert planned(around).is_empty


def test_an_object_that_may_not_be_read_is_named(around: FakeWorld) -> None:
    around.cluster.objects = {("Service", "web"): {}}
    found = read_live_state(around.site())
    assert found.chart_drift == ()
    said = "edits by hand are not seen of what may not be read: Service web"
    assert any(said in line for line in around.progress.lines)


def test_what_a_webhook_rewrote_is_no_edit_and_what_stays_after_a_dry_run_is_one(around: FakeWorld) -> None:
    around.cluster.objects = live("Service", type="NodePort")
    around.cluster.webhooks = lambda item: {**item, "spec": {**item["spec"], "type": "NodePort"}}
    assert read_live_state(around.site()).chart_drift == ()
    around.cluster.webhooks = lambda _: None
    assert read_live_state(around.site()).chart_drift, "without a dry run what seems edited is edited"


def redis(image: str) -> dict[str, Any]:
    containers = [{"name": "redis", "image": image}]
    spec = {"template": {"spec": {"containers": containers}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "redis"}, "spec": spec}


def test_another_image_of_a_service_is_another_baseline_and_that_of_a_container_beside_it_an_edit(
    world: FakeWorld,
) -> None:
    edited = world.cluster.deployments[NOTIFICATION]
    edited.image = edited.image.rpartition(":")[0] + ":byhand1"
    world.helm.around = (redis("redis:1"),)
    world.cluster.objects = {("Deployment", "redis"): redis("redis:2")}
    found = read_live_state(world.site())
    assert "edited by hand" not in found.running[NOTIFICATION].trouble
    text = "Deployment redis: template.spec.containers[redis].image: redis:2 instead of redis:1"
    assert found.chart_edits == (f"edited by hand: {text}",)


def test_an_autoscaler_scales_what_it_names_and_one_of_somebody_else_to_any_number() -> None:
    def scaler(kind: str, name: str) -> dict[str, Any]:
        target = {"kind": kind, "name": name}
        about = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "any"}}
        return {**about, "spec": {"scaleTargetRef": target}}

    item = {"kind": "StatefulSet", "metadata": {"name": "store"}}
    mine = scaler("StatefulSet", "store")
    others = [scaler("Deployment", "store"), scaler("StatefulSet", "other")]
    assert Autoscalers([mine], [*others, mine]).of(item) is mine
    assert Autoscalers([], [*others, mine]).of(item) is ANY_NUMBER
    assert Autoscalers(others, others).of(item) is None
