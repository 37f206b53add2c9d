"""Checks of the repository: its history, secrets in its files, and its chart: does it render, what breaks a rollout."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from erp_build.config.read_file import read_file
from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.errors import ConfigurationError, ErpBuildError, ReleaseFailed, told
from erp_build.formats.secrets.names import MIN_MASKED_LENGTH, holds_secret
from erp_build.formats.values.file import named_values

NO_DEPLOYMENT = "the chart makes no Deployment"
NO_HELM = "there is no Helm"


def check_metadata(facts: Facts) -> CheckResult:
    """Whether Git reads a commit of the source."""
    look = Look(f"{facts.root}/.git")
    if facts.local.clone.has_metadata() and facts.local.clone.resolve("HEAD"):
        return look.ok("Git reads it")
    trouble = facts.local.clone.trouble(facts.variables)
    return look.problem(f"{trouble.what}: a run cannot know what changed, except by content keys", trouble.next_step)


def check_depth(facts: Facts) -> CheckResult:
    """Whether the clone has the whole history."""
    look = Look("git rev-parse --is-shallow-repository")
    if not facts.local.clone.has_metadata():
        return look.unknown(facts.local.clone.trouble(facts.variables).what, "see git-metadata")
    if facts.local.clone.is_shallow():
        return look.warning(
            "the clone is shallow: each run fetches the missing commits, or builds everything",
            "git fetch --unshallow; in CodeBuild set the source's git clone depth to Full",
        )
    return look.ok("the history is whole")


def check_plain_secrets(facts: Facts) -> CheckResult:
    """Whether the values files hold secrets in plain text; reports their places, never their values."""
    files = sorted((facts.root / facts.project.chart.path).glob("values*.y*ml"))
    look = Look(", ".join(file.name for file in files) or f"values files of {facts.project.chart.path}")
    if not files:
        return look.unknown("there is no values file", "correct `path` of [chart] in erp-build.toml")
    unread: list[str] = []
    places = [place for file in files for place in _places(facts, file, unread)]
    if places:
        return look.warning(
            "secrets in plain text:\n" + "\n".join((*places, *unread)),
            "move them to Secrets Manager (ExternalSecret), replace them there, and remove them from Git",
        )
    return look.unknown("\n".join(unread), "fix the file") if unread else look.ok("no secret in plain text")


def check_renders(facts: Facts) -> CheckResult:
    """Whether the chart lints and renders with its values, without a cluster."""
    chart = facts.project.chart
    look = Look(f"helm template and helm lint of {chart.path} with {', '.join((*chart.below, chart.values))}")
    try:
        objects = facts.rendered()
    except (ConfigurationError, ReleaseFailed) as error:
        if error.what == NO_HELM:
            raise
        return look.problem(told(error), error.next_step or "see the message")
    if not objects:
        return look.warning("the chart makes no object", f"look into templates of {chart.path}, and its values")
    return look.ok(f"{len(objects)} objects")


def check_replicas(facts: Facts) -> CheckResult:
    """Whether a Deployment sets `replicas` although an autoscaler controls it."""
    objects = facts.rendered()
    scaled = {
        item["spec"].get("scaleTargetRef", {}).get("name")
        for item in objects
        if item.get("kind") == "HorizontalPodAutoscaler"
    }
    deployments = list(_deployments(objects))
    look = Look(f"{len(deployments)} Deployments and {len(scaled)} autoscalers that the chart makes")
    if not deployments:
        return look.unknown(NO_DEPLOYMENT, "look into the templates of the chart, and its values")
    both = [_name(item) for item in deployments if _name(item) in scaled and "replicas" in item["spec"]]
    if both:
        return look.warning(
            f"replicas is set beside an autoscaler: {', '.join(both)}; each upgrade resets the number of pods",
            "leave `replicas` out of the template where autoscaling is on",
        )
    return look.ok("no Deployment sets what an autoscaler controls")


def check_probes(facts: Facts) -> CheckResult:
    """Whether the services' containers have a readiness and a liveness probe."""
    deployments = list(_deployments(facts.rendered()))
    look = Look(f"containers of the {len(deployments)} Deployments that the chart makes")
    if not deployments:
        return look.unknown(NO_DEPLOYMENT, "look into the templates of the chart, and its values")
    lacking = [
        f"{_name(item)}/{container['name']} has no {probe}"
        for item in deployments
        for container in item["spec"]["template"]["spec"]["containers"]
        for probe in ("readinessProbe", "livenessProbe")
        if not container.get(probe)
    ]
    if lacking:
        return look.warning(
            "\n".join(lacking),
            "add the probes: without a readiness probe a pod counts as ready before the service answers",
        )
    return look.ok("every container has both probes")


def _places(facts: Facts, file: Path, unread: list[str]) -> list[str]:
    try:
        found = named_values(read_file(file), where=file.name)
    except (OSError, ErpBuildError) as error:
        unread.append(f"{file.name} cannot be read: {error}")
        return []
    places = []
    for path, name, value in found:
        # A shorter one is more likely a placeholder.
        if len(value.strip()) >= MIN_MASKED_LENGTH and holds_secret(name, value):
            facts.local.secrets.add_named(name, value)
            facts.local.secrets.add(value)
            places.append(f"{file.name}: {'.'.join(path)}")
    return places


def _deployments(objects: tuple[Mapping[str, Any], ...]) -> Iterator[Mapping[str, Any]]:
    return (item for item in objects if item.get("kind") == "Deployment")


def _name(item: Mapping[str, Any]) -> str:
    return str(item["metadata"]["name"])
