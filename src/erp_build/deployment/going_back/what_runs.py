"""What runs now, in the words of an error: whoever reads how a run ended need not look for what it left behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from erp_build.clients.calls import CallTimedOut, within
from erp_build.clients.site import Site
from erp_build.clients.way_out import WAY_OUT, NothingBegins
from erp_build.errors import Interrupted, Locked, attempt, explain, told
from erp_build.model.project import Function

MAX_LAST_LOOK_S = 3.0
"""Seconds for the look at what runs after a signal, which has to end the run soon."""

SPARED_FOR_THE_LOCK_S = 1.0
"""Seconds of the way out after a signal that are left to the lock, which is freed after the look."""

Note = Callable[[str], None]


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
        repository = site.repository(service)
        runs = [f"{image.tag or image.digest}, {one.progress}" for one in workloads[service.name]
                if (image := one.image_of(repository))]  # fmt: skip
        note(f"  {service.name}: {'; '.join(runs) or 'no Deployment'}")


def _note_function(site: Site, function: Function, note: Note) -> None:
    state = site.clients.functions.state(function.function)
    called = site.called_digest(function, state) if state else ""
    more = f", its update to {state.image} is in progress" if state and state.last_update == "InProgress" else ""
    if state and called != state.digest:
        more = f", but the alias {function.alias} leads to {called or 'nothing'}{more}"
    note(f"  {function.name}: {state.digest if state else 'no function'}{more}")


@contextmanager
def telling_what_runs(site: Site, has_moved: Callable[[], bool]) -> Iterator[None]:
    """Add what runs now to a signal or a lost lock that ends the block, if the run has moved something.

    Neither takes anything back, so what runs may be half old and half new.
    """
    try:
        yield
    except (Interrupted, Locked) as error:
        if has_moved():
            explain(error, "what runs now:", *_last_look(site))
        raise


def _last_look(site: Site) -> tuple[str, ...]:
    """What runs, if that can be read in a few seconds: the look itself may hang in what the run was ended for."""
    try:
        lines = within(WAY_OUT.left(MAX_LAST_LOOK_S, spared=SPARED_FOR_THE_LOCK_S), partial(what_runs, site))
    except (CallTimedOut, NothingBegins):
        lines = ()
    return tuple(lines) or (f"  not known: it could not be read in {MAX_LAST_LOOK_S:.0f} s; erp-build status shows it",)
