"""The record of a deployment: written down when it begins, and again with how it ended."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from erp_build.clients.site import Site
from erp_build.deployment.attempt import attempt
from erp_build.deployment.lambda_update import settled
from erp_build.deployment.ledger import begun, ended
from erp_build.deployment.lock import Lock
from erp_build.errors import Locked, told
from erp_build.model.project import Function
from erp_build.model.releases.ledger_entry import DeploymentOutcome, LedgerEntry, PreviousState


@dataclass
class OpenRecord:
    """How a deployment is written down when it fails; None: not at all, its record stays open.

    An open record tells the next run that what was left has never been proven.
    """

    outcome_of_failure: DeploymentOutcome | None = None


@contextmanager
def recorded(
    site: Site, lock: Lock, *, commit: str, before: PreviousState, outcome: DeploymentOutcome
) -> Iterator[OpenRecord]:
    """Write down the deployment that the block makes: that it began, and how it ended.

    A signal, a kill and a lost lock leave the record open.

    Args:
        site: where it is deployed.
        lock: holds the record.
        commit: full commit that is deployed.
        before: what ran before it.
        outcome: what is written when the block succeeds.
    """
    lock.write_record(begun(lock.record, LedgerEntry(at=lock.time, commit=commit, build=lock.build, before=before)))
    recording = OpenRecord()
    try:
        yield recording
    except Locked:
        raise
    except Exception:
        if recording.outcome_of_failure:
            _write_end(site, lock, recording.outcome_of_failure)
        raise
    _write_end(site, lock, outcome)


def function_images(site: Site, functions: Sequence[Function]) -> dict[str, str]:
    """Target -> the image that its function runs, by digest."""
    states = {function.name: settled(site, function.function) for function in functions}
    return {name: state.resolved for name, state in states.items() if state.resolved}


def _write_end(site: Site, lock: Lock, outcome: DeploymentOutcome) -> None:
    """Write down how it ended; where that fails, it is said, and changes nothing of how it ended."""
    if trouble := attempt(partial(_end, site, lock, outcome)):
        site.say(f"the end of this deployment is not written down: {told(trouble)}")


def _end(site: Site, lock: Lock, outcome: DeploymentOutcome) -> None:
    history = site.clients.helm.history(site.release)
    images = function_images(site, site.project.functions)
    lock.write_record(ended(lock.record, outcome, history[-1].number if history else None, images))
