"""The rollback that a person asks for: to an earlier deployment, which is checked before anything is touched."""

from dataclasses import dataclass, replace

from erp_build.changes.live_state import commit_of, origin_of
from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.deployment.going_back.images import images_named, tags_at
from erp_build.deployment.going_back.proven import (
    Entries,
    History,
    Proven,
    proven_before,
    proven_of,
    proven_states,
    revision_of,
)
from erp_build.deployment.going_back.take_back import take_back
from erp_build.deployment.going_back.what_runs import what_runs
from erp_build.deployment.latest import point_latest_at
from erp_build.deployment.ledger import LedgerEntry, PreviousState
from erp_build.deployment.lock import Lock
from erp_build.deployment.proof import prove_running
from erp_build.deployment.recording import function_images, recorded
from erp_build.errors import Locked, ReleaseFailed, explain
from erp_build.model.images.image import StoredImage
from erp_build.model.releases.deployment import Proof


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """An earlier deployment, its images in the registry (target -> image), and what of its commit it has not."""

    commit: str
    state: PreviousState
    images: dict[str, StoredImage]
    left_out: str = ""


def find_destination(site: Site, past: Entries, commit: str | None) -> Destination:
    """Find the deployment to go back to, and check that its images are still in the registry. Changes nothing.

    Args:
        site: its targets, and where they run.
        past: the past deployments, oldest first.
        commit: the beginning of a deployed commit; None: go back to what was proven last before what runs now.
    """
    history = site.clients.helm.history(site.release)
    if commit is None:
        found = proven_before(past, history, function_images(site))
    else:
        found = proven_of(commit, past, history) if past else _by_helm(commit, history)
    if found is None:
        raise _no_deployment(site, past, history, commit)
    revision = revision_of(found.state, history)
    if found.state.revision is not None and revision is None:
        raise _not_possible(site, f"revision {found.state.revision} is no longer in Helm's history")
    images = _images(site, found.state)
    stated = commit_of(revision, history) if revision else None
    named = found.commit or stated or commit or ""
    return Destination(commit=named, state=found.state, images=images, left_out=found.left_out)


def roll_back_to(site: Site, destination: Destination, lock: Lock) -> tuple[Proof, ...]:
    """Take functions and release back, and prove that every target runs the image that the registry has for it."""
    try:
        # A rollback that fails has left what somebody wanted to leave: the next failure leads to its destination.
        with recorded(
            site,
            lock,
            LedgerEntry(
                at=lock.time,
                commit=destination.commit,
                build=lock.build,
                before=destination.state,
                left_out=destination.left_out,
                migrations=(),
            ),
            proven=lambda entry: replace(entry, outcome="rolled back"),
            failed=lambda entry, _: replace(entry, outcome="failed"),
        ):
            take_back(site, destination.state, site.say)
            proofs = prove_running(site, {name: one.digest for name, one in destination.images.items()})
        # Only now: that a tag cannot be moved does not make a proven deployment a failed one.
        point_latest_at(site, {name: (one.repository, one.digest) for name, one in destination.images.items()})
    except Locked:
        raise
    except Exception as error:
        explain(error, "what runs now:", *what_runs(site))
        raise
    return proofs


def _by_helm(commit: str, history: History) -> Proven | None:
    """The newest revision of a commit that Helm calls good. Without a ledger there is no better word."""
    found = [one for one in history if (commit_of(one, history) or "").startswith(commit)]
    good = [one for one in found if one.has_ended_well]
    if not good:
        return None
    origin = origin_of(good[-1], history)
    return Proven("", PreviousState(revision=origin.number, updated=origin.updated))


def _no_deployment(site: Site, past: Entries, history: History, commit: str | None) -> ReleaseFailed:
    states = proven_states(past)
    known = (
        [one.commit for one in states if not one.left_out]
        if past
        else [commit_of(one, history) or "" for one in history]
    )
    names = dict.fromkeys(one[:12] for one in known if one)
    of_commit = [one for one in past if commit and one.commit.startswith(commit)]
    in_part = [one.left_out for one in states if commit and one.left_out and one.commit.startswith(commit)]
    if commit is None:
        what = "there is no deployment to go back to"
    elif in_part:
        what = f"{commit} was deployed in part, without {in_part[-1]}"
    else:
        what = f"{commit} was deployed, and not proven" if of_commit else f"{commit} was not deployed"
    return ReleaseFailed(
        what,
        where=str(site.release),
        why=f"proven deployments: {', '.join(names) or 'none'}",
        next_step="erp-build history lists the deployments",
    )


def _images(site: Site, state: PreviousState) -> dict[str, StoredImage]:
    """Every image of the destination; raises `ReleaseFailed` with the images that the registry has lost."""
    tags = tags_at(site, state.revision) if state.revision is not None else {}
    references = images_named(site, state, tags)
    found = ask_at_once(lambda one: site.clients.registry.stored(*one), references.values())
    images = dict(zip(references, found, strict=True))
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
