"""Read back what each target runs, and compare it with what it should run."""

from collections.abc import Mapping
from typing import NamedTuple

from erp_build.clients.site import Site
from erp_build.model.project import Function, Service
from erp_build.model.releases.deployment import Proof
from erp_build.model.releases.kubernetes import Workload

Workloads = Mapping[str, Workload | None]
"""Name of a service -> its Deployment, None where there is none."""


class ExpectedImage(NamedTuple):
    """The image that a target should run: the digest that was built, and the digest that was scanned."""

    built: str
    scanned: str


class ObservedImage(NamedTuple):
    """The image that a target runs: its digest (several are joined, and equal none), and on how many replicas."""

    digest: str
    replicas: int
    scaled_to_zero: bool = False


def read_proofs(site: Site, expected: Mapping[str, ExpectedImage], workloads: Workloads) -> tuple[Proof, ...]:
    """Read what each expected target runs: a proof for each, which holds or not."""
    targets = {one.name: one for one in site.project.image_targets}
    running = {name: _observe(site, targets[name], workloads) for name in expected}
    return tuple(
        Proof(
            target=name,
            built=built,
            scanned=scanned,
            running=running[name].digest,
            replicas=running[name].replicas,
            scaled_to_zero=running[name].scaled_to_zero,
        )
        for name, (built, scanned) in expected.items()
    )


def _observe(site: Site, target: Service | Function, workloads: Workloads) -> ObservedImage:
    return (
        _observe_function(site, target) if isinstance(target, Function) else _observe_service(site, target, workloads)
    )


def _observe_function(site: Site, function: Function) -> ObservedImage:
    state = site.clients.functions.state(function.function)
    return ObservedImage(state.digest, 1) if state else ObservedImage("", 0)


def _observe_service(site: Site, service: Service, workloads: Workloads) -> ObservedImage:
    workload, repository = workloads.get(service.name), site.repository(service)
    if workload and not workload.desired:
        # Scaled to 0 by hand or by an autoscaler: there is no pod to ask, so the Deployment's own image counts.
        image = workload.image_of(repository)
        stored = site.clients.registry.stored(repository, image.digest or image.tag) if image else None
        return ObservedImage(stored.digest if stored else "", 0, scaled_to_zero=True)
    pods = [pod for pod in workload.pods if pod.current] if workload else []
    by_pod = [{one.digest for one in pod.containers if f"{repository}@" in one.image_id and one.digest} for pod in pods]
    digests = {digest for found in by_pod for digest in found}
    # A pod that has not pulled its image yet proves nothing, so it is not counted.
    return ObservedImage(" and ".join(sorted(digests)), sum(bool(found) for found in by_pod))
