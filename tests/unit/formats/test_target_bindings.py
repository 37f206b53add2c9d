"""Which TargetGroupBindings belong to a release: those of its manifest, and those that name one of its Services."""

from typing import Any

import pytest

from erp_build.formats.kubernetes.target_bindings import bindings_of, may_have_bindings
from erp_build.model.releases.bake import TargetBinding, TargetGroup, TargetHealth
from tests.fakes.health import GROUP, binding, service

A, B, C = (GROUP.format(name) for name in "abc")
SERVICE = service("a")


def named(name: str, of: str, group: str) -> TargetBinding:
    return TargetBinding(name=name, service=of, group=group)


@pytest.mark.parametrize(
    ("manifest", "listed", "wanted"),
    [
        ([SERVICE], [], []),
        ([SERVICE, binding("of-chart", "a", A)], [], [named("of-chart", "a", A)]),
        # Made by a controller, or by hand beside the chart.
        ([SERVICE], [binding("k8s-erpdev-a-0a1b", "a", B)], [named("k8s-erpdev-a-0a1b", "a", B)]),
        ([SERVICE], [binding("of-others", "b", B)], []),
        ([SERVICE, binding("of-chart", "a", A)], [binding("of-chart", "a", A)], [named("of-chart", "a", A)]),
        # The chart names its group otherwise, and the controller has found its ARN.
        ([SERVICE, binding("of-chart", "a")], [binding("of-chart", "a", C)], [named("of-chart", "a", C)]),
        ([SERVICE, binding("of-chart", "a")], [], [named("of-chart", "a", "")]),
        # A binding of the chart for a Service of somebody else, and one in another namespace.
        ([binding("of-chart", "other", A)], [], [named("of-chart", "other", A)]),
        ([binding("of-chart", "a", A, "edge")], [binding("of-chart", "a", B)], [named("of-chart", "a", A)]),
        # Two bindings of one group have the same targets.
        ([SERVICE, binding("x", "a", A)], [binding("y", "a", A)], [named("y", "a", A)]),
        ([{"kind": "List", "items": [SERVICE, binding("of-chart", "a", A)]}], [], [named("of-chart", "a", A)]),
        ([{"kind": "TargetGroupBinding", "metadata": None, "spec": []}], [], [named("", "", "")]),
    ],
)
def test_a_binding_belongs_to_the_release(manifest: Any, listed: Any, wanted: list[TargetBinding]) -> None:
    assert list(bindings_of(manifest, listed, "erp-dev")) == wanted


def test_a_service_of_another_namespace_is_not_that_of_the_release() -> None:
    elsewhere = {**SERVICE, "metadata": {"name": "a", "namespace": "edge"}}
    assert bindings_of([elsewhere], [binding("x", "a", A)], "erp-dev") == ()


@pytest.mark.parametrize(
    ("item", "may"),
    [
        (service("a"), False),
        (service("a", "LoadBalancer"), True),
        ({"kind": "Ingress", "spec": {"ingressClassName": "alb"}}, True),
        ({"kind": "Ingress", "metadata": {"annotations": {"kubernetes.io/ingress.class": "alb"}}}, True),
        ({"kind": "Ingress", "metadata": {"annotations": {"alb.ingress.kubernetes.io/scheme": "internal"}}}, True),
        ({"kind": "Ingress", "spec": {"ingressClassName": "nginx"}}, False),
        (binding("a", "a", A), True),
        ({"kind": "Deployment"}, False),
    ],
)
def test_what_a_load_balancer_is_made_for(item: dict[str, Any], *, may: bool) -> None:
    assert may_have_bindings([item]) is may


def test_a_group_is_told_by_its_name_and_its_states() -> None:
    targets = (TargetHealth("10.0.0.7:80", "healthy"), TargetHealth("10.0.0.8:80", "draining", "Target.Leaves"))
    group = TargetGroup(binding=named("x", "a", A), targets=targets)
    assert group.subject == "target group erp-dev-a of the Service a"
    assert group.summary == "1 draining, 1 healthy"
    assert str(targets[1]) == "10.0.0.8:80 is draining (Target.Leaves)"
    assert TargetGroup(binding=named("x", "a", "arn")).name == "x"
