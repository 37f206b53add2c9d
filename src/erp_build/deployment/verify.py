"""Proof: what was built is what was scanned is what runs, read back from the cluster and from Lambda."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from erp_build.clients.site import Site
from erp_build.errors import VerificationFailed
from erp_build.model.images.image import StoredImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState, Plan
from erp_build.model.project import Function, Service
from erp_build.model.releases.deployment import Deployment, Proof
from erp_build.model.releases.kubernetes import Workload
from erp_build.model.stage import stage

Workloads = Mapping[str, Workload | None]
"""Name of a service -> its Deployment, None where there is none."""


class Expected(NamedTuple):
    """What a target should run: the digest that was built, and the digest that was scanned."""

    built: str
    scanned: str


class Running(NamedTuple):
    """What a target runs: one digest (several are joined and equal none), by how many pods, and whether by none."""

    digest: str
    replicas: int
    scaled_to_zero: bool = False


@stage("reads only: cluster, Lambda", keeps="proofs")
def prove(site: Site, plan: Plan, cleared: Sequence[ClearedImage], deployment: Deployment) -> tuple[Proof, ...]:
    """Read back every deployed target; raises `VerificationFailed` that shows the digests that differ."""
    workloads = site.workloads() if plan.upgrades_release else {}
    expected = {one.image.target: Expected(one.image.digest, one.scanned) for one in cleared}
    proofs = _read_proofs(site, expected, workloads)
    _require(
        site,
        [
            *_unproven(proofs, "{target}: built {built}, scanned {scanned}, runs {running}"),
            *_moved_without_order(plan, workloads, deployment),
            *_without_endpoints(site, workloads, expected),
        ],
        "do not run what was cleared",
        next_step="somebody else deploys at the same time, or a tag was moved: run again",
    )
    for proof in proofs:
        site.say(f"built = scanned = running = {proof.running[:19]} ({proof.replicas})", proof.target)
    return proofs


@stage("reads only: cluster, Lambda, ECR", keeps="proofs")
def prove_again(site: Site, live: LiveState) -> tuple[Proof, ...]:
    """Prove what an earlier run deployed, which may have been cut off before its own proof.

    What the registry does not have any more, and what nobody built from a commit, cannot be proven and is left out.
    """
    known = {
        item.target: site.clients.registry.stored(item.repository, item.digest)
        for item in live.running.values()
        if item.digest and item.commit
    }
    return prove_running(site, {name: image for name, image in known.items() if image})


def prove_running(site: Site, images: Mapping[str, StoredImage]) -> tuple[Proof, ...]:
    """Read back that each target runs its image; raises `VerificationFailed` that shows the digests that differ.

    Args:
        site: where they run.
        images: target -> the image that it should run.
    """
    workloads = site.workloads()
    names = [one.name for one in site.project.image_targets if one.name in images]
    expected = {name: Expected(images[name].digest, images[name].digest) for name in names}
    proofs = _read_proofs(site, expected, workloads)
    _require(
        site,
        [
            *_unproven(proofs, "{target}: the registry has {built}, runs {running}"),
            *_without_endpoints(site, workloads, workloads),
        ],
        "do not run what they should",
        next_step="erp-build status shows what was changed by hand; a run deploys again",
    )
    return proofs


def running_images(site: Site, live: LiveState) -> dict[str, StoredImage]:
    """Target -> the image that the registry has for what it says that it runs."""
    found = {
        item.target: site.clients.registry.stored(item.repository, item.digest or item.tag)
        for item in live.running.values()
    }
    if lost := [name for name, image in found.items() if image is None]:
        raise VerificationFailed(
            f"{len(lost)} targets run images that the registry does not have",
            where="ECR",
            why="\n".join(lost),
            next_step="look at the lifecycle policy; a restarted pod could not pull",
        )
    return {name: image for name, image in found.items() if image}


def _read_proofs(site: Site, expected: Mapping[str, Expected], workloads: Workloads) -> tuple[Proof, ...]:
    targets = {one.name: one for one in site.project.image_targets}
    running = {name: _read_running(site, targets[name], workloads) for name in expected}
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


def _read_running(site: Site, target: Service | Function, workloads: Workloads) -> Running:
    return _of_function(site, target) if isinstance(target, Function) else _of_service(site, target, workloads)


def _of_function(site: Site, function: Function) -> Running:
    state = site.clients.functions.state(function.function)
    return Running(state.digest, 1) if state else Running("", 0)


def _of_service(site: Site, service: Service, workloads: Workloads) -> Running:
    workload, repository = workloads.get(service.name), site.repository(service)
    if workload and not workload.desired:
        # Scaled to 0 by hand or by an autoscaler: no pod can tell, so what the Deployment names must be the image.
        image = workload.image_of(repository)
        stored = site.clients.registry.stored(repository, image.digest or image.tag) if image else None
        return Running(stored.digest if stored else "", 0, scaled_to_zero=True)
    pods = [pod for pod in workload.pods if pod.current] if workload else []
    by_pod = [{one.digest for one in pod.containers if f"{repository}@" in one.image_id and one.digest} for pod in pods]
    digests = {digest for found in by_pod for digest in found}
    # A pod that has pulled nothing yet runs nothing, and so counts for nothing.
    return Running(" and ".join(sorted(digests)), sum(bool(found) for found in by_pod))


def _unproven(proofs: Sequence[Proof], words: str) -> list[str]:
    return [
        words.format(target=one.target, built=one.built, scanned=one.scanned, running=one.running or "nothing")
        for one in proofs
        if not one.holds
    ]


def _without_endpoints(site: Site, workloads: Workloads, names: Collection[str]) -> list[str]:
    """Targets whose Kubernetes Services lead to no ready pod; one that is scaled to 0 needs none."""
    if not workloads:
        return []
    services = site.clients.cluster.endpoints(site.release)
    return [
        f"{name}: the Service {service.name} leads to no ready pod ({service.not_ready} are not ready)"
        for name, workload in workloads.items()
        for service in services
        if name in names and workload and workload.desired and service.leads_to(workload) and not service.ready
    ]


def _moved_without_order(plan: Plan, workloads: Workloads, deployment: Deployment) -> list[str]:
    """Services that the plan left alone and that do not run the tag they ran before."""
    wrong = []
    for step in plan.services if plan.upgrades_release else ():
        if step.action == "none" and step.running:
            workload = workloads.get(step.target.name)
            image = workload.image_of(step.running.repository) if workload else None
            kept = deployment.tags_after[step.target.name]
            if image is None or image.tag != kept:
                wrong.append(f"{step.target.name}: should keep {kept}, has {image.tag if image else 'no Deployment'}")
    return wrong


def _require(site: Site, wrong: Sequence[str], what: str, *, next_step: str) -> None:
    if wrong:
        raise VerificationFailed(
            f"{len(wrong)} targets {what}",
            where=f"cluster {site.environment.cluster}, Lambda",
            why="\n".join(wrong),
            next_step=next_step,
        )
