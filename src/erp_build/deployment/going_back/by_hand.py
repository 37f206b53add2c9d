"""The rollback that a person asks for: both halves to an earlier deployment, checked before anything is touched."""

from dataclasses import dataclass

from erp_build.changes.live_state import commit_of, origin_of, release_of, workload_of
from erp_build.clients.protocols import Tools
from erp_build.deployment.going_back.automatic import function_images, remember, take_back, what_runs
from erp_build.deployment.ledger import begun, ended, read_entries
from erp_build.deployment.lock import Lock
from erp_build.deployment.verify import digest_of_pods, without_endpoints
from erp_build.errors import Locked, ReleaseFailed, VerificationFailed, explain
from erp_build.model.environment import Environment
from erp_build.model.images.image import ImageReference, StoredImage
from erp_build.model.plan import LiveState
from erp_build.model.project import Project
from erp_build.model.releases.deployment import Proof
from erp_build.model.releases.ledger_entry import Before, Entry
from erp_build.model.releases.release import Revision


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """An earlier deployment, and its images in the registry: target -> image."""

    commit: str
    state: Before
    images: dict[str, StoredImage]


def find_destination(
    tools: Tools, project: Project, environment: Environment, record: str, commit: str | None
) -> Destination:
    """Find what to go back to, and make sure that every image of it is still there; changes nothing.

    Args:
        tools: what it is looked up with.
        project: its targets.
        environment: where they run.
        record: what past deployments wrote down.
        commit: the beginning of a deployed commit; None: what ran before the last deployment.
    """
    history = tools.helm.history(release_of(project, environment))
    entries = tuple(one for one in read_entries(record) if one.outcome in ("deployed", "rolled back"))
    wanted = _before_the_last(entries, history) if commit is None else _of_commit(commit, entries, history)
    if wanted is None:
        known = dict.fromkeys(one.commit[:12] for one in entries)
        known.update(dict.fromkeys((commit_of(one, history) or "")[:12] for one in history))
        raise ReleaseFailed(
            "there is no deployment to go back to" if commit is None else f"{commit} was not deployed",
            where=f"release {project.chart.release}, namespace {project.chart.namespace}",
            why=f"known deployments: {', '.join(one for one in known if one) or 'none'}",
            next_step="erp-build history shows them",
        )
    state = wanted
    if state.revision is not None and state.revision not in {one.number for one in history}:
        raise _gone(f"revision {state.revision} is not in Helm's history any more", project)
    images = _images(tools, project, environment, state)
    target = next((one for one in history if one.number == state.revision), None)
    found = commit_of(target, history) if target else None
    return Destination(commit=found or commit or "", state=state, images=images)


def go_back(
    tools: Tools, project: Project, environment: Environment, destination: Destination, lock: Lock
) -> tuple[Proof, ...]:
    """Take both halves back and prove it: every image that runs is the one that the registry has for it."""
    before = remember(tools, project, environment)
    try:
        return _go(tools, project, environment, destination, before, lock)
    except Locked:
        raise
    except Exception as error:
        explain(error, "what runs now:", *what_runs(tools, project, environment))
        raise


def _go(
    tools: Tools, project: Project, environment: Environment, destination: Destination, before: Before, lock: Lock
) -> tuple[Proof, ...]:
    entry = Entry(at=lock.time, commit=destination.commit, build=lock.build, before=before)
    lock.write_record(begun(lock.record, entry))
    take_back(tools, project, environment, destination.state, lock, tools.progress.say)
    proofs = prove_running(tools, project, environment, destination.images)
    for image in destination.images.values():
        latest = tools.registry.stored(image.repository, "latest")
        if latest is None or latest.digest != image.digest:
            tools.effects.tag(image, "latest")
    history = tools.helm.history(release_of(project, environment))
    functions = function_images(tools, project.functions)
    lock.write_record(ended(lock.record, "rolled back", history[-1].number if history else None, functions))
    return proofs


def running_images(tools: Tools, live: LiveState) -> dict[str, StoredImage]:
    """Target -> the image that the registry has for what it says that it runs."""
    found = {item.target: tools.registry.stored(item.repository, item.digest or item.tag)
             for item in live.running.values()}  # fmt: skip
    if lost := [name for name, image in found.items() if image is None]:
        raise VerificationFailed(
            f"{len(lost)} targets run images that the registry does not have",
            where="ECR",
            why="\n".join(lost),
            next_step="look at the lifecycle policy; a restarted pod could not pull",
        )
    return {name: image for name, image in found.items() if image}


