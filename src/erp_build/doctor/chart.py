"""Checks of the chart: whether it renders, and what in it breaks a rollout."""

from collections.abc import Iterator, Mapping
from typing import Any

from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.errors import ConfigurationError, ReleaseFailed, told

NO_HELM = "there is no Helm"


def check_renders(facts: Facts) -> CheckResult:
    """Whether the chart lints and renders with its values, without a cluster."""
    chart = facts.project.chart
    look = Look(f"helm template and helm lint of {chart.path} with {chart.values}")
    try:
        objects = facts.rendered()
    except (ConfigurationError, ReleaseFailed) as error:
        if error.what == NO_HELM:
            raise
        return look.problem(told(error), error.next_step or "see the message")
    return look.ok(f"{len(objects)} objects")


def check_replicas(facts: Facts) -> CheckResult:
    """Whether a Deployment sets `replicas` although an autoscaler controls it."""
    objects = facts.rendered()
    scaled = {
        item["spec"].get("scaleTargetRef", {}).get("name")
        for item in objects
        if item.get("kind") == "HorizontalPodAutoscaler"
    }
    both = [_name(item) for item in _deployments(objects) if _name(item) in scaled and "replicas" in item["spec"]]
    look = Look(f"Deployments and {len(scaled)} autoscalers that the chart makes")
    if both:
        return look.warning(
            f"replicas is set beside an autoscaler: {', '.join(both)}; each upgrade resets the number of pods",
            "leave `replicas` out of the template where autoscaling is on",
        )
    return look.ok("no Deployment sets what an autoscaler controls")


def check_probes(facts: Facts) -> CheckResult:
    """Whether the services' containers have a readiness and a liveness probe."""
    lacking = [
        f"{_name(item)}/{container['name']} has no {probe}"
        for item in _deployments(facts.rendered())
        for container in item["spec"]["template"]["spec"]["containers"]
        for probe in ("readinessProbe", "livenessProbe")
        if not container.get(probe)
    ]
    look = Look("containers of the Deployments that the chart makes")
    if lacking:
        return look.warning(
            "\n".join(lacking),
            "add the probes: without a readiness probe a pod counts as ready before the service answers",
        )
    return look.ok("every container has both probes")


def _deployments(objects: tuple[Mapping[str, Any], ...]) -> Iterator[Mapping[str, Any]]:
    return (item for item in objects if item.get("kind") == "Deployment")


def _name(item: Mapping[str, Any]) -> str:
    return str(item["metadata"]["name"])
