"""Checks before the first write: everything that would fail later and can be known now."""

import os
from dataclasses import replace
from pathlib import Path

from erp_build.changes.tag_uses import BY_CHOICE
from erp_build.clients.edit_file import refuse_read_only
from erp_build.clients.site import Site
from erp_build.config.read_file import path_below, read_file
from erp_build.deployment.pinning import why_by_tag
from erp_build.deployment.preview import object_changes, values_diff
from erp_build.deployment.tags import expected_tags, keys_of
from erp_build.errors import ConfigurationError, PushFailed, ReleaseFailed
from erp_build.formats.values_file import named_values, read_value, set_tags
from erp_build.model.plan import Plan
from erp_build.model.project import Chart, Function, Service
from erp_build.model.releases.preview import ImageWanted, Preview
from erp_build.model.stage import stage

FALSE_VALUES = ("false", "no", "off", "0", "null", "~", "")
"""Values that Helm's YAML 1.1 and its templates take for false. A missing key is not one of them."""


@stage("reads only: sources, engine, ECR, chart, cluster", keeps="preview")
def check_plan(site: Site, plan: Plan) -> Preview:
    """Check what the plan needs: sources, engine, repositories, functions, values, chart, rights. Changes nothing.

    Returns what the deployment would change, which the checks find out anyway.
    """
    builds = tuple(step.target for step in plan.builds if isinstance(step.target, Service | Function))
    site.clients.assembly.require_buildable(builds)
    _check_repositories(site, builds)
    for step in plan.functions:
        assert isinstance(step.target, Function)
        if state := site.clients.functions.state(step.target.function):
            site.clients.functions.may_update(state)
    preview = Preview(images=_images(site, plan))
    return _check_release(site, plan, preview) if plan.upgrades_release else preview


def _images(site: Site, plan: Plan) -> tuple[ImageWanted, ...]:
    """Every image that the plan deploys, by the name that it has or will have."""
    found = []
    for step in plan.steps:
        if isinstance(step.target, Chart):
            continue
        repository = site.repository(step.target)
        if step.action in ("build", "reuse"):
            name = f"{repository}:{plan.tag_of(step)}"
            found.append(ImageWanted(target=step.target.name, how=step.action, name=name))
        elif step.running and (step.action == "redeploy" or plan.upgrades_release):
            name = f"{repository}:{step.running.tag_or_digest}"
            found.append(ImageWanted(target=step.target.name, how="keep", name=name))
    return tuple(found)


def _check_release(site: Site, plan: Plan, preview: Preview) -> Preview:
    path = values_path(site)
    content = read_values(path)
    # Helm repeats values in its messages, so the secrets among them are masked from here on.
    for _, name, value in named_values(content, where=str(path)):
        site.clients.secrets.add_named(name, value)
    for service in site.project.services:
        pushed = f"{site.clients.registry.host()}/{site.repository(service)}"
        _check_values(path, content, service, pushed)
    if not os.access(path.resolve().parent, os.W_OK):
        raise ConfigurationError(
            "the values file cannot be written",
            where=str(path),
            why="its folder is read-only",
            next_step="allow the run to write into its checkout",
        )
    refuse_read_only(path)
    # Tags are known before the images exist, so a chart that cannot be deployed is found before the build.
    values, by_tag = _values_with_tags(site, plan, content)
    release = site.release
    if missing := site.clients.cluster.missing_permissions(release):
        raise ReleaseFailed(
            f"the role lacks {len(missing)} rights in the namespace",
            where=f"{release.cluster}, namespace {release.namespace}",
            why="\n".join(missing),
            next_step=f"kubectl apply --namespace {release.namespace} --filename infra/access.yaml, or add what is "
            "missing to the role in the cluster",
        )
    after = site.clients.helm.check_chart(release, site.clients.repository.root / site.project.chart.path, values)
    return replace(
        preview,
        by_tag=by_tag,
        values=values_diff(content, values, f"{site.project.chart.path}/{site.project.chart.values}"),
        objects=object_changes(site.clients.helm.manifest(release), after),
    )


def _values_with_tags(site: Site, plan: Plan, content: bytes) -> tuple[bytes, str]:
    """The values of the release, and why they name the images by tag alone; empty: they name them by digest."""
    chart, path = site.project.chart, values_path(site)

    def values(*, pin: bool) -> bytes:
        return set_tags(content, keys_of(plan, expected_tags(plan, pin=pin)), where=str(path))

    if chart.pin == "never":
        return values(pin=False), BY_CHOICE
    pinned = values(pin=True)
    folder = site.clients.repository.root / chart.path
    try:
        rendered = site.clients.helm.render(site.release, folder, pinned)
    except ReleaseFailed as error:
        # A chart that renders with the plain tags refuses the digest. Another one is at fault itself, and says so here.
        site.clients.helm.render(site.release, folder, values(pin=False))
        by_tag = f"the chart refuses it: {error.why or error.what}"
    else:
        tags = expected_tags(plan, pin=True)
        by_tag = why_by_tag(rendered, {site.repository(one): tags[one.name] for one in site.project.services})
    if not by_tag:
        return pinned, ""
    if chart.pin == "always":
        raise ReleaseFailed(
            "the chart does not let its images be named by digest",
            where=chart.path,
            why=by_tag,
            next_step='use the tag for the name of the image only, or write pin = "auto" in [chart]',
        )
    site.say(f"warning: the release names its images by tag, which a push can change: {by_tag}")
    return values(pin=False), by_tag


def values_path(site: Site) -> Path:
    """The path of the values file; raises `ConfigurationError` where it leads out of the repository."""
    chart = site.project.chart
    return path_below(site.clients.repository.root, f"{chart.path}/{chart.values}")


def read_values(path: Path) -> bytes:
    """Read the values file; raises `ConfigurationError` where that fails."""
    try:
        return read_file(path)
    except OSError as error:
        raise ConfigurationError(
            "the values file cannot be read",
            where=str(path),
            why=error.strerror or str(error),
            next_step="correct `path` and `values` of [chart] in erp-build.toml",
        ) from error


def _check_repositories(site: Site, builds: tuple[Service | Function, ...]) -> None:
    wanted = [site.repository(target) for target in builds]
    if missing := site.clients.registry.missing_repositories(wanted):
        raise PushFailed(
            f"{len(missing)} repositories do not exist",
            where=f"ECR, account {site.environment.account}, {site.environment.region}",
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
    if enabled is not None and enabled.lower() in FALSE_VALUES:
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
