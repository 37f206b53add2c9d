"""Checks before the first write: everything that would fail later and can be known now."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from erp_build.build.needs import require_what_builds_need
from erp_build.changes.tag_uses import BY_CHOICE
from erp_build.clients.files.edit import refuse_read_only
from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.deployment.chart_values import (
    below_paths,
    effective_values,
    mask_values,
    read_values,
    values_path_of,
)
from erp_build.deployment.checks.first_look import look_first
from erp_build.deployment.checks.lost_values import require_kept_values
from erp_build.deployment.checks.placement import require_absence, require_placement
from erp_build.deployment.migrations.files import started_migrations
from erp_build.deployment.migrations.foreseen import foreseen
from erp_build.deployment.pinning import names_image, why_by_tag
from erp_build.deployment.preview import digest, object_changes, objects_seal, values_diff
from erp_build.deployment.rights.check import Objects, try_release
from erp_build.deployment.tags import expected_tags, keys_of
from erp_build.errors import ConfigurationError, ReleaseFailed, did_you_mean
from erp_build.formats.values.file import set_tags
from erp_build.formats.values.key import image_key, key_of, look_up, steps_of
from erp_build.model.plan import Plan, Step
from erp_build.model.project import Chart, Function, Service
from erp_build.model.releases.preview import BY_TAG, ImageWanted, Preview
from erp_build.model.stages.stage import stage

FALSE_VALUES = ("false", "no", "off", "0", "null", "~", "")
"""Values that Helm's YAML 1.1 and its templates take for false. A missing key is not one of them."""


@stage("reads only: sources, engine, ECR, chart, cluster", keeps="preview")
def check_plan(site: Site, plan: Plan) -> Preview:
    """Check what the plan needs: sources, engine, repositories, functions, values, chart, rights. Changes nothing.

    Returns what the deployment would change, which the checks find out anyway.
    """
    require_what_builds_need(site, plan)
    ask_at_once(partial(_check_function, site), plan.functions)
    preview = Preview(images=_images(site, plan), migrations=started_migrations(plan))
    return _check_release(site, plan, preview) if plan.upgrades_release else preview


def _check_function(site: Site, step: Step) -> None:
    """Raise where the function may not be updated; one that is not there yet says so when it is to be."""
    assert isinstance(step.target, Function)
    if state := site.clients.functions.state(step.target.function):
        site.clients.functions.may_update(state)


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
    path, root, chart = values_path(site), site.chart_root, site.project.chart
    content = read_values(path)
    mask_values(site.clients.secrets, root, chart, content)
    effective = effective_values(root, chart, content)
    services = [step.target for step in plan.services if isinstance(step.target, Service)]
    for service in services:
        _check_values(path, effective, service)
    if not os.access(path.resolve().parent, os.W_OK):
        raise ConfigurationError(
            "the values file cannot be written",
            where=str(path),
            why="its folder is read-only",
            next_step="allow the run to write into its checkout",
        )
    refuse_read_only(path)
    # Tags are known before the images exist, so a chart that cannot be deployed is found before the build.
    values, by_tag, rendered = _values_with_tags(site, plan, content)
    # An image under another name makes a Deployment of nobody, so what it is called is told first.
    _require_pushed(site, services, path, effective, rendered)
    require_placement(site, services, rendered)
    require_absence(site, plan.absent, rendered)
    require_kept_values(site, values)
    before, after, hooks = try_release(site, values, rendered)
    return replace(
        preview,
        by_tag=by_tag,
        unprobed=look_first(site, plan, before, after),
        values=values_diff(content, values, f"{chart.path}/{chart.values}"),
        objects=object_changes(before, after),
        values_seal=digest(b"\0".join((content, *map(read_values, below_of(site))))),
        objects_seal=objects_seal(before, after),
        migrations=foreseen(plan, site.release.namespace, before, (*after, *hooks)),
    )


class _Rendered(NamedTuple):
    """The values of the release, why they name the images by tag alone (empty: by digest), and what they render."""

    values: bytes
    by_tag: str
    objects: Objects


def _values_with_tags(site: Site, plan: Plan, content: bytes) -> _Rendered:
    """What is returned has been rendered, so that a mistake of the chart is found without the cluster."""
    pinned = _pinned_values(site, plan, content)
    if not pinned.by_tag:
        return pinned
    plain = _with_tags(site, plan, content, expected_tags(plan, pin=False))
    # A chart that renders with the plain tags refuses the digest. Another one is at fault itself, and says so here.
    objects = _render(site, plain)
    if site.project.chart.pin == "always":
        raise ReleaseFailed(
            "the chart does not let its images be named by digest",
            where=site.project.chart.path,
            why=pinned.by_tag,
            next_step='use the tag for the name of the image only, or write pin = "auto" in [chart]',
        )
    if site.project.chart.pin == "auto":
        site.say(f"warning: {BY_TAG}: {pinned.by_tag}")
    return _Rendered(plain, pinned.by_tag, objects)


