"""What a deployment did to its targets' requests: their traces before and after it, for the same time each."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from erp_build.clients.clock import Deadline
from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError, told
from erp_build.formats.logs.traces import described, figures_of
from erp_build.model.plan import Plan
from erp_build.model.project import Function, Service
from erp_build.model.releases.traces import Trace, TraceComparison, TraceFigures
from erp_build.model.stages.stage import stage

MAX_PAGES = 20
"""Pages of a target and a time that are read; X-Ray has some hundred traces on each."""

Target = Service | Function


@stage("reads only: X-Ray", keeps="traces")
def compare_traces(site: Site, plan: Plan, began: datetime) -> tuple[TraceComparison, ...]:
    """Compare the time of `traces` behind the proof with the same time before the deployment.

    It is waited for only if a target had traces before. What cannot be read is said, and fails nothing; nor does a
    target that has become worse.

    Args:
        site: where they run.
        plan: what was deployed.
        began: when the deployment began.
    """
    clock, seconds = site.clients.clock, site.project.deploy.traces
    proven, span = clock.now(), timedelta(seconds=seconds)
    targets = [step.target for step in plan.steps if step.action != "none" and isinstance(step.target, Target)]
    before = _figures_of_each(site, targets, began - span, began)
    targets = [one for one in targets if one.name in before and before[one.name].traces]
    if not targets:
        site.say("traces are not compared: there are none of the time before the deployment")
        return ()
    site.say(f"traces are compared in {seconds:.0f} s")
    Deadline(clock, seconds).pause(seconds)
    after = _figures_of_each(site, targets, proven, proven + span)
    found = tuple(
        TraceComparison(target=one.name, seconds=seconds, before=before[one.name], after=after[one.name])
        for one in targets
        if one.name in after
    )
    for one in found:
        site.say(described(one), one.target)
    return found


def _figures_of_each(
    site: Site, targets: Sequence[Target], begin: datetime, end: datetime
) -> Mapping[str, TraceFigures]:
    """The figures of each target whose traces can be read; an error is said once for all that have it."""

    def ask(target: Target) -> TraceFigures | ErpBuildError:
        try:
            return _figures(site, target, begin, end)
        except ErpBuildError as error:
            return error

    answers = dict(zip((one.name for one in targets), ask_at_once(ask, targets), strict=True))
    for text in dict.fromkeys(told(one) for one in answers.values() if isinstance(one, ErpBuildError)):
        site.say(f"traces are not read: {text}")
    return {name: one for name, one in answers.items() if isinstance(one, TraceFigures)}


def _figures(site: Site, target: Target, begin: datetime, end: datetime) -> TraceFigures:
    name = target.function if isinstance(target, Function) else target.name
    traces, token = list[Trace](), ""
    for _ in range(MAX_PAGES):
        page = site.clients.traces.page(name, begin, end, token)
        traces += page.traces
        token = page.token
        if not token:
            break
    return figures_of(traces, is_cut=bool(token))
