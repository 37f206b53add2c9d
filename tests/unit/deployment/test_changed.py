"""What an upgrade changed: the objects that make pods, compared between two manifests."""

from typing import Any

import pytest

from erp_build.deployment.rollout.changed import changed_workloads, other_images
from erp_build.model.releases.kubernetes import ContainerTemplate
from tests.fakes.deployments import object_of

KAFKA = object_of("StatefulSet", "kafka", "kafka:1", replicas=3)


def changed(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    return [str(name) for name in changed_workloads(before, after, "erp-dev")]


def in_namespace(item: dict[str, Any], namespace: str) -> dict[str, Any]:
    return {**item, "metadata": {**item["metadata"], "namespace": namespace}}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"])
def test_another_image_changes_an_object_of_every_kind(kind: str) -> None:
    before, after = object_of(kind, "a", "a:1"), object_of(kind, "a", "a:2")
    assert changed([before], [after]) == [f"{kind} a"]
    assert changed([before], [before]) == []


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        pytest.param([], [KAFKA], ["StatefulSet kafka"], id="it is new"),
        pytest.param([KAFKA], [], [], id="it is gone, so nothing of it can run"),
        pytest.param(
            [KAFKA], [object_of("StatefulSet", "kafka", "kafka:1", replicas=1)], ["StatefulSet kafka"], id="fewer pods"
        ),
        pytest.param(
            [KAFKA],
            [{**KAFKA, "metadata": {**KAFKA["metadata"], "labels": {"helm.sh/chart": "erp-0.2.0"}}}],
            [],
            id="a label of the object itself reaches no pod",
        ),
        pytest.param([KAFKA], [in_namespace(KAFKA, "erp-dev")], [], id="the namespace of the release, named or not"),
        pytest.param(
            [KAFKA],
            [in_namespace(KAFKA, "queue")],
            ["StatefulSet kafka in queue"],
            id="the same name in another namespace",
        ),
        pytest.param([], [{"kind": "List", "items": [KAFKA]}], ["StatefulSet kafka"], id="within a list"),
        pytest.param([], [{"kind": "ConfigMap", "metadata": {"name": "a"}}], [], id="it makes no pods"),
        pytest.param(
            [], [{"kind": "Deployment", "metadata": None, "spec": None}], ["Deployment "], id="nearly nothing"
        ),
    ],
)
def test_what_counts_as_changed(before: list[dict[str, Any]], after: list[dict[str, Any]], found: list[str]) -> None:
    assert changed(before, after) == found


@pytest.mark.parametrize(
    ("wanted", "live", "wrong"),
    [
        ("a:1", "a:1", 0),
        ("a:1", "mirror.internal:5000/proxy/a:1", 0),
        ("a:1@sha256:1", "a:1@sha256:1", 0),
        ("a:1@sha256:1", "a:1@sha256:2", 1),
        ("a:1", "a:2", 1),
        ("a:1", "", 1),
    ],
)
def test_an_image_is_the_same_version_wherever_it_is_pulled_from(wanted: str, live: str, wrong: int) -> None:
    has = [ContainerTemplate("a", live)] if live else []
    assert len([*other_images([ContainerTemplate("a", wanted)], has)]) == wrong
