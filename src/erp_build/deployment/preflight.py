"""Before the first write: everything that can be known to fail later, asked now."""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

from erp_build.build.architecture import check_platform
from erp_build.changes.live_state import release_of
from erp_build.clients.protocols import Tools
from erp_build.deployment.preview import object_changes, values_diff
from erp_build.deployment.tags import expected_tags, keys_of
from erp_build.errors import ConfigurationError, PushFailed, ReleaseFailed
from erp_build.formats.values_file import named_values, read_value, set_tags
from erp_build.model.environment import Environment
from erp_build.model.plan import Plan
from erp_build.model.project import Chart, Function, Project, Service
from erp_build.model.releases.preview import ImageWanted, Preview

SWITCHED_OFF = ("false", "no", "off", "0", "null", "~", "")
"""What Helm's YAML 1.1 and its templates take for false; a key that is not there is another matter."""


def check_plan(tools: Tools, project: Project, environment: Environment, plan: Plan) -> Preview:
    """Check what the plan needs: sources, engine, repositories, functions, values, chart, rights. Changes nothing.

    What would change comes out of it by itself, and is returned.
    """
    builds = tuple(step.target for step in plan.builds if isinstance(step.target, Service | Function))
    tools.workshop.check(builds)
    _check_repositories(tools, environment, builds)
    nodes = cache(lambda: tools.cluster.architectures(environment.cluster))
    for step in plan.reuses:
        if step.image and isinstance(step.target, Service | Function):
            check_platform(tools, nodes, step.target, tools.registry.platform(step.image))
    for step in plan.functions:
        assert isinstance(step.target, Function)
        if state := tools.functions.state(step.target.function):
            tools.functions.may_update(state)
    preview = Preview(images=_images(environment, plan))
    return _check_release(tools, project, environment, plan, preview) if plan.upgrades_release else preview


def _images(environment: Environment, plan: Plan) -> tuple[ImageWanted, ...]:
    """Every image that the plan deploys, by the name that it will have or has."""
    found = []
    for step in plan.steps:
        if isinstance(step.target, Chart):
            continue
        repository = environment.repository(step.target.repository)
        if step.action in ("build", "reuse"):
            name = f"{repository}:{plan.tag}"
            found.append(ImageWanted(target=step.target.name, how=step.action, name=name))
        elif step.running and (step.action == "redeploy" or plan.upgrades_release):
            name = f"{repository}:{step.running.tag_or_digest}"
            found.append(ImageWanted(target=step.target.name, how="keep", name=name))
    return tuple(found)


def _check_release(tools: Tools, project: Project, environment: Environment, plan: Plan, preview: Preview) -> Preview:
    path = values_path(tools, project)
    content = read_values(path)
    for name, value in named_values(content, where=str(path)):
        tools.secrets.add_named(name, value)
    for service in project.services:
        pushed = f"{tools.registry.host()}/{environment.repository(service.repository)}"
        _check_values(path, content, service, pushed)
    if not os.access(path.resolve().parent, os.W_OK):
        raise ConfigurationError(
            "the values file cannot be written",
            where=str(path),
            why="its folder is read-only",
            next_step="let the run write into its checkout",
        )
    # The tags are known before the images are: what cannot be kept, rendered or deployed is found before the build.
    values = set_tags(content, keys_of(plan, expected_tags(plan, pin=project.chart.pin)), where=str(path))
    release = release_of(project, environment)
    if missing := tools.cluster.missing_permissions(release):
        raise ReleaseFailed(
            f"the role lacks {len(missing)} rights in the namespace",
            where=f"{release.cluster}, namespace {release.namespace}",
            why="\n".join(missing),
            next_step=f"kubectl apply --namespace {release.namespace} --filename infra/access.yaml, or add what is "
            "missing to the role in the cluster",
        )
    after = tools.helm.check_chart(release, tools.repository.root / project.chart.path, values)
    return replace(
        preview,
        values=values_diff(content, values, f"{project.chart.path}/{project.chart.values}"),
        objects=object_changes(tools.helm.manifest(release), after, tools.secrets.hides),
    )


def values_path(tools: Tools, project: Project) -> Path:
    """Where the values file is."""
    return tools.repository.root / project.chart.path / project.chart.values


def read_values(path: Path) -> bytes:
    """The values file's bytes."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            "the values file cannot be read",
            where=str(path),
            why=error.strerror or str(error),
            next_step="correct `path` and `values` of [chart] in erp-build.toml",
        ) from error


def _check_repositories(tools: Tools, environment: Environment, builds: tuple[Service | Function, ...]) -> None:
    wanted = [environment.repository(target.repository) for target in builds]
    if missing := tools.registry.missing_repositories(wanted):
        raise PushFailed(
            f"{len(missing)} repositories do not exist",
            where=f"ECR, account {environment.account}, {environment.region}",
            why="\n".join(missing),
            next_step=f"aws ecr create-repository --repository-name {missing[0]}, or correct `repository` "
            "in erp-build.toml",
        )


def _check_values(path: Path, content: bytes, service: Service, pushed: str) -> None:
    stated = read_value(content, f"{service.values_key}.image.repository", where=str(path))
    if read_value(content, f"{service.values_key}.image.tag", where=str(path)) is None or stated is None:
        raise ConfigurationError(
            f"{service.name} has no image in the values file",
            where=str(path),
            why=f"there is no {service.values_key}.image with repository and tag",
            next_step="add it, or correct `values_key` in erp-build.toml",
        )
    enabled = read_value(content, f"{service.values_key}.enabled", where=str(path))
    if enabled is not None and enabled.lower() in SWITCHED_OFF:
        raise ConfigurationError(
            f"{service.name} is switched off in the values file",
            where=str(path),
            why=f"{service.values_key}.enabled is {enabled or 'empty'}",
            next_step="switch it on, or take the service out of erp-build.toml",
        )
    if stated != pushed:
        raise ConfigurationError(
            f"{service.name} would run an image that is not pushed",
            where=f"{path}: {service.values_key}.image.repository",
            why=f"it names {stated}, pushed is {pushed}",
            next_step="correct the values file or the parameter ecr/repository-prefix",
        )
