"""Record a deployment in the ledger: when it begins, and again when it ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from erp_build.clients.site import Site
from erp_build.deployment.lambda_update import wait_until_settled
from erp_build.deployment.ledger import DeploymentOutcome, LedgerEntry, PreviousState
from erp_build.deployment.lock import Lock
from erp_build.errors import Locked, attempt, explain, told


@contextmanager
def recorded(
    site: Site,
    lock: Lock,
    *,
    commit: str,
    before: PreviousState,
    outcome: DeploymentOutcome,
    after_failure: Callable[[Exception], DeploymentOutcome] | None = None,
) -> Iterator[None]:
    """Record the deployment that the block makes: its begin, and its outcome.

    A signal, a kill or a lost lock leaves the record open.

    Args:
        site: where it is deployed.
        lock: holds the record.
        commit: full commit that is deployed.
        before: what ran before it.
        outcome: what is written when the block succeeds.
        after_failure: called with the error when the block fails; returns what is written then. None: nothing is, and
            the open record tells the next run that what now runs was never proven.
    """
    # Written before anything moves: a run that is killed leaves an entry that says where to go back to.
    entry = LedgerEntry(at=lock.time, commit=commit, build=lock.build, before=before)
    lock.write_entries((*lock.entries, entry))
    try:
        yield
    except Locked:
        # The record belongs to the new holder of the lock.
        raise
    except Exception as error:
        _require_undisturbed(lock, error)
        if after_failure:
            _write_end(site, lock, after_failure(error))
        raise
    _write_end(site, lock, outcome)


def _require_undisturbed(lock: Lock, error: Exception) -> None:
    """Raise `Locked` if another run may be the cause of the error: then this one takes nothing back."""
    lost = attempt(lock.require_undisturbed)
    if isinstance(lost, Locked):
        explain(lost, "this run saw it as:", told(error))
        raise lost from error


def function_images(site: Site) -> dict[str, str]:
    """Read the image of each function: target name -> image by digest."""
    states = {function.name: wait_until_settled(site, function.function) for function in site.project.functions}
    return {name: state.resolved for name, state in states.items() if state.resolved}


def _write_end(site: Site, lock: Lock, outcome: DeploymentOutcome) -> None:
    """Write the outcome down. If that fails, it is reported, and the deployment ends as it would have."""
    if trouble := attempt(partial(_end, site, lock, outcome)):
        site.say(f"the outcome of this deployment could not be written down: {told(trouble)}")


def _end(site: Site, lock: Lock, outcome: DeploymentOutcome) -> None:
    history = site.clients.helm.history(site.release)
    images = function_images(site)
    revision = history[-1].number if history else None
    if entries := lock.entries:
        last = replace(entries[-1], outcome=outcome, revision=revision, functions=images)
        lock.write_entries((*entries[:-1], last))
