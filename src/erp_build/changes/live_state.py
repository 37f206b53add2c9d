"""Reads what runs now: the images of the release's Deployments and of the functions, and their commits."""

import re
from collections.abc import Mapping
from typing import Any

from erp_build.changes.drift import deployment_drift
from erp_build.clients.site import Site
from erp_build.errors import FunctionUpdateFailed
from erp_build.model.commit import is_full_commit
from erp_build.model.images.image import ImageReference
from erp_build.model.plan import LiveState, Running
from erp_build.model.project import Function, Service
from erp_build.model.releases.kubernetes import Workload, workload_of
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.release import Revision
from erp_build.model.stage import stage

DESCRIPTION = re.compile(r"erp_build (?P<commit>\S+)(?: chart (?P<key>[0-9a-f]{40}))?")
ROLLBACK = re.compile(r"Rollback to (\d+)")


@stage("reads only: cluster, Lambda, Helm, ECR")
def read_live_state(site: Site) -> LiveState:
    """Read what runs of each target; a cluster or function that cannot be read stops the run."""
    workloads = site.clients.cluster.workloads(site.release)
    history = site.clients.helm.history(site.release)
    edited = _edited(site) if history and workloads else {}
    running = [_running_service(site, service, workloads, edited) for service in site.project.services]
    running += [_running_function(site, function) for function in site.project.functions]
    newest = history[-1] if history else None
    # What a revision that failed left behind is unknown.
    deployed = _described(newest, history) if newest and newest.status == "deployed" else None
    return LiveState(
        running={item.target: item for item in running if item},
        revision=newest,
        chart_commit=deployed["commit"] if deployed else None,
        chart_key=(deployed["key"] or "") if deployed else "",
    )


def _edited(site: Site) -> dict[str, str]:
    """Return Deployment -> edits by hand that the next upgrade repairs.

    Another image is not one of them: it is another baseline. Neither is an added field, which survives an upgrade.
    """
    wanted = objects_of(site.clients.helm.objects(site.release))
    live = objects_of(site.clients.cluster.live_objects(site.release))
    found = {}
    for (kind, name), item in wanted.items():
        if kind == "Deployment" and (kind, name) in live:
            drift = deployment_drift(item, live[kind, name], autoscaler_of(live, name))
            if repairable := [text for text in drift if ".image: " not in text and "added" not in text]:
                found[name] = "edited by hand: " + "; ".join(repairable)
    return found


def objects_of(found: tuple[Mapping[str, Any], ...]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Kind and name -> the object."""
    return {(item["kind"], item["metadata"]["name"]): item for item in found}


def repositories_of(found: tuple[Mapping[str, Any], ...]) -> frozenset[str]:
    """The image repositories, without hosts, of the containers of all Deployments."""
    pods = [item["spec"]["template"]["spec"] for item in found if item["kind"] == "Deployment"]
    images = (str(container.get("image", "")) for pod in pods for container in pod["containers"])
    return frozenset(ImageReference.parse(image).repository for image in images)


def autoscaler_of(live: Mapping[tuple[str, str], Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The autoscaler of a Deployment."""
    autoscalers = (item for (kind, _), item in live.items() if kind == "HorizontalPodAutoscaler")
    return next((item for item in autoscalers if item["spec"].get("scaleTargetRef", {}).get("name") == name), None)


def _running_service(
    site: Site,
    service: Service,
    workloads: tuple[Workload, ...],
    edited: Mapping[str, str],
) -> Running | None:
    repository = site.repository(service)
    workload = workload_of(workloads, repository)
    image = workload.image_of(repository) if workload else None
    if workload is None or image is None:
        return None
    stored = site.clients.registry.stored(repository, image.digest or image.tag)
    return Running(
        target=service.name,
        repository=repository,
        tag=image.tag,
        digest=stored.digest if stored else "",
        commit=site.clients.registry.revision(stored) if stored else None,
        key=(site.clients.registry.key(stored) or "") if stored else "",
        trouble=edited.get(workload.name, "") if workload.rolled_out else workload.failure or workload.progress,
    )


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
    stored = site.clients.registry.stored(repository, digest) if digest else None
    return Running(
        target=function.name,
        repository=repository,
        # A function that was updated by digest has no tag.
        tag=state.image.rpartition(":")[2] if digest == state.digest and "@" not in state.image else "",
        digest=digest,
        commit=site.clients.registry.revision(stored) if stored else None,
        key=(site.clients.registry.key(stored) or "") if stored else "",
        trouble=_trouble_of(function, state, digest),
    )


def _trouble_of(function: Function, state: FunctionState, called: str) -> str:
    """Why a run has to deploy the function, whatever has changed; empty if it is healthy."""
    if state.last_update == "Failed":
        return f"last update {state.last_update}: {state.reason}"
    # A run that was cut off between update and alias leaves the alias behind.
    return "" if called == state.digest else f"alias {function.alias} leads to {called[:19] or 'nothing'}"


def commit_of(revision: Revision, history: tuple[Revision, ...]) -> str | None:
    """Return the commit whose objects a revision has; None if its description names none."""
    found = _described(revision, history)
    return found["commit"] if found else None


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
