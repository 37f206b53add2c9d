"""The stage that has images made by workers: it turns their builds into reuses of what the registry has afterwards."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple
from uuid import uuid4

from erp_build.build.fleet.crew import Crew
from erp_build.build.fleet.shares import number_of_workers, share_out, shareable
from erp_build.build.image_request import image_request
from erp_build.changes.reuse import LateSearch
from erp_build.clients.effects import WorkerRequest
from erp_build.clients.site import Site
from erp_build.model.build_options import FanOut
from erp_build.model.images.fleet import Worker
from erp_build.model.plan import Plan, Reason, Step
from erp_build.model.stages.stage import stage


class FleetOrder(NamedTuple):
    """What workers are to be.

    Attributes:
        options: `[build.fan_out]`.
        project: of CodeBuild, whose builds they are.
        at_once: workers at most: of the options, and of what the project takes at once.
        seconds: target -> what its image took in a former run, where that is known.
        require_ours: raises where this run may not go on.
        note: takes all workers so far.
    """

    options: FanOut
    project: str
    at_once: int
    seconds: Mapping[str, float] = MappingProxyType({})
    require_ours: Callable[[], object] = lambda: None
    note: Callable[[tuple[Worker, ...]], object] = lambda _: None


@stage("CodeBuild: builds of a project, which push new tags", keeps="plan")
def build_on_workers(site: Site, plan: Plan, order: FleetOrder) -> Plan:
    """Have workers make what they can, and return the plan with what is left to be built here.

    Raises `BuildFailed` with the services of a worker that does not end; the others are finished before.
    """
    steps = {step.target.name: step for step in shareable(order.options, plan)}
    search, found = LateSearch(site, plan), dict[str, Step]()

    def find(names: Sequence[str]) -> Sequence[str]:
        found.update(search.found([steps[name] for name in names]))
        return [name for name in names if name in found]

    crew = Crew(
        site,
        project=order.project,
        fleet=fleet_of(site),
        request=partial(_request, site, plan, steps, order),
        find=find,
        timeout=order.options.timeout,
        require_ours=order.require_ours,
        note=order.note,
    )
    if crew.end_former():
        # They may have made something since the plan was.
        find(list(steps))
    names = [name for name in steps if name not in found]
    workers = number_of_workers(len(names), order.at_once)
    here = crew.work(share_out(names, order.seconds, workers)) if names else {}
    return plan._replace(steps=tuple(_made(step, found, here) for step in plan.steps))


def fleet_of(site: Site) -> str:
    """What names the workers of this release, or function: there is one run at a time that holds its lock."""
    release = site.release
    alone = f"/{release.function}" if release.function else ""
    return f"{release.cluster}/{release.namespace}/{release.name}{alone}"


def _request(
    site: Site, plan: Plan, steps: Mapping[str, Step], order: FleetOrder, names: tuple[str, ...]
) -> WorkerRequest:
    return WorkerRequest(
        project=order.project,
        fleet=fleet_of(site),
        commit=plan.head,
        images=tuple(image_request(site, steps[name], plan) for name in names),
        buildspec=order.options.buildspec,
        timeout=order.options.timeout,
        token=uuid4().hex,
    )


def _made(step: Step, found: Mapping[str, Step], here: Mapping[str, str]) -> Step:
    name = step.target.name
    if name in found:
        return found[name]
    return step._replace(because=(*step.because, Reason(rule=f"built here: {here[name]}"))) if name in here else step
