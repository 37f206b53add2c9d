"""The targets of load balancers behind a release: which they are, how they are, and the stage that reads them once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from erp_build.clients.clock import Deadline
from erp_build.clients.machine.parallel import ask_at_once
from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError, told
from erp_build.formats.kubernetes.target_bindings import bindings_of, may_have_bindings
from erp_build.model.plan import Plan
from erp_build.model.releases.bake import TargetBinding, TargetGroup
from erp_build.model.stages.stage import stage

T = TypeVar("T")
Unseen = Callable[[str], object]
"""Gets a line for each thing that cannot be looked at."""

TARGETS_POLL_S = 5.0
"""Seconds between two readings: a load balancer itself looks every five seconds at most."""

UNHEALTHY_WAIT_S = 60.0
"""Seconds for which unhealthy targets are waited for once none is new any more: two of the usual health checks."""


@stage("reads only: cluster, load balancers", keeps="target_groups")
def read_targets(site: Site, plan: Plan, began: datetime) -> tuple[TargetGroup, ...]:
    """Read the health of the targets behind the release; new and unhealthy ones are waited for.

    That lasts no longer than the rollout may. What is not healthy then is said, and what cannot be read; both fail
    nothing.

    Args:
        site: its release, and the clients.
        plan: what was deployed.
        began: when the deployment began.
    """
    clock = site.clients.clock
    if not plan.upgrades_release or not site.clients.health.watched(1.0):
        return ()
    unseen: dict[str, None] = {}
    bindings = find_bindings(site, site.clients.helm.manifest(site.release), unseen.setdefault)
    left = site.project.chart.timeout - (clock.now() - began).total_seconds()
    rollout, patience = Deadline(clock, max(0.0, left)), Deadline(clock, UNHEALTHY_WAIT_S)
    while True:
        groups = read_groups(site, bindings, unseen.setdefault)
        if any(one.of_state("initial") for one in groups):
            patience = Deadline(clock, UNHEALTHY_WAIT_S)
        open_ones = [one for one in groups if _lacks(one)]
        if not open_ones or rollout.is_over or patience.is_over:
            break
        rollout.pause(TARGETS_POLL_S)
    for line in unseen:
        site.say(f"target health is not read: {line}")
    for group in groups:
        site.say(f"{'warning: ' * bool(lacks := _lacks(group))}{group.subject}: {'; '.join(lacks) or group.summary}")
    return groups


def _lacks(group: TargetGroup) -> list[str]:
    """What is not healthy of a group, or not registered, a text each."""
    bad = [str(one) for one in (*group.of_state("unhealthy"), *group.of_state("initial"))]
    # A group that has no target at all had none before: a Service may be bound to one that nobody uses.
    return bad or [group.summary] * bool(group.unregistered and group.targets)


def find_bindings(site: Site, manifest: tuple[Any, ...], unseen: Unseen) -> tuple[TargetBinding, ...]:
    """Find what registers pods of the release: in its manifest, and what names one of its Services in its namespace."""
    listed = asked(site, partial(site.clients.cluster.target_bindings, site.release))
    if isinstance(listed, ErpBuildError) and may_have_bindings(manifest):
        unseen(f"bindings beside those of the chart: {told(listed)}")
    found = bindings_of(manifest, () if isinstance(listed, ErpBuildError) else listed, site.release.namespace)
    for one in found:
        if not one.group:
            unseen(f"TargetGroupBinding {one.name}: no ARN of its target group is known")
    return tuple(one for one in found if one.group)


def read_groups(
    site: Site, bindings: tuple[TargetBinding, ...], unseen: Unseen, *, patiently: bool = True
) -> tuple[TargetGroup, ...]:
    """Read the targets of each binding; one that cannot be read is left out, and told.

    A group none of whose targets is to stay is compared with its Service: pods behind it should be registered.
    """
    answers = ask_at_once(lambda one: asked(site, partial(site.clients.health.targets, one.group), patiently), bindings)
    for answer in answers:
        if isinstance(answer, ErpBuildError):
            unseen(told(answer))
    groups = tuple(
        TargetGroup(binding=binding, targets=answer)
        for binding, answer in zip(bindings, answers, strict=True)
        if not isinstance(answer, ErpBuildError)
    )
    if not any(one.is_left for one in groups):
        return groups
    ready = asked(site, partial(site.clients.cluster.endpoints, site.release), patiently)
    if isinstance(ready, ErpBuildError):
        unseen(f"whether a group without a target should have one: {told(ready)}")
        return groups
    pods = {one.name: one.ready for one in ready}
    return tuple(replace(one, unregistered=pods.get(one.binding.service, 0) * one.is_left) for one in groups)


def asked(site: Site, read: Callable[[], T], patiently: bool = True) -> T | ErpBuildError:  # noqa: FBT001, FBT002
    """What is read, or the error in its place; `patiently`: asked again while the answer passes."""
    try:
        return read() if patiently else site.clients.patience.ask_once(read)
    except ErpBuildError as error:
        return error
