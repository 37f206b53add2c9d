"""The migrations of a deployment before it begins: by what its chart makes, and by the files that differ."""

from collections.abc import Iterable
from typing import Any

from erp_build.clients.site import Site
from erp_build.deployment.chart_values import below_paths, mask_values, read_values, values_path_of
from erp_build.deployment.checks.kept_chart import chart_to_deploy
from erp_build.deployment.migrations.files import started_migrations
from erp_build.deployment.migrations.objects import OF_INSTALLATION, OF_UPGRADE, hooks_to_run, objects_to_run
from erp_build.deployment.rollout.changed import Manifest
from erp_build.deployment.tags import expected_tags, keys_of
from erp_build.errors import ErpBuildError, told
from erp_build.formats.kubernetes.hooks import is_hook
from erp_build.formats.values.file import set_tags
from erp_build.model.plan import LiveState, Plan
from erp_build.model.releases.preview import Migration


def foreseen(plan: Plan, namespace: str, before: Manifest, after: Manifest) -> tuple[Migration, ...]:
    """The migrations of a plan.

    Args:
        plan: of a release, with the files that differ.
        namespace: of the release.
        before: the objects of the running revision; none before a first installation.
        after: the objects and hooks that its chart makes now.
    """
    former, wanted = tuple(before), tuple(after)
    events = OF_UPGRADE if former else (*OF_INSTALLATION, *OF_UPGRADE)
    objects = (one for one in wanted if not is_hook(one))
    return _each_once(
        (*hooks_to_run(wanted, events), *objects_to_run(former, objects, namespace), *started_migrations(plan))
    )


def warnings_before(site: Site, plan: Plan, live: LiveState, *, checkout: bool) -> tuple[str, ...]:
    """What `plan --live` says of the migrations of a plan.

    Args:
        site: of the release.
        plan: what would be done.
        live: what runs.
        checkout: whether the chart is that of the checkout, and so can be rendered.
    """
    if not (plan.upgrades_release and checkout):
        return tuple(one.warning for one in started_migrations(plan))
    try:
        before = site.clients.helm.manifest(site.release)
        with chart_to_deploy(site, plan, live) as there:
            found = foreseen(plan, site.release.namespace, before, _made(there, plan, is_upgrade=bool(before)))
    except ErpBuildError as error:
        unknown = f"whether the chart runs a migration is not known, as it cannot be rendered: {told(error)}"
        return (*(one.warning for one in started_migrations(plan)), unknown)
    return tuple(one.warning for one in found)


def _made(site: Site, plan: Plan, *, is_upgrade: bool) -> tuple[Any, ...]:
    """What the chart makes with the tags of a plan, hooks included: it may have some for an upgrade alone."""
    root, chart = site.chart_root, site.project.chart
    path = values_path_of(root, chart)
    content = read_values(path)
    mask_values(site.clients.secrets, root, chart, content)
    values = set_tags(content, keys_of(plan, expected_tags(plan, pin=False)), where=str(path), create=True)
    below = below_paths(root, chart)
    return site.clients.helm.render(site.release, root / chart.path, values, below, is_upgrade=is_upgrade)


def _each_once(found: Iterable[Migration]) -> tuple[Migration, ...]:
    return tuple(dict.fromkeys(found))
