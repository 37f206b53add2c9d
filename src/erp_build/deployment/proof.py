"""The proof of a deployment: what was built is what was scanned and what runs, and which alarms are on.

What runs is read back from the cluster and from Lambda.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError, VerificationFailed
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import LiveState, Plan
from erp_build.model.project import Function, Service
from erp_build.model.releases.deployment import Alarm, Deployment, Proof
from erp_build.model.releases.kubernetes import Workload
from erp_build.model.stages.stage import stage

Workloads = Mapping[str, Sequence[Workload]]
"""Name of a service -> its Deployments, every one with its image; none where there is none."""


@stage("reads only: cluster, Lambda", keeps="proofs")
def prove(site: Site, plan: Plan, cleared: Sequence[ClearedImage], deployment: Deployment) -> tuple[Proof, ...]:
    """Read back every deployed target; raises `VerificationFailed` with the digests that differ."""
    workloads = site.workloads() if plan.upgrades_release else {}
    expected = [Proof(target=one.image.target, built=one.image.digest, scanned=one.scanned) for one in cleared]
    proofs = _read_back(site, expected, workloads)
    _raise_if_any(
        site,
        [
            *_digest_mismatches(proofs, "{target}: built {built}, scanned {scanned}, runs {running}"),
            *_unplanned_changes(plan, workloads, deployment),
            *_without_endpoints(site, workloads, [proof.target for proof in proofs]),
        ],
        "do not run what was cleared",
        next_step="somebody else deploys at the same time, or a tag was moved: run again",
    )
    for proof in proofs:
        site.say(f"built = scanned = running = {proof.running[:19]} ({proof.replicas})", proof.target)
    return proofs


@stage("reads only: cluster, Lambda, ECR", keeps="proofs")
def prove_again(site: Site, live: LiveState) -> tuple[Proof, ...]:
    """Prove what an earlier run deployed; that run may have been cut off before its own proof.

    Leaves out images that the registry has lost and images that were not built from a commit: neither can be proven.
    """
    known = {item.target: item.digest for item in live.running.values() if item.digest and item.commit}
    return prove_running(site, known)


def prove_running(site: Site, images: Mapping[str, str]) -> tuple[Proof, ...]:
    """Read back that each target runs its image; raises `VerificationFailed` with the digests that differ.

    Args:
        site: where they run.
        images: target -> the digest that it should run, which the registry has.
    """
    workloads = site.workloads()
    names = [one.name for one in site.project.image_targets if one.name in images]
    expected = [Proof(target=name, built=images[name], scanned=images[name]) for name in names]
    proofs = _read_back(site, expected, workloads)
    _raise_if_any(
        site,
        [
            *_digest_mismatches(proofs, "{target}: the registry has {built}, runs {running}"),
            *_without_endpoints(site, workloads, workloads),
        ],
        "do not run what they should",
        next_step="erp-build status shows what was changed by hand; a run deploys again",
    )
    return proofs


def running_images(site: Site, live: LiveState) -> dict[str, str]:
    """The registry's digest of what each target says that it runs; raises `VerificationFailed` for a lost image."""
    asked = tuple(live.running.values())
    stored = ask_at_once(lambda one: site.clients.registry.stored(one.repository, one.digest or one.tag), asked)
    found = {item.target: image for item, image in zip(asked, stored, strict=True)}
    if lost := [name for name, image in found.items() if image is None]:
        raise VerificationFailed(
            f"{len(lost)} targets run images that the registry does not have",
            where="ECR",
            why="\n".join(lost),
            next_step="look at the lifecycle policy; a restarted pod could not pull its image",
        )
    return {name: image.digest for name, image in found.items() if image}


@stage("reads only: CloudWatch", keeps="alarms")
def read_alarms(site: Site) -> tuple[Alarm, ...]:
    """Read the states of the project's alarms. Alarms that cannot be read are reported and fail nothing."""
    prefix = site.alarm_prefix
    try:
        alarms = site.clients.alarms.states(prefix)
    except ErpBuildError as error:
        site.say(f"alarms {prefix}* cannot be read: {error.what} {error.why}")
        return ()
    for alarm in alarms:
        if alarm.state == "ALARM":
            site.say(f"warning: alarm {alarm.name} is on")
    return alarms


