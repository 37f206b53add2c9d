"""Which images a release needs: those that run, those of the next rollback, and those of deployments before it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.clients.unasked import clients_of
from erp_build.deployment.going_back.images import images_named, tags_at
from erp_build.deployment.going_back.proven import (
    Entries,
    Proven,
    proven_before,
    proven_states,
    revision_of,
    since_uninstallation,
)
from erp_build.deployment.ledger import PreviousState, entries_of
from erp_build.errors import ErpBuildError
from erp_build.formats.lifecycle.losses import Use
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.model.releases.release import Revision
from erp_build.model.releases.units import units_of


class NamedImage(NamedTuple):
    """An image as a release names it: its repository, its tag or digest, what it is for, and that in words."""

    repository: str
    reference: str
    use: Use
    words: str


class NeededImages(NamedTuple):
    """The images that are needed, and why the past deployments are not known of which more may be."""

    images: tuple[NamedImage, ...]
    unread: tuple[ErpBuildError, ...] = ()


def needed_images(site: Site, functions: Mapping[str, FunctionState | None]) -> NeededImages:
    """Read which images are needed by a release and its functions; of what is deployed by itself by its own ledger.

    Args:
        site: its targets, and where they run.
        functions: function of Lambda -> its state; None where there is none.
    """
    found: list[NamedImage] = []
    unread: list[ErpBuildError] = []
    for project in units_of(site.project):
        unit = Site(project, clients_of(project, site.clients), site.environment)
        entries: Entries = ()
        try:
            entries = entries_of(site.clients.leases.read(unit.release))
        except ErpBuildError as error:
            unread.append(error)
        found += _of_unit(unit, functions, entries)
    return NeededImages(tuple(found), tuple(unread))


def _of_unit(site: Site, functions: Mapping[str, FunctionState | None], entries: Entries) -> Iterator[NamedImage]:
    states = {one.name: functions.get(one.function) for one in site.project.functions}
    running = {name: state.resolved for name, state in states.items() if state and state.resolved}
    history = site.clients.helm.history(site.release)
    next_one = proven_before(entries, history, running)
    past = tuple(_reachable(proven_states(entries) if entries else _by_helm(history), history))
    tags = _tags(site, [one.state for one in (*past, *filter(None, (next_one,)))], history)
    yield from _running(site, states)
    if next_one:
        yield from _of_state(site, next_one, tags, "back", "a rollback leads to")
    for one in past:
        yield from _of_state(site, one, tags, "earlier", f"ran at {_named(one)}")


def _running(site: Site, states: Mapping[str, FunctionState | None]) -> Iterator[NamedImage]:
    workloads = site.workloads() if site.project.services else {}
    for service in site.project.services:
        repository = site.repository(service)
        for workload in workloads[service.name]:
            if image := workload.image_of(repository):
                yield NamedImage(repository, image.digest or image.tag, "runs", f"what {service.name} runs")
    for function in site.project.functions:
        if state := states[function.name]:
            for digest in dict.fromkeys(filter(None, (site.called_digest(function, state), state.digest))):
                yield NamedImage(site.repository(function), digest, "runs", f"what {function.name} runs")


def _by_helm(history: Sequence[Revision]) -> tuple[Proven, ...]:
    """Without a ledger Helm's word is all that there is."""
    good = (one for one in history if one.has_ended_well)
    return tuple(Proven("", PreviousState(revision=one.number, updated=one.updated)) for one in good)


def _reachable(states: Sequence[Proven], history: tuple[Revision, ...]) -> Iterator[Proven]:
    """Those whose revision Helm still has; without a release, all that the ledger has of functions."""
    for one in states:
        if revision_of(one.state, history) or (one.state.revision is None and not since_uninstallation(history)):
            yield one


def _tags(
    site: Site, states: Sequence[PreviousState], history: tuple[Revision, ...]
) -> Mapping[int | None, Mapping[str, str]]:
    """Number of a revision -> how it names the images of the services."""
    numbers = list(dict.fromkeys(one.revision for one in states if one.revision and revision_of(one, history)))
    return dict(zip(numbers, ask_at_once(lambda one: tags_at(site, one), numbers), strict=True))


def _of_state(
    site: Site, proven: Proven, tags: Mapping[int | None, Mapping[str, str]], use: Use, words: str
) -> Iterator[NamedImage]:
    named = images_named(site, proven.state, tags.get(proven.state.revision, {}))
    for name, (repository, reference) in named.items():
        yield NamedImage(
            repository, reference, use, f"what {name} {words}" if use == "earlier" else f"what {words} for {name}"
        )


def _named(proven: Proven) -> str:
    return proven.commit[:7] or (f"revision {proven.state.revision}" if proven.state.revision else "the beginning")
