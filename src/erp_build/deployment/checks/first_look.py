"""The first look at what a deployment will change, with the same calls as the watch of its rollout.

What cannot be read, or can never be proven, is found before the first write.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from erp_build.clients.site import Site
from erp_build.deployment.rollout.changed import Changed, Manifest, changed_workloads, workloads_in
from erp_build.deployment.rollout.items import Item, sort_items
from erp_build.errors import ErpBuildError, OutOfReach, ReleaseFailed
from erp_build.formats.kubernetes.pod_template import containers_of
from erp_build.model.plan import Plan
from erp_build.model.releases.kubernetes import ObjectName, Workload
from erp_build.model.releases.preview import Unprobed


def look_first(site: Site, plan: Plan, before: Manifest, after: Manifest) -> tuple[Unprobed, ...]:
    """Look at what will change, and say what is not well already; returns what will be watched without a probe.

    Args:
        site: where it runs.
        plan: what is done with the services.
        before: the objects of the running release.
        after: those that the chart renders now.

    Raises `ReleaseFailed` for what cannot be read, and for a paused Deployment that has to get a new image.
    """
    namespace = site.release.namespace
    changed = changed_workloads(before, after, namespace)
    names = {step.target.name for step in plan.services if step.action != "none"}
    rest = {name: item for name, item in workloads_in(before, namespace).items() if name not in changed}
    found = _read(site, changed, rest)
    of_upgrade = [one for one in found if one.object_name in changed or _is_of_release(one)]
    mine, others = sort_items(site, of_upgrade, names, changed)
    wanted = workloads_in(after, namespace)
    _require_not_paused(site, plan, mine, wanted)
    _say_troubles(site, [*others, *_of_the_rest(site, found, rest, {*mine, *others})])
    return _unprobed(site, names, changed, wanted, found)


def _read(site: Site, changed: Changed, rest: Changed) -> tuple[Workload, ...]:
    """What changes and what the release has besides. Who may not read the rest learns nothing about it."""
    cluster = site.clients.cluster
    try:
        return cluster.workloads(site.release, (*changed, *rest))
    except OutOfReach:
        raise
    except ErpBuildError as error:
        if not rest:
            raise
        found = cluster.workloads(site.release, tuple(changed))
        site.say(f"not everything of the release can be read: {error.why or error.what}")
        return found


def _is_of_release(workload: Workload) -> bool:
    """Whether it is a Deployment of the release's own namespace, which may run a service."""
    return workload.kind == "Deployment" and not workload.namespace


def _require_not_paused(site: Site, plan: Plan, items: Iterable[Item], wanted: Changed) -> None:
    """A paused Deployment keeps the pods that it has: one that must get a new image cannot be proven."""
    must = {step.target.name for step in plan.services if step.action in ("build", "reuse")}
    held: list[str] = []
    paused = [item for item in items if item.workload and _will_be_paused(item.workload, wanted)]
    for item in paused:
        assert item.workload
        if item.service in must:
            held.append(item.workload.name)
        else:
            site.say("warning: it is paused: what changes of it reaches no pod, and it is not waited for", item.name)
    if held:
        place = f"--namespace {site.release.namespace}"
        raise ReleaseFailed(
            f"{len(held)} Deployments are paused and would not get their new image",
            where=str(site.release),
            why="\n".join(held),
            next_step=f"kubectl rollout resume {' '.join(f'deployment/{name}' for name in held)} {place}; where the "
            "chart says paused: true, take it out",
        )


def _will_be_paused(live: Workload, wanted: Changed) -> bool:
    """An upgrade leaves the field as it is unless the chart sets it."""
    spec = (wanted.get(live.object_name) or {}).get("spec") or {}
    return bool(spec["paused"]) if "paused" in spec else live.paused


def _of_the_rest(site: Site, found: Iterable[Workload], rest: Changed, known: Collection[Item]) -> list[Item]:
    """What the release has besides, as far as it was read."""
    seen = {item.workload.object_name for item in known if item.workload}
    mine, _ = sort_items(site, found, (), {name: item for name, item in rest.items() if name not in seen})
    return [item for item in mine if item.workload and item.workload.object_name not in seen]


def _say_troubles(site: Site, items: Iterable[Item]) -> None:
    for item in items:
        if not item.is_complete:
            site.say(f"warning: unhealthy before this deployment, which does not change it: {item.trouble}", item.name)


def _unprobed(
    site: Site, names: Collection[str], changed: Changed, wanted: Changed, found: Collection[Workload]
) -> tuple[Unprobed, ...]:
    """What will be watched for a long time, in the terms of the reader."""
    live = {one.object_name: one for one in found}
    repositories = {site.repository(one): one.name for one in site.project.services}
    places = {repository: place for place, repository in enumerate(repositories)}
    seconds = site.project.chart.stable_without_probe
    result = {}
    for name, item in wanted.items():
        workload = _as_rendered(name, item, live.get(name))
        mains = sorted(workload.repositories & places.keys(), key=places.__getitem__)
        services = [repositories[repository] for repository in mains]
        is_watched = name in changed or any(service in names for service in services)
        if is_watched and workload.desired and not workload.is_probed(mains):
            label = services[0] if services and name.kind == "Deployment" else str(name)
            result[label] = Unprobed(name=label, seconds=seconds)
    return tuple(result.values())


def _as_rendered(name: ObjectName, item: Mapping[str, Any], live: Workload | None) -> Workload:
    """A workload as the chart will have it; an autoscaler may have set how many pods it has."""
    stated = (item.get("spec") or {}).get("replicas")
    desired = stated if isinstance(stated, int) else live.desired if live else 1
    return Workload(
        name=name.name,
        kind=name.kind,
        containers=containers_of(name.kind, item),
        desired=desired,
        generation=0,
        observed_generation=0,
    )
