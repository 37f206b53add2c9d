"""The status of every target: since when it runs, its tags, and what was changed by hand since it was deployed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from erp_build.changes.edited import GONE, ObjectDrift, objects_in, read_drift
from erp_build.clients.site import Site
from erp_build.deployment.chart_values import effective_values, read_values
from erp_build.deployment.going_back.proven import standing_of
from erp_build.deployment.ledger import LedgerEntry, Standing, entries_of
from erp_build.deployment.preflight import values_path
from erp_build.errors import ErpBuildError
from erp_build.formats.values.key import look_up, tag_key
from erp_build.model.images.image import ImageReference
from erp_build.model.plan import LiveState
from erp_build.model.project import Function, Service
from erp_build.model.releases.release import Revision
from erp_build.model.target_status import TargetStatus


def read_status(site: Site, live: LiveState) -> dict[str, TargetStatus]:
    """Compare Git, the release and what is live; returns target name -> its status."""
    git = _git_tags(site)
    keys = {tag_key(service.values_key): service.name for service in site.project.services}
    tags = site.clients.helm.values_of(site.release, tuple(keys)) if live.revision else {}
    released = {name: tags.get(key, "") for key, name in keys.items()}
    wanted = tuple(objects_in(site.clients.helm.objects(site.release))) if live.revision else ()
    drift = read_drift(site) if live.revision else ()
    since = live.revision.updated if live.revision else ""
    found = {
        service.name: TargetStatus(
            since=since,
            git_tag=git.get(service.name, "").partition("@")[0],
            release_tag=released[service.name].partition("@")[0],
            drift=_service_drift(site, service, wanted, drift),
        )
        for service in site.project.services
    }
    entries = past_deployments(site)
    for function in site.project.functions:
        state = site.clients.functions.state(function.function)
        digests = {"image": state.digest if state else ""}
        if state and function.alias:
            digests[f"alias {function.alias}"] = site.called_digest(function, state)
        found[function.name] = TargetStatus(
            since=state.modified if state else "", drift=_function_drift(function.name, digests, entries)
        )
    return found


def past_deployments(site: Site) -> tuple[LedgerEntry, ...]:
    """Read the ledger of past deployments; empty where there is none, or where it may not be read."""
    try:
        reading = site.clients.leases.read(site.release)
    except ErpBuildError as error:
        site.say(f"past deployments are not known: {error.what}")
        return ()
    return entries_of(reading)


def read_standing(site: Site, history: tuple[Revision, ...], entries: tuple[LedgerEntry, ...]) -> Standing:
    """Compare the ledger with what runs; a function that cannot be read is said, and then nothing counts as proven."""
    try:
        called = {one.name: _called(site, one) for one in site.project.functions}
    except ErpBuildError as error:
        site.say(f"whether what runs is proven is not known: {error.what}")
        return replace(standing_of(entries, (), {}), runs=None)
    return standing_of(entries, history, called)


def _called(site: Site, function: Function) -> str:
    """The image that the callers of a function get, by digest; empty where there is none."""
    state = site.clients.functions.state(function.function)
    return f"{state.resolved.partition('@')[0]}@{site.called_digest(function, state)}" if state else ""


def _git_tags(site: Site) -> dict[str, str]:
    """Read each service's tag in the checkout; no tags where the values file cannot be read."""
    if not site.project.services:
        return {}
    path = values_path(site)
    try:
        content = read_values(path)
        values = effective_values(site.clients.repository.root, site.project.chart, content)
        return {
            service.name: str(look_up(values, tag_key(service.values_key)) or "") for service in site.project.services
        }
    except ErpBuildError as error:
        site.say(f"tags in git are not known: {error.what}")
        return {}


def _service_drift(
    site: Site, service: Service, wanted: tuple[Mapping[str, Any], ...], drift: tuple[ObjectDrift, ...]
) -> tuple[str, ...]:
    repository = site.repository(service)
    mine = [item for item in wanted if item["kind"] == "Deployment" and _runs(item, repository)]
    if not mine:
        return ("the release has no Deployment with its image",) if wanted else ()
    found: list[str] = []
    for name in (item["metadata"]["name"] for item in mine):
        texts = next((one.texts for one in drift if one.identity == ("Deployment", name)), ())
        which = f"{name}: " if len(mine) > 1 else ""
        found += [f"the Deployment {name} is gone"] if texts == (GONE,) else [f"{which}{text}" for text in texts]
    return tuple(found)


def _runs(item: Mapping[str, Any], repository: str) -> bool:
    containers = item["spec"]["template"]["spec"]["containers"]
    return any(ImageReference.parse(str(one.get("image", ""))).repository == repository for one in containers)


def _function_drift(name: str, digests: Mapping[str, str], entries: tuple[LedgerEntry, ...]) -> tuple[str, ...]:
    """What of a function, itself and its alias, does not lead to the image of the newest deployment of it."""
    last = next((entry.functions[name] for entry in reversed(entries) if name in entry.functions), "")
    left = ImageReference.parse(last).digest
    return tuple(
        f"{what}: {digest[:19] or 'nothing'} instead of {left[:19]}"
        for what, digest in digests.items()
        if left and digest != left
    )
