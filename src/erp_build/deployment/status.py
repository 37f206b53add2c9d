"""Where every target stands: since when, by which tags, and what was changed by hand since the last deployment."""

from collections.abc import Mapping
from typing import Any

from erp_build.changes.drift import deployment_drift
from erp_build.changes.live_state import autoscaler_of, objects_of
from erp_build.clients.site import Site
from erp_build.deployment.ledger import read_entries
from erp_build.deployment.preflight import read_values, values_path
from erp_build.errors import ErpBuildError
from erp_build.formats.values_file import read_value
from erp_build.model.images.image import ImageReference
from erp_build.model.plan import LiveState
from erp_build.model.project import Service
from erp_build.model.releases.ledger_entry import Entry
from erp_build.model.standing import Standing

Objects = Mapping[tuple[str, str], Mapping[str, Any]]
"""Kind and name -> the object."""


def read_standing(site: Site, live: LiveState) -> dict[str, Standing]:
    """Compare Git, the release and what is live: target -> where it stands."""
    git = _git_tags(site)
    keys = {f"{service.values_key}.image.tag": service.name for service in site.project.services}
    tags = site.clients.helm.values_of(site.release, tuple(keys)) if live.revision else {}
    released = {name: tags.get(key, "") for key, name in keys.items()}
    wanted, there = (objects_of(found) for found in _both(site, has_release=live.revision is not None))
    since = live.revision.updated if live.revision else ""
    found = {
        service.name: Standing(
            since=since,
            git_tag=git.get(service.name, ""),
            release_tag=released[service.name],
            drift=_service_drift(site, service, wanted, there),
        )
        for service in site.project.services
    }
    entries = read_entries(record_of(site))
    for function in site.project.functions:
        state = site.clients.functions.state(function.function)
        digest = state.digest if state else ""
        found[function.name] = Standing(
            since=state.modified if state else "", drift=_function_drift(function.name, digest, entries)
        )
    return found


def record_of(site: Site) -> str:
    """What past deployments wrote down beside the lock; empty where there is nothing or it may not be read."""
    try:
        reading = site.clients.leases.read(site.release)
    except ErpBuildError as error:
        site.say(f"past deployments are not known: {error.what}")
        return ""
    return reading.lease.record if reading.lease else ""


def _git_tags(site: Site) -> dict[str, str]:
    """Service -> its tag in the checkout; none where the values file cannot be read."""
    path = values_path(site)
    try:
        content = read_values(path)
        tags = {
            service.name: read_value(content, f"{service.values_key}.image.tag", where=str(path))
            for service in site.project.services
        }
    except ErpBuildError as error:
        site.say(f"tags in git are not known: {error.what}")
        return {}
    return {name: tag for name, tag in tags.items() if tag}


def _both(site: Site, *, has_release: bool) -> tuple[tuple[Mapping[str, Any], ...], ...]:
    if not has_release:
        return (), ()
    return site.clients.helm.objects(site.release), site.clients.cluster.live_objects(site.release)


def _service_drift(site: Site, service: Service, wanted: Objects, there: Objects) -> tuple[str, ...]:
    repository = site.repository(service)
    mine = next((item for (kind, _), item in wanted.items() if kind == "Deployment" and _runs(item, repository)), None)
    if mine is None:
        return ("the release has no Deployment with its image",) if wanted else ()
    name = mine["metadata"]["name"]
    live = there.get(("Deployment", name))
    if live is None:
        return (f"the Deployment {name} is gone",)
    return deployment_drift(mine, live, autoscaler_of(there, name))


def _runs(item: Mapping[str, Any], repository: str) -> bool:
    containers = item["spec"]["template"]["spec"]["containers"]
    return any(ImageReference.parse(str(one.get("image", ""))).repository == repository for one in containers)


def _function_drift(name: str, digest: str, entries: tuple[Entry, ...]) -> tuple[str, ...]:
    last = next((entry.functions[name] for entry in reversed(entries) if name in entry.functions), "")
    left = ImageReference.parse(last).digest
    return (f"image: {digest[:19]} instead of {left[:19]}",) if left and digest != left else ()
