"""Reads what runs now: the images of the release's Deployments and of the functions, and their commits."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from erp_build.changes.edited import ObjectDrift, read_drift
from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.errors import FunctionUpdateFailed
from erp_build.model.commit import is_full_commit
from erp_build.model.images.image import LATEST, ImageReference
from erp_build.model.plan import EDITED, LiveState, Plan, Running
from erp_build.model.project import Chart, Function, Service
from erp_build.model.releases.kubernetes import Workload, deployments_by_repository
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.preview import Unprobed
from erp_build.model.releases.release import Revision
from erp_build.model.stages.stage import stage

Deployments = Mapping[str, Sequence[Workload]]
"""Name of a service -> its Deployments."""

DESCRIPTION = re.compile(r"erp_build (?P<commit>\S+)(?: chart (?P<key>[0-9a-f]{40}))?")
ROLLBACK = re.compile(r"Rollback to (\d+)")


class _Known(NamedTuple):
    """What the registry knows of an image, and the digest that `latest` names; empty where there is none."""

    digest: str
    commit: str | None
    key: str
    latest: str


@stage("reads only: cluster, Lambda, Helm, ECR")
def read_live_state(site: Site) -> LiveState:
    """Read what runs of each target; a cluster or function that cannot be read stops the run."""
    workloads = site.clients.cluster.workloads(site.release)
    history = site.clients.helm.history(site.release)
    drift = read_drift(site) if history and workloads else ()
    edited = _edits_of_services(drift)
    deployments = _deployments_of(site, workloads)
    running = ask_at_once(partial(_running, site, deployments, edited), site.project.image_targets)
    of_chart = _of_chart(drift, {one.name for found in deployments.values() for one in found})
    edits = (f"{EDITED}{one.named(one.repaired)}" for one in of_chart if one.repaired)
    newest = history[-1] if history else None
    # What a revision that failed left behind is unknown.
    deployed = _described(newest, history) if newest and newest.status == "deployed" else None
    return LiveState(
        running={item.target: item for item in running if item},
        revision=newest,
        chart_commit=deployed["commit"] if deployed else None,
        chart_key=(deployed["key"] or "") if deployed else "",
        chart_edits=(*edits, *_left_undone(newest, history)),
        chart_drift=tuple(one.named(one.texts) for one in of_chart),
    )


def _deployments_of(site: Site, workloads: tuple[Workload, ...]) -> Deployments:
    """The Deployments that run a service's image."""
    found = deployments_by_repository(workloads)
    return {service.name: found[site.repository(service)] for service in site.project.services}


def _edits_of_services(drift: Iterable[ObjectDrift]) -> dict[str, str]:
    """Deployment -> its edits by hand that the next upgrade repairs."""
    return {
        one.identity[1]: EDITED + "; ".join(one.repaired)
        for one in drift
        if one.repaired and one.identity[0] == "Deployment"
    }


def _of_chart(drift: Iterable[ObjectDrift], services: Collection[str]) -> list[ObjectDrift]:
    """The drift of every object but the Deployments of services."""
    return [one for one in drift if not (one.identity[0] == "Deployment" and one.identity[1] in services)]


def repositories_of(found: tuple[Mapping[str, Any], ...]) -> frozenset[str]:
    """The image repositories, without hosts, of the containers of all Deployments."""
    pods = [item["spec"]["template"]["spec"] for item in found if item["kind"] == "Deployment"]
    images = (str(container.get("image", "")) for pod in pods for container in pod["containers"])
    return frozenset(ImageReference.parse(image).repository for image in images)


def _running(
    site: Site, deployments: Deployments, edited: Mapping[str, str], target: Service | Function
) -> Running | None:
    if isinstance(target, Function):
        return _running_function(site, target)
    return _running_service(site, target, deployments[target.name], edited)


def _running_service(
    site: Site, service: Service, found: Sequence[Workload], edited: Mapping[str, str]
) -> Running | None:
    repository = site.repository(service)
    image = found[0].image_of(repository) if found else None
    if image is None:
        return None
    known = _known(site, repository, image.digest or image.tag)
    troubles = [_trouble_of_deployment(one, edited) for one in found]
    named = {one.name: reference for one in found if (reference := one.image_of(repository))}
    if len(set(named.values())) > 1:
        words = ", ".join(f"{name} {one.tag or one.digest}" for name, one in named.items())
        troubles.append(f"its Deployments name different images: {words}")
    return Running(
        target=service.name,
        repository=repository,
        tag=image.tag,
        digest=known.digest,
        commit=known.commit,
        key=known.key,
        latest=known.latest,
        trouble=next(filter(None, troubles), ""),
        unprobed=any(not one.is_probed([repository]) for one in found),
    )


