"""Take functions and release back to what ran before: after a failed deployment, or for `erp-build rollback`.

What runs is read before that, so that a rollback can come back to it, and after a rollback that failed, for the report.
"""

from collections.abc import Callable, Sequence
from functools import partial

from erp_build.changes.live_state import origin_of
from erp_build.clients.clock import Deadline
from erp_build.clients.site import Site
from erp_build.deployment.going_back.stuck_release import last_good
from erp_build.deployment.lambda_update import update_function, wait_until_settled
from erp_build.deployment.ledger import PreviousState
from erp_build.deployment.lock import Lock
from erp_build.deployment.recording import function_images
from erp_build.deployment.rollout import wait_for_rollout
from erp_build.errors import ErpBuildError, Locked, attempt, combine, explain, told
from erp_build.model.images.image import ImageReference
from erp_build.model.project import Function
from erp_build.model.releases.release import Revision
from erp_build.model.stage import stage

Note = Callable[[str], None]
"""Gets a line for each part that went back, or for what runs."""


def read_previous_state(site: Site) -> PreviousState:
    """Read what runs now, so that a rollback can come back to it."""
    workloads = site.workloads()
    images = {
        one.name: workload.image_of(site.repository(one))
        for one in site.project.services
        if (workload := workloads[one.name])
    }
    good = last_good(site.clients.helm.history(site.release))
    return PreviousState(
        functions=function_images(site),
        tags={name: image.tag for name, image in images.items() if image},
        revision=good.number if good else None,
    )


def what_runs(site: Site) -> tuple[str, ...]:
    """Read what each target runs now, a line per target; a target that cannot be read says so."""
    lines: list[str] = []
    reads = [("services", partial(_note_services, site, lines.append))]
    reads += [(one.name, partial(_note_function, site, one, lines.append)) for one in site.project.functions]
    for name, read in reads:
        if trouble := attempt(read):
            lines.append(f"  {name}: not known, {told(trouble)}")
    return tuple(lines)


def _note_services(site: Site, note: Note) -> None:
    workloads = site.workloads()
    for service in site.project.services:
        workload = workloads[service.name]
        image = workload.image_of(site.repository(service)) if workload else None
        runs = f"{image.tag or image.digest}, {workload.progress}" if workload and image else "no Deployment"
        note(f"  {service.name}: {runs}")


def _note_function(site: Site, function: Function, note: Note) -> None:
    state = site.clients.functions.state(function.function)
    note(f"  {function.name}: {state.digest if state else 'no function'}")


@stage("Lambda, Helm")
def take_back(site: Site, before: PreviousState, lock: Lock, note: Note) -> None:
    """Take everything that has moved back to what ran before; `note` gets a line for each part that went back.

    A part that fails does not stop the others; its error is raised at the end. A lost lock stops at once.
    """
    troubles: list[Exception] = []
    halves = [partial(_take_function_back, site, function, before, lock, note) for function in site.project.functions]
    for half in (*halves, partial(_take_release_back, site, before, lock, note)):
        if trouble := attempt(half):
            troubles.append(trouble)
        if isinstance(trouble, Locked):
            break
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


def _take_function_back(site: Site, function: Function, before: PreviousState, lock: Lock, note: Note) -> None:
    image = before.functions.get(function.name)
    state = wait_until_settled(site, function.function)
    if not image or (state.digest == ImageReference.parse(image).digest and state.last_update != "Failed"):
        return
    lock.require_held()
    update_function(site, function, image)
    note(f"{function.name}: back to {ImageReference.parse(image).digest[:19]}")


def _take_release_back(site: Site, before: PreviousState, lock: Lock, note: Note) -> None:
    history = site.clients.helm.history(site.release)
    newest = history[-1] if history else None
    target = next((one for one in history if one.number == before.revision), None)
    if newest is None or (target and newest.status == "deployed" and _same_objects(newest, target, history)):
        return
    if before.revision is None:
        note("the release was installed for the first time: it has no earlier revision, and stays as it is")
        return
    lock.require_held()
    timeout = site.project.chart.timeout
    site.clients.effects.rollback_release(site.release, before.revision, timeout)
    # A service that is new in this deployment did not run before: the rollback does not wait for it.
    names = before.tags or [service.name for service in site.project.services]
    wait_for_rollout(site, Deadline(site.clients.clock, timeout), names, stable=0.0)
    note(f"release {site.release.name}: back to revision {before.revision}")


def _same_objects(one: Revision, other: Revision, history: tuple[Revision, ...]) -> bool:
    return origin_of(one, history).number == origin_of(other, history).number