def _pinned_values(site: Site, plan: Plan, content: bytes) -> _Rendered:
    """The values with digests; they render nothing where they cannot be taken."""
    if site.project.chart.pin == "never":
        return _Rendered(content, BY_CHOICE, ())
    tags = expected_tags(plan, pin=True)
    values = _with_tags(site, plan, content, tags)
    try:
        objects = _render(site, values)
    except ReleaseFailed as error:
        return _Rendered(values, f"the chart refuses it: {error.why or error.what}", ())
    services = (one for one in site.project.services if one.name in tags)
    by_tag = why_by_tag(objects, {site.repository(one): tags[one.name] for one in services})
    return _Rendered(values, by_tag, objects)


def _with_tags(site: Site, plan: Plan, content: bytes, tags: Mapping[str, str]) -> bytes:
    return set_tags(content, keys_of(plan, tags), where=str(values_path(site)), create=True)


def _render(site: Site, values: bytes) -> Objects:
    chart = site.chart_root / site.project.chart.path
    return site.clients.helm.render(site.release, chart, values, below_of(site))


def values_path(site: Site) -> Path:
    """The path of the last values file; raises `ConfigurationError` where it leads out of the repository."""
    return values_path_of(site.chart_root, site.project.chart)


def below_of(site: Site) -> tuple[Path, ...]:
    """The values files that it overrides."""
    return below_paths(site.chart_root, site.project.chart)


def _check_values(path: Path, values: Mapping[str, Any], service: Service) -> None:
    """Refuse a service that has no image, or is switched off."""
    key = image_key(service.values_key)
    image = look_up(values, key)
    if isinstance(image, str):
        raise ConfigurationError(
            f"the image of {service.name} is one text in the values file",
            where=f"{path}: {key}",
            why=f"its tag cannot be set alone in {image}",
            next_step="split it into `image.repository` and `image.tag`, and let the template join them",
        )
    if any(look_up(values, f"{key}.{name}") is None for name in ("repository", "tag")):
        raise ConfigurationError(
            f"{service.name} has no image in the values file",
            where=str(path),
            why=f"there is no {key} with repository and tag, nor in the chart's own values",
            next_step=_near(values, service),
        )
    around = key_of(steps_of(key)[:-1])
    if not _is_on(enabled := look_up({"enabled": "true", **_mapping(values, around)}, "enabled")):
        raise ConfigurationError(
            f"{service.name} is switched off in the values file",
            where=str(path),
            why=f"{around}.enabled is {enabled or 'empty'}".removeprefix("."),
            next_step="switch it on, or take the service out of erp-build.toml",
        )


def _near(values: Mapping[str, Any], service: Service) -> str:
    """What to do about a service that is not there: its key may be misspelled."""
    *above, _ = steps_of(service.values_key)
    around = look_up(values, key_of(tuple(above))) if above else values
    names = [key_of((*above, name)) for name in around] if isinstance(around, Mapping) else []
    known = [] if service.values_key in names else names
    return did_you_mean(service.values_key, known, "add it, or correct `values_key` in erp-build.toml")


def _mapping(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = look_up(values, key) if key else values
    return found if isinstance(found, Mapping) else {}


def _is_on(enabled: object) -> bool:
    return str("" if enabled is None else enabled).lower() not in FALSE_VALUES


def _require_pushed(
    site: Site,
    services: Iterable[Service],
    path: Path,
    values: Mapping[str, Any],
    objects: Sequence[Mapping[str, Any]],
) -> None:
    """Refuse a service whose values name another repository, unless what the chart renders of them is the right one."""
    host = site.clients.registry.host()
    for service in services:
        pushed = f"{host}/{site.repository(service)}"
        key = image_key(service.values_key)
        stated = look_up(values, f"{key}.repository")
        if stated != pushed and not names_image(objects, pushed):
            raise ConfigurationError(
                f"{service.name} would run an image that is not pushed",
                where=f"{path}: {key}.repository",
                why=f"it names {stated}, pushed is {pushed}",
                next_step="correct the values file or the parameter ecr/repository-prefix",
            )
