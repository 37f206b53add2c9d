"""Record a deployment in the ledger: when it begins, and again when it ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from erp_build.clients.clock import Deadline
from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.deployment.lambda_update import wait_until_settled
from erp_build.deployment.ledger import LedgerEntry
from erp_build.deployment.lock import Lock
from erp_build.errors import Locked, attempt, explain, told

RECORD_TIMEOUT_S, RECORD_POLL_S = 60.0, 5.0
"""Seconds for which the end of a deployment is written again if that fails, and between two attempts."""

Proven = Callable[[LedgerEntry], LedgerEntry]
Failed = Callable[[LedgerEntry, Exception], LedgerEntry]
"""What becomes of the entry of a deployment that is proven, and of one that failed."""


@contextmanager
def recorded(site: Site, lock: Lock, entry: LedgerEntry, *, proven: Proven, failed: Failed) -> Iterator[None]:
    """Record the deployment that the block makes: its begin, and its outcome.

    A signal, a kill or a lost lock leaves the record open. A proven deployment whose outcome cannot be written down
    fails: otherwise the next run that fails would go back behind it.

    Args:
        site: where it is deployed.
        lock: holds the record.
        entry: what is deployed, and where its failure leads.
        proven: called with the entry when the block succeeds; returns what is written then.
        failed: called with the entry and the error when the block fails; returns what is written then.
    """
    # Written before anything moves: a run that is killed leaves an entry that says where to go back to.
    lock.write_entries((*lock.entries, entry))
    with failure_recorded(site, lock, failed):
        yield
    _write_end(site, lock, proven(lock.entries[-1]))


@contextmanager
def failure_recorded(site: Site, lock: Lock, failed: Failed) -> Iterator[None]:
    """Write down that the deployment of the last entry failed, if the block fails; arguments as `recorded`."""
    try:
        yield
    except Locked:
        # The record belongs to the new holder of the lock.
        raise
    except Exception as error:
        _require_undisturbed(lock, error)
        _write_failure(site, lock, failed(lock.entries[-1], error), error)
        raise


def is_unproven(entries: tuple[LedgerEntry, ...]) -> bool:
    """Whether the last deployment was cut off or failed, so that what runs may never have been proven."""
    return bool(entries) and not entries[-1].is_settled


def record_proof(site: Site, lock: Lock, commit: str, left_out: str = "", bake: str = "") -> None:
    """Record that what an unproven deployment left behind is proven now, for this commit but for what is left out.

    An empty commit: what runs is of none that anybody knows. `bake` says how its bake ended.
    """
    entries = lock.entries
    if not is_unproven(entries):
        return
    last = entries[-1]
    if (last.outcome, last.commit, last.left_out) != ("begun", commit, left_out):
        # The other deployment did end as it is written; this commit needs nothing of it changed.
        last = LedgerEntry(
            at=lock.time, commit=commit, build=lock.build, before=last.before, left_out=left_out, migrations=()
        )
        lock.write_entries((*entries, last))
    _write_end(site, lock, replace(last, outcome="deployed", bake=bake))


def _require_undisturbed(lock: Lock, error: Exception) -> None:
    """Raise `Locked` if another run may be the cause of the error: then this one takes nothing back."""
    lost = attempt(lock.require_undisturbed)
    if isinstance(lost, Locked):
        explain(lost, "this run saw it as:", told(error))
        raise lost from error


def function_images(site: Site) -> dict[str, str]:
    """Read the image of each function: target name -> image by digest."""
    functions = site.project.functions
    states = ask_at_once(lambda one: wait_until_settled(site, one.function), functions)
    return {one.name: state.resolved for one, state in zip(functions, states, strict=True) if state.resolved}


def _write_failure(site: Site, lock: Lock, entry: LedgerEntry, error: Exception) -> None:
    """Write down that a deployment failed. If that fails too, it is reported, and the run ends with its own error."""
    try:
        _write_end(site, lock, entry)
    except Locked as lost:
        explain(lost, told(error))
        raise lost from error
    except Exception as trouble:  # noqa: BLE001 - the deployment's own error counts for more
        site.say(f"the outcome of this deployment could not be written down: {told(trouble)}")


def _write_end(site: Site, lock: Lock, entry: LedgerEntry) -> None:
    """Replace the last entry by this one, with what runs now; try again for a while. Raises the last error."""
    deadline = Deadline(site.clients.clock, RECORD_TIMEOUT_S)
    while trouble := attempt(partial(_end, site, lock, entry)):
        if isinstance(trouble, Locked) or deadline.is_over:
            raise trouble
        site.say(f"the outcome of this deployment is not written down yet: {told(trouble)}")
        deadline.pause(RECORD_POLL_S)


def _end(site: Site, lock: Lock, entry: LedgerEntry) -> None:
    history = site.clients.helm.history(site.release)
    newest = history[-1] if history else None
    left = replace(
        entry,
        functions=function_images(site),
        revision=newest.number if newest else None,
        updated=newest.updated if newest else "",
    )
    lock.write_entries((*lock.entries[:-1], left))
