"""Proof: what was built is what was scanned is what runs, read back from the cluster and from Lambda."""

from collections.abc import Collection, Mapping, Sequence

from erp_build.config.environment import Environment
from erp_build.domain.image import BuiltImage, StoredImage
from erp_build.domain.plan import LiveState, Plan
from erp_build.domain.project import Function, Project
from erp_build.domain.release import Release, Workload
from erp_build.domain.report import Alarm, Deployment, Proof
from erp_build.domain.verdict import ClearedImage
from erp_build.errors import ErpBuildError, TagTaken, VerificationFailed
from erp_build.stages.live import release_of, workload_of
from erp_build.tools.toolbox import Tools


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


def move_latest(tools: Tools, cleared: Sequence[ClearedImage]) -> None:
    """Let `latest` name what was cleared and proven; the manifest is tagged, nothing is pushed again."""
    for one in cleared:
        stored = tools.registry.stored(one.image.repository, one.image.digest)
        if stored is None:
            raise VerificationFailed(
                "an image that was just deployed is gone from the registry",
                where=f"{one.image.repository}@{one.image.digest}",
                next_step="look at the repository's lifecycle policy",
            )
        if _is_behind(tools, stored):
            try:
                tools.effects.tag(stored, "latest")
            except TagTaken as error:
                # Nothing that was deployed reads `latest`: it names by digest or by the commit's tag.
                tools.progress.say(f"`latest` stays where it is: {error.why}; {error.next_step}", one.image.target)


def latest_behind(tools: Tools, live: LiveState, planned: Collection[str] = ()) -> tuple[BuiltImage, ...]:
    """Images that run and that `latest` does not name, of targets that are not planned.

    A run was cut off between its proof and its last tag. They are cleared and proven once more before `latest` moves.
    """
    return tuple(
        BuiltImage(
            target=item.target,
            repository=item.repository,
            tag=item.tag,
            digest=item.digest,
            commit=item.commit,
            origin="running",
        )
        for item in live.running.values()
        if item.target not in planned and item.digest and item.commit
        if (stored := tools.registry.stored(item.repository, item.digest)) and _is_behind(tools, stored)
    )


def _is_behind(tools: Tools, image: StoredImage) -> bool:
    latest = tools.registry.stored(image.repository, "latest")
    return latest is None or latest.digest != image.digest


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


def read_alarms(tools: Tools, project: Project, environment: Environment) -> tuple[Alarm, ...]:
    """The states of the project's alarms; what may not be read is said and fails nothing."""
    prefix = project.deploy.alarms or f"{environment.project_name}-{environment.name}-"
    try:
        alarms = tools.alarms.states(prefix)
    except ErpBuildError as error:
        tools.progress.say(f"alarms {prefix}* are not read: {error.what} {error.why}")
        return ()
    for alarm in alarms:
        if alarm.state == "ALARM":
            tools.progress.say(f"warning: alarm {alarm.name} is on")
    return alarms


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
