"""Take functions and release back to what ran before: after a failed deployment, or for `erp-build rollback`.

What runs is read before that, so that a rollback can come back to it.
"""

from collections.abc import Callable, Sequence
from functools import partial

from erp_build.changes.live_state import repositories_of
from erp_build.clients.clock import Deadline
from erp_build.clients.site import Site
from erp_build.deployment.going_back.proven import previous_state, revision_of, same_objects, since_uninstallation
from erp_build.deployment.lambda_update import alias_is_there, update_function, wait_until_settled
from erp_build.deployment.ledger import LedgerEntry, PreviousState
from erp_build.deployment.recording import function_images
from erp_build.deployment.rollout.changed import changed_workloads
from erp_build.deployment.rollout.wait import wait_for_rollout
from erp_build.errors import ErpBuildError, Locked, ReleaseFailed, attempt, combine, explain, told
from erp_build.model.images.image import ImageReference
from erp_build.model.project import Function
from erp_build.model.stages.stage import stage

NOTHING_BEFORE = "it was installed for the first time, or none of its earlier revisions was proven"

Note = Callable[[str], None]
"""Gets a line for each part that went back."""


def read_previous_state(site: Site, entries: tuple[LedgerEntry, ...]) -> PreviousState:
    """Read what runs now, and return what a failure goes back to: of both halves what the ledger says was proven."""
    return previous_state(entries, site.clients.helm.history(site.release), function_images(site))


@stage("Lambda, Helm")
def take_back(site: Site, before: PreviousState, note: Note, *, with_release: bool = True) -> None:
    """Take everything that has moved back to what ran before; `note` gets a line for each part that went back.

    A part that fails does not stop the others; its error is raised at the end. A lost lock stops at once. Without its
    release only functions go back: the release was left out.
    """
    troubles: list[Exception] = []
    halves = [partial(_take_function_back, site, function, before, note) for function in site.project.functions]
    if with_release:
        halves.append(partial(_take_release_back, site, before, note))
    for half in halves:
        trouble = attempt(half)
        if isinstance(trouble, Locked):
            explain(trouble, *(told(one) for one in troubles))
            raise trouble
        if trouble:
            troubles.append(trouble)
    if troubles:
        raise _combine(troubles)


def _combine(troubles: Sequence[Exception]) -> Exception:
    """Make one error of several. A bug of this program is raised as it is, and names the others in a note."""
    ours = [one for one in troubles if isinstance(one, ErpBuildError)]
    others = [one for one in troubles if not isinstance(one, ErpBuildError)]
    if not others:
        return combine(ours)
    explain(others[0], *(told(one) for one in (*others[1:], *ours)))
    return others[0]


def _take_function_back(site: Site, function: Function, before: PreviousState, note: Note) -> None:
    image = before.functions.get(function.name)
    state = wait_until_settled(site, function.function)
    digest = ImageReference.parse(image).digest if image else ""
    is_there = state.digest == digest and state.last_update != "Failed"
    # The alias is behind or before the function if the deployment failed between the two.
    if not image or (is_there and (not function.publish or alias_is_there(site, function, digest))):
        return
    update_function(site, function, image)
    note(f"{function.name}: back to {ImageReference.parse(image).digest[:19]}")


def _take_release_back(site: Site, before: PreviousState, note: Note) -> None:
    history = site.clients.helm.history(site.release)
    newest = history[-1] if history else None
    target = revision_of(before, history)
    if newest is None or (target and newest.status == "deployed" and same_objects(newest, target, history)):
        return
    if before.revision is None:
        if since_uninstallation(history):
            raise _nothing_before(site)
        return
    timeout = site.project.chart.timeout
    failed = site.clients.helm.manifest(site.release)
    site.clients.effects.rollback_release(site.release, before.revision, timeout)
    also = changed_workloads(failed, site.clients.helm.manifest(site.release), site.release.namespace)
    wait_for_rollout(site, Deadline(site.clients.clock, timeout), services_of_release(site), also, stable=0.0)
    note(f"release {site.release.name}: back to revision {before.revision}")


def services_of_release(site: Site) -> list[str]:
    """The services that the newest revision has. One that is new in a failed deployment is not waited for."""
    repositories = repositories_of(site.clients.helm.objects(site.release))
    return [one.name for one in site.project.services if site.repository(one) in repositories]


def _nothing_before(site: Site) -> ReleaseFailed:
    return ReleaseFailed(
        "the release cannot be taken back, and stays as it is",
        where=str(site.release),
        why=NOTHING_BEFORE,
        next_step="fix the cause and run again",
    )