def _known(site: Site, repository: str, reference: str) -> _Known:
    """What the registry knows of an image; of none (an empty reference) only where `latest` leads to."""
    registry = site.clients.registry
    *images, latest = registry.stored_each(repository, (*filter(None, (reference,)), LATEST))
    image = images[0] if images else None
    return _Known(
        digest=image.digest if image else "",
        commit=registry.revision(image) if image else None,
        key=(registry.key(image) or "") if image else "",
        latest=latest.digest if latest else "",
    )


def _trouble_of_deployment(workload: Workload, edited: Mapping[str, str]) -> str:
    """Why a run has to deploy it again; that somebody has paused it is no reason, as nothing would come of it."""
    if workload.rolled_out or workload.paused:
        return edited.get(workload.name, "")
    return workload.failure or workload.progress


def _running_function(site: Site, function: Function) -> Running | None:
    state = site.clients.functions.state(function.function)
    if state is None or state.package_type != "Image":
        raise FunctionUpdateFailed(
            f"there is no function {function.function}" if state is None else f"{function.function} runs no image",
            where=f"Lambda, {site.environment.region}",
            why="" if state is None else f"its package type is {state.package_type}",
            next_step="create it with an image, or correct `function` in erp-build.toml",
        )
    repository = site.repository(function)
    # Its callers get what its alias leads to, so that is what runs, and what the plan compares with.
    digest = site.called_digest(function, state)
    known = _known(site, repository, digest)
    return Running(
        target=function.name,
        repository=repository,
        # A function that was updated by digest has no tag.
        tag=state.image.rpartition(":")[2] if digest == state.digest and "@" not in state.image else "",
        digest=digest,
        commit=known.commit,
        key=known.key,
        latest=known.latest,
        trouble=_trouble_of(function, state, digest),
    )


def _trouble_of(function: Function, state: FunctionState, called: str) -> str:
    """Why a run has to deploy the function, whatever has changed; empty if it is healthy."""
    if state.last_update == "Failed":
        return f"last update {state.last_update}: {state.reason}"
    # A run that was cut off between update and alias leaves the alias behind.
    return "" if called == state.digest else f"alias {function.alias} leads to {called[:19] or 'nothing'}"


def probe_warnings(chart: Chart, plan: Plan) -> tuple[str, ...]:
    """What a plan can tell of services that it deploys and that have no readiness probe now, a line each."""
    steps = plan.services if plan.upgrades_release else ()
    unprobed = [step.target.name for step in steps if step.action != "none" and step.running and step.running.unprobed]
    return tuple(str(Unprobed(name=name, seconds=chart.stable_without_probe)) for name in unprobed)


def commit_of(revision: Revision, history: tuple[Revision, ...]) -> str | None:
    """Return the commit whose objects a revision has; None if its description names none."""
    found = _described(revision, history)
    return found["commit"] if found else None


def _left_undone(newest: Revision | None, history: tuple[Revision, ...]) -> Iterator[str]:
    """Why the objects of a revision are not all that its upgrade was to do: a rollback runs none of its hooks."""
    if newest and newest.status == "deployed" and not (origin := origin_of(newest, history)).has_ended_well:
        yield f"revision {origin.number} was made once more, but its own upgrade did not end ({origin.status})"


def _described(revision: Revision, history: tuple[Revision, ...]) -> re.Match[str] | None:
    """Match the commit and the chart's key in the description of the revision whose objects it has."""
    found = DESCRIPTION.search(origin_of(revision, history).description)
    return found if found and is_full_commit(found["commit"]) else None


def origin_of(revision: Revision, history: tuple[Revision, ...]) -> Revision:
    """Return the revision that a revision's objects come from: a rollback repeats an older one."""
    numbers = {one.number: one for one in history}
    while (back := ROLLBACK.fullmatch(revision.description)) and int(back[1]) in numbers:
        revision = numbers[int(back[1])]
    return revision
