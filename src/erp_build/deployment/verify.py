"""Proof: what was built is what was scanned is what runs, read back from the cluster and from Lambda."""

from collections.abc import Mapping, Sequence

from erp_build.changes.live_state import release_of, workload_of
from erp_build.clients.protocols import Tools
from erp_build.errors import VerificationFailed
from erp_build.model.environment import Environment
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.plan import Plan
from erp_build.model.project import Function, Project
from erp_build.model.releases.deployment import Deployment, Proof
from erp_build.model.releases.kubernetes import Workload
from erp_build.model.releases.release import Release


def prove(
    tools: Tools,
    project: Project,
    environment: Environment,
    plan: Plan,
    cleared: Sequence[ClearedImage],
    deployment: Deployment,
) -> tuple[Proof, ...]:
    """Read back every deployed target; raises `VerificationFailed` that shows the digests that differ."""
    workloads = tools.cluster.workloads(release_of(project, environment)) if plan.upgrades_release else ()
    functions = {target.name: target for target in project.functions}
    proofs = tuple(_proof(tools, one, functions.get(one.image.target), workloads) for one in cleared)
    wrong = [
        f"{proof.target}: built {proof.built}, scanned {proof.scanned}, runs {proof.running or 'nothing'}"
        for proof in proofs
        if not proof.holds
    ]
    wrong += _moved_without_order(plan, workloads, deployment)
    if plan.upgrades_release:
        repositories = {one.image.target: one.image.repository for one in cleared}
        wrong += without_endpoints(tools, release_of(project, environment), workloads, repositories)
    if wrong:
        raise VerificationFailed(
            f"{len(wrong)} targets do not run what was cleared",
            where=f"cluster {environment.cluster}, Lambda",
            why="\n".join(wrong),
            next_step="somebody else deploys at the same time, or a tag was moved: run again",
        )
    for proof in proofs:
        tools.progress.say(f"built = scanned = running = {proof.running[:19]} ({proof.units})", proof.target)
    return proofs


def _proof(tools: Tools, one: ClearedImage, function: Function | None, workloads: tuple[Workload, ...]) -> Proof:
    if function:
        state = tools.functions.state(function.function)
        running, units = (state.digest, 1) if state else ("", 0)
    else:
        running, units = digest_of_pods(workload_of(workloads, one.image.repository), one.image.repository)
    return Proof(target=one.image.target, built=one.image.digest, scanned=one.scanned, running=running, units=units)


def digest_of_pods(workload: Workload | None, repository: str) -> tuple[str, int]:
    """The one digest that all pods run, and the number of pods that run one; several digests are joined."""
    pods = [pod for pod in workload.pods if pod.current] if workload else []
    by_pod = [{one.digest for one in pod.containers if f"{repository}@" in one.image_id and one.digest} for pod in pods]
    digests = {digest for found in by_pod for digest in found}
    # Joined ones equal none. A pod that has pulled nothing yet runs nothing, and so counts for nothing.
    return " and ".join(sorted(digests)), sum(bool(found) for found in by_pod)


def without_endpoints(
    tools: Tools, release: Release, workloads: tuple[Workload, ...], repositories: Mapping[str, str]
) -> list[str]:
    """Targets whose Kubernetes Services lead to no ready pod."""
    services = tools.cluster.endpoints(release)
    deployed = {name: workload_of(workloads, repository) for name, repository in repositories.items()}
    return [
        f"{name}: the Service {service.name} leads to no ready pod ({service.not_ready} are not ready)"
        for name, workload in deployed.items()
        for service in services
        if workload and workload.desired and service.leads_to(workload) and not service.ready
    ]


def _moved_without_order(plan: Plan, workloads: tuple[Workload, ...], deployment: Deployment) -> list[str]:
    """Services that the plan left alone and that do not run the tag they ran before."""
    wrong = []
    for step in plan.services if plan.upgrades_release else ():
        if step.action == "none" and step.running:
            workload = workload_of(workloads, step.running.repository)
            image = workload.image_of(step.running.repository) if workload else None
            kept = deployment.tags_after[step.target.name]
            if image is None or image.tag != kept:
                wrong.append(f"{step.target.name}: should keep {kept}, has {image.tag if image else 'no Deployment'}")
    return wrong
