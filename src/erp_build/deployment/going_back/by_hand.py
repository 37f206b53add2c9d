"""The rollback that a person asks for: to an earlier deployment, which is checked before anything is touched."""

from dataclasses import dataclass

from erp_build.changes.live_state import commit_of, origin_of
from erp_build.clients.site import Site
from erp_build.deployment.going_back.take_back import read_previous_state, take_back
from erp_build.deployment.going_back.what_runs import what_runs
from erp_build.deployment.latest import point_latest_at
from erp_build.deployment.ledger import LedgerEntry, PreviousState
from erp_build.deployment.lock import Lock
from erp_build.deployment.proof import prove_running
from erp_build.deployment.recording import recorded
from erp_build.errors import Locked, ReleaseFailed, explain
from erp_build.model.images.image import ImageReference, StoredImage
from erp_build.model.releases.deployment import Proof
from erp_build.model.releases.release import Revision


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """An earlier deployment, and its images in the registry: target -> image."""

    commit: str
    state: PreviousState
    images: dict[str, StoredImage]


def find_destination(site: Site, past: tuple[LedgerEntry, ...], commit: str | None) -> Destination:
    """Find the deployment to go back to, and check that its images are still in the registry. Changes nothing.

    Args:
        site: its targets, and where they run.
        past: the past deployments, oldest first.
        commit: the beginning of a deployed commit; None: go back to what ran before the last deployment.
    """
    history = site.clients.helm.history(site.release)
    entries = tuple(one for one in past if one.outcome in ("deployed", "rolled back"))
    state = _before_the_last(entries, history) if commit is None else _of_commit(commit, entries, history)
    if state is None:
        known = dict.fromkeys(one.commit[:12] for one in entries)
        known.update(dict.fromkeys((commit_of(one, history) or "")[:12] for one in history))
        raise ReleaseFailed(
            "there is no deployment to go back to" if commit is None else f"{commit} was not deployed",
            where=str(site.release),
            why=f"known deployments: {', '.join(one for one in known if one) or 'none'}",
            next_step="erp-build history lists the deployments",
        )
    if state.revision is not None and state.revision not in {one.number for one in history}:
        raise _not_possible(site, f"revision {state.revision} is no longer in Helm's history")
    images = _images(site, state)
    target = next((one for one in history if one.number == state.revision), None)
    found = commit_of(target, history) if target else None
    return Destination(commit=found or commit or "", state=state, images=images)


def roll_back_to(site: Site, destination: Destination, lock: Lock) -> tuple[Proof, ...]:
    """Take functions and release back, and prove that every target runs the image that the registry has for it."""
    before = read_previous_state(site)
    try:
        with recorded(site, lock, commit=destination.commit, before=before, outcome="rolled back"):
            take_back(site, destination.state, site.say)
            proofs = prove_running(site, destination.images)
            for target, image in destination.images.items():
                point_latest_at(site, image, target)
            return proofs
    except Locked:
        raise
    except Exception as error:
        explain(error, "what runs now:", *what_runs(site))
        raise


def _before_the_last(entries: tuple[LedgerEntry, ...], history: tuple[Revision, ...]) -> PreviousState | None:
    if entries:
        last = entries[-1]
        moved = last.revision != last.before.revision or last.functions != last.before.functions
        return last.before if moved else None
    good = [one for one in history if one.status in ("deployed", "superseded")]
    return PreviousState(revision=good[-2].number) if len(good) > 1 else None


def _of_commit(commit: str, entries: tuple[LedgerEntry, ...], history: tuple[Revision, ...]) -> PreviousState | None:
    if entry := next((one for one in reversed(entries) if one.commit.startswith(commit)), None):
        return PreviousState(functions=entry.functions, revision=entry.revision)
    found = [one for one in history if (commit_of(one, history) or "").startswith(commit)]
    good = [one for one in found if one.status in ("deployed", "superseded")]
    return PreviousState(revision=origin_of(good[-1], history).number) if good else None


def _images(site: Site, state: PreviousState) -> dict[str, StoredImage]:
    """Every image of the destination; raises `ReleaseFailed` with the images that the registry has lost."""
    references: dict[str, tuple[str, str]] = {}
    if state.revision is not None:
        keys = {f"{service.values_key}.image.tag": service for service in site.project.services}
        tags = site.clients.helm.values_of(site.release, tuple(keys), state.revision)
        for key, tag in tags.items():
            pinned = tag.partition("@")[2]
            references[keys[key].name] = (site.repository(keys[key]), pinned or tag)
    for function in site.project.functions:
        if image := state.functions.get(function.name):
            references[function.name] = (site.repository(function), ImageReference.parse(image).digest)
    images = {name: site.clients.registry.stored(*reference) for name, reference in references.items()}
    if lost := [f"{name}: {':'.join(references[name])}" for name, image in images.items() if image is None]:
        raise _not_possible(site, "images of that deployment are no longer in the registry\n" + "\n".join(lost))
    return {name: image for name, image in images.items() if image}


def _not_possible(site: Site, why: str) -> ReleaseFailed:
    return ReleaseFailed(
        "the rollback is not possible, and nothing was touched",
        where=str(site.release),
        why=why,
        next_step="go back to another commit (erp-build history), or revert the commit and run",
    )