def _read_back(site: Site, expected: Sequence[Proof], workloads: Workloads) -> tuple[Proof, ...]:
    """Complete each proof by what its target runs; it holds or not."""
    targets = {one.name: one for one in site.project.image_targets}
    return ask_at_once(lambda proof: _with_running(site, targets[proof.target], proof, workloads), expected)


def _with_running(site: Site, target: Service | Function, proof: Proof, workloads: Workloads) -> Proof:
    if isinstance(target, Function):
        state = site.clients.functions.state(target.function)
        if state is None:
            return proof
        running = " and ".join(sorted({state.digest, site.called_digest(target, state) or "no alias"}))
        return replace(proof, running=running, replicas=1)
    found, repository = workloads.get(target.name, ()), site.repository(target)
    pods = [digests for workload in found for digests in _pod_digests(workload, repository)]
    named: set[str] = set()
    for workload in found:
        if not workload.desired:
            # Scaled to 0 by hand or by an autoscaler: there is no pod to ask, so the Deployment's own image counts.
            image = workload.image_of(repository)
            stored = site.clients.registry.stored(repository, image.digest or image.tag) if image else None
            named.add(stored.digest if stored else "nothing")
    # Several digests are joined, and so equal none. A pod that has not pulled its image yet proves nothing, so it is
    # not counted.
    running = " and ".join(sorted(named.union(*pods)))
    idle = bool(found) and not any(workload.desired for workload in found)
    return replace(proof, running=running, replicas=sum(bool(one) for one in pods), scaled_to_zero=idle)


def _pod_digests(workload: Workload, repository: str) -> list[set[str]]:
    """Of each new pod the digests that the containers of the target run, by their names; empty before the pull.

    The runtime may have pulled the same digest under the name of another repository, so only the digest counts.
    """
    names = {one.name for one in workload.running(repository)}
    return [
        {one.digest for one in pod.containers if one.name in names and not one.is_init and one.digest}
        for pod in (workload.current_pods if workload.desired else ())
    ]


def _digest_mismatches(proofs: Sequence[Proof], words: str) -> list[str]:
    return [
        words.format(target=one.target, built=one.built, scanned=one.scanned, running=one.running or "nothing")
        for one in proofs
        if not one.holds
    ]


def _without_endpoints(site: Site, workloads: Workloads, names: Collection[str]) -> list[str]:
    """Targets whose Kubernetes Services lead to no ready pod; a target that is scaled to 0 needs none."""
    if not workloads:
        return []
    services = [one for one in site.clients.cluster.endpoints(site.release) if not one.ready]
    return [
        f"{name}: the Service {service.name} leads to no ready pod ({service.not_ready} are not ready)"
        for name, found in workloads.items()
        for workload in found
        for service in services
        if name in names and workload.desired and service.leads_to(workload)
    ]


def _unplanned_changes(plan: Plan, workloads: Workloads, deployment: Deployment) -> list[str]:
    """Services that the plan left alone and that no longer run their tag."""
    wrong = []
    for step in plan.services if plan.upgrades_release else ():
        if step.action == "none" and step.running:
            kept = deployment.tags_after[step.target.name]
            found = [one.image_of(step.running.repository) for one in workloads.get(step.target.name, ())]
            tags = {image.tag for image in found if image}
            if tags != {kept}:
                has = " and ".join(sorted(tags)) or "no Deployment"
                wrong.append(f"{step.target.name}: should keep {kept}, has {has}")
    return wrong


def _raise_if_any(site: Site, wrong: Sequence[str], what: str, *, next_step: str) -> None:
    if wrong:
        raise VerificationFailed(
            f"{len(wrong)} targets {what}",
            where=f"cluster {site.environment.cluster}, Lambda",
            why="\n".join(wrong),
            next_step=next_step,
        )