def prove_again(tools: Tools, project: Project, environment: Environment, live: LiveState) -> tuple[Proof, ...]:
    """Prove what an earlier run deployed, which may have been cut off before its own proof.

    What the registry does not have any more, and what nobody built from a commit, cannot be proven and is left out.
    """
    known = {item.target: tools.registry.stored(item.repository, item.digest)
             for item in live.running.values() if item.digest and item.commit}  # fmt: skip
    return prove_running(tools, project, environment, {name: image for name, image in known.items() if image})


def prove_running(
    tools: Tools, project: Project, environment: Environment, images: dict[str, StoredImage]
) -> tuple[Proof, ...]:
    """Read back that each target runs its image; raises `VerificationFailed` that shows the digests that differ."""
    release = release_of(project, environment)
    workloads = tools.cluster.workloads(release)
    proofs = []
    for service in project.services:
        repository = environment.repository(service.repository)
        if image := images.get(service.name):
            running, units = digest_of_pods(workload_of(workloads, repository), repository)
            proofs.append(
                Proof(target=service.name, built=image.digest, scanned=image.digest, running=running, units=units)
            )
    for function in project.functions:
        state = tools.functions.state(function.function)
        if state and (image := images.get(function.name)):
            proofs.append(
                Proof(target=function.name, built=image.digest, scanned=image.digest, running=state.digest, units=1)
            )
    wrong = [
        f"{one.target}: the registry has {one.built}, runs {one.running or 'nothing'}"
        for one in proofs
        if not one.holds
    ]
    repositories = {service.name: environment.repository(service.repository) for service in project.services}
    wrong += without_endpoints(tools, release, workloads, repositories)
    if wrong:
        raise VerificationFailed(
            f"{len(wrong)} targets do not run what they should",
            where=f"cluster {environment.cluster}, Lambda",
            why="\n".join(wrong),
            next_step="erp-build status shows what was changed by hand; a run deploys again",
        )
    return tuple(proofs)


def _before_the_last(entries: tuple[Entry, ...], history: tuple[Revision, ...]) -> Before | None:
    if entries:
        last = entries[-1]
        moved = last.revision != last.before.revision or last.functions != last.before.functions
        return last.before if moved else None
    good = [one for one in history if one.status in ("deployed", "superseded")]
    return Before(revision=good[-2].number) if len(good) > 1 else None


def _of_commit(commit: str, entries: tuple[Entry, ...], history: tuple[Revision, ...]) -> Before | None:
    if entry := next((one for one in reversed(entries) if one.commit.startswith(commit)), None):
        return Before(functions=entry.functions, revision=entry.revision)
    found = [one for one in history if (commit_of(one, history) or "").startswith(commit)]
    good = [one for one in found if one.status in ("deployed", "superseded")]
    return Before(revision=origin_of(good[-1], history).number) if good else None


def _images(tools: Tools, project: Project, environment: Environment, state: Before) -> dict[str, StoredImage]:
    """Every image of the destination; raises `ReleaseFailed` that names those which the registry has lost."""
    references: dict[str, tuple[str, str]] = {}
    if state.revision is not None:
        keys = {f"{service.values_key}.image.tag": service for service in project.services}
        tags = tools.helm.values_of(release_of(project, environment), tuple(keys), state.revision)
        for key, tag in tags.items():
            pinned = tag.partition("@")[2]
            references[keys[key].name] = (environment.repository(keys[key].repository), pinned or tag)
    for function in project.functions:
        if image := state.functions.get(function.name):
            references[function.name] = (
                environment.repository(function.repository),
                ImageReference.parse(image).digest,
            )
    images = {name: tools.registry.stored(*reference) for name, reference in references.items()}
    if lost := [f"{name}: {':'.join(references[name])}" for name, image in images.items() if image is None]:
        raise _gone("images of that deployment are not in the registry any more\n" + "\n".join(lost), project)
    return {name: image for name, image in images.items() if image}


def _gone(why: str, project: Project) -> ReleaseFailed:
    return ReleaseFailed(
        "the rollback is not possible, and nothing was touched",
        where=f"release {project.chart.release}, namespace {project.chart.namespace}",
        why=why,
        next_step="go back to another commit (erp-build history), or revert the commit and run",
    )
