"""What a rollout waits for, in the terms of its reader: services by their names, other objects by kind and name."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from erp_build.clients.site import Site
from erp_build.deployment.rollout.changed import Changed, other_images
from erp_build.formats.kubernetes.pod_template import containers_of
from erp_build.model.releases.kubernetes import ObjectName, Workload, deployments_by_repository

NO_DEPLOYMENT = "there is no Deployment with its image"
GONE_BY_ITSELF = "is gone, as a Job with ttlSecondsAfterFinished goes when it has ended; how it ended is not known"


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A workload that is looked at.

    Attributes:
        name: for the reader.
        workload: None: it is not there.
        service: the service that it belongs to; empty: another object of the release.
        probed: whether a readiness probe tells when its pods are ready.
        absence: what it means that it is not there.
    """

    name: str
    workload: Workload | None
    service: str = ""
    probed: bool = True
    absence: str = NO_DEPLOYMENT

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to wait for. Nobody waits for what is paused; a service must run its image."""
        if self.workload is None:
            return self.absence == GONE_BY_ITSELF
        return self.workload.rolled_out or (self.workload.paused and not self.is_held_back)

    @property
    def is_held_back(self) -> bool:
        """Whether it is a service that is paused before its pods have got its image."""
        return bool(self.service) and self.workload is not None and self.workload.is_held_back

    @property
    def needs_watch(self) -> bool:
        """Whether only time can tell that it runs: it has pods, and no readiness probe."""
        return not self.probed and self.workload is not None and self.workload.desired > 0 and not self.workload.paused

    @property
    def progress(self) -> str:
        """How far it is, in a few words."""
        return self.workload.progress if self.workload else self.absence

    @property
    def trouble(self) -> str:
        """What is wrong with it, in a few words, or how far it is."""
        return (self.workload.failure if self.workload else "") or self.progress


def sort_items(
    site: Site, found: Iterable[Workload], changed: Collection[str], also: Changed
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Return what the deployment changed, and the services that it did not change.

    Args:
        site: its services.
        found: the workloads that were read.
        changed: names of the services that were changed.
        also: other objects that were changed. A service's Deployment among them counts for its service.
    """
    found = tuple(found)
    deployments = deployments_by_repository(found)
    mine: list[Item] = []
    others: list[Item] = []
    for service in site.project.services:
        repository = site.repository(service)
        own = deployments[repository]
        is_changed = service.name in changed or any(one.object_name in also for one in own)
        (mine if is_changed else others).extend(_of_service(service.name, repository, own))
    known = {item.workload.object_name for item in (*mine, *others) if item.workload}
    there = {one.object_name: one for one in found}
    mine += [_of_object(name, there.get(name), item) for name, item in also.items() if name not in known]
    return tuple(mine), tuple(others)


def _of_service(service: str, repository: str, own: tuple[Workload, ...]) -> Iterable[Item]:
    if not own:
        return [Item(name=service, workload=None, service=service)]
    return [
        Item(
            name=service if len(own) == 1 else f"{service} ({one.name})",
            workload=one,
            service=service,
            probed=one.is_probed([repository]),
        )
        for one in own
    ]


def _of_object(name: ObjectName, workload: Workload | None, manifest: Mapping[str, Any]) -> Item:
    if workload is None:
        ends = (manifest.get("spec") or {}).get("ttlSecondsAfterFinished") is not None
        return Item(name=str(name), workload=None, absence=GONE_BY_ITSELF if ends else "it is not there")
    if name.kind == "CronJob" and (wrong := [*other_images(containers_of(name.kind, manifest), workload.containers)]):
        # It makes its first pod when its time comes, so its template is all that can be proven.
        workload = replace(workload, desired=1, idle="", failure="; ".join(wrong))
    return Item(name=str(name), workload=workload, probed=workload.is_probed())
