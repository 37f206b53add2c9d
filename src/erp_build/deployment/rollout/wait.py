"""The wait: until every pod is new and stays up, or until one of them can never get there."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from erp_build.clients.clock import Deadline
from erp_build.clients.site import Site
from erp_build.deployment.rollout.changed import Changed
from erp_build.deployment.rollout.items import Item, sort_items
from erp_build.deployment.rollout.steady import Steadiness
from erp_build.errors import OutOfReach, ReleaseFailed
from erp_build.model.releases.deployment import Watched
from erp_build.model.releases.kubernetes import Pod, Workload

ROLLOUT_POLL_S = 1.0
MANY_OTHERS = 50
"""Unchanged services from which on the looks but the first and the last are only at what was changed: each of them has
a Deployment, a ReplicaSet for each of its last revisions, and pods."""

TROUBLE_TOLERATED_S = 30.0
"""Seconds that a trouble may last: a pull may fail once because of a sign-in that is just being renewed."""

MAX_CRASH_RESTARTS, MAX_CRASH_RESTARTS_OF_OTHERS = 2, 4
"""Restarts after which CrashLoopBackOff counts as final: of a service, and of other objects, which may wait for each
other when they start."""

WATCH_MARGIN_S = 30.0
"""Seconds beyond the watch in which the last look must succeed."""

FATAL_WAITING_REASONS = {"InvalidImageName"}
"""The kubelet's reasons that no waiting can cure."""

TOLERATED_WAITING_REASONS = {
    "ErrImagePull",
    "ImagePullBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
}

HOLDING_WAITING_REASONS = TOLERATED_WAITING_REASONS | FATAL_WAITING_REASONS | {"CrashLoopBackOff"}
"""The kubelet's reasons of a pod that does not get ready by itself."""


class Seen(NamedTuple):
    """What a look has found: what the deployment changed, and the services that it did not change."""

    changed: tuple[Item, ...]
    others: tuple[Item, ...]


def wait_for_rollout(
    site: Site,
    deadline: Deadline,
    changed: Collection[str],
    also: Changed | None = None,
    *,
    stable: float | None = None,
) -> tuple[Watched, ...]:
    """Return when everything that was changed is rolled out and stays so; raises `ReleaseFailed` with what each lacks.

    Args:
        site: its services, and the cluster where they run.
        deadline: for the rollout; the watch of what has no readiness probe has its own time.
        changed: names of the services to wait for. Other services that are unhealthy only get a warning.
        also: other objects that were changed, with those of the manifest.
        stable: seconds for which all of it must stay complete; None: those of the chart.
    """
    watch = _Watch(site, stable)
    only: tuple[str, ...] | None = None
    while True:
        seen = _look(site, deadline, changed, also or {}, only)
        if seen is not None:
            watch.say_progress((*seen.changed, *seen.others))
            watch.require_no_loss(seen.changed)
            if watch.is_reached(seen.changed) and only is None:
                watch.say_others(seen.others)
                return watch.results(seen.changed)
            if watch.is_reached(seen.changed):
                # The last look is at everything.
                only = None
                continue
            only = _enough(seen, only)
            deadline = watch.limit(deadline)
            open_ones = [item for item in seen.changed if not item.is_complete]
            # No short circuit: each look also starts or clears the timer of its item.
            if [item for item in open_ones if watch.is_hopeless(item)]:
                raise _failed("a rollout cannot succeed", open_ones, site)
            if deadline.is_over:
                raise _failed("the rollout is not complete in time", open_ones or seen.changed, site)
        elif deadline.is_over:
            raise _failed("the rollout is not complete in time, and the cluster cannot be reached", (), site)
        # Polled and not watched: a watch hangs for ever when a load balancer drops its idle connection.
        deadline.pause(ROLLOUT_POLL_S)


def _enough(seen: Seen, only: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The Deployments at which the next look is enough; None: at all of them, where that is not much more."""
    found = [item.workload for item in seen.changed]
    if None in found or (only is None and len(seen.others) < MANY_OTHERS):
        return None
    return tuple(one.name for one in found if one and one.object_name.is_own_deployment)


def _look(
    site: Site, deadline: Deadline, changed: Collection[str], also: Changed, only: tuple[str, ...] | None
) -> Seen | None:
    """What is looked at, without the others where `only` names Deployments.

    None if the cluster does not answer until the deadline.
    """
    try:
        with site.clients.patience.until(deadline, ROLLOUT_POLL_S):
            found = site.clients.cluster.workloads(site.release, tuple(also), only)
    except OutOfReach as error:
        site.say(f"{error.what}: {error.why}")
        return None
    seen = Seen(*sort_items(site, found, changed, also))
    return seen if only is None else seen._replace(others=())


class _Watch:
    """What was seen so far: since when each item is in trouble, and since when it is complete."""

    def __init__(self, site: Site, stable: float | None) -> None:
        self._site = site
        self._clock = site.clients.clock
        chart = site.project.chart
        self._unprobed = chart.stable_without_probe if stable is None else stable
        self._steady = Steadiness(chart.stable if stable is None else stable, self._unprobed)
        self._troubled: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._has_own_time = False

    def say_progress(self, items: Sequence[Item]) -> None:
        """Report each item whose progress has changed."""
        for item in items:
            if self._said.get(item.name) != item.progress:
                self._site.say(item.progress, item.name)
            self._said[item.name] = item.progress

    def say_others(self, items: Sequence[Item]) -> None:
        """Warn about unhealthy services that this deployment did not change."""
        for item in items:
            if not item.is_complete:
                self._site.say(f"warning: unhealthy, and not changed by this deployment: {item.trouble}", item.name)

    def require_no_loss(self, items: Sequence[Item]) -> None:
        """Take in what was found; raise `ReleaseFailed` where a process ended that nothing but time can prove."""
        losses = self._steady.look(items, self._clock.monotonic())
        if not losses:
            return
        lines = [f"{name}: {line}" for name, found in losses.items() for line in found]
        lines.append(f"without a readiness probe nothing may end in the {self._unprobed:g} s after all pods are ready")
        raise _error("a service does not stay up", lines, [item for item in items if item.name in losses], self._site)

    def is_reached(self, items: Sequence[Item]) -> bool:
        """Whether everything has been complete for long enough."""
        return self._steady.is_reached(items, self._clock.monotonic())

    def limit(self, deadline: Deadline) -> Deadline:
        """The deadline; once the watch of what has no probe begins, it has the time that it takes."""
        if self._has_own_time or not self._steady.is_watching:
            return deadline
        self._has_own_time = True
        if self._unprobed:
            self._site.say(f"watched for {self._unprobed:g} s, as not everything has a readiness probe")
        return Deadline(self._clock, max(deadline.left, self._unprobed + WATCH_MARGIN_S))

    def results(self, items: Sequence[Item]) -> tuple[Watched, ...]:
        """What was watched, and for how long."""
        now = self._clock.monotonic()
        return tuple(
            Watched(
                name=item.name,
                service=item.service,
                probed=not item.needs_watch,
                seconds=max(0.0, self._steady.seconds(item, now)),
                state=item.progress,
            )
            for item in items
        )

    def is_hopeless(self, item: Item) -> bool:
        """Whether an item can never get ready. Starts or clears the timer of its trouble."""
        workload = item.workload
        containers = [one for pod in (workload.current_pods if workload else ()) for one in pod.containers]
        if workload and (workload.is_over or item.is_held_back):
            return True
        most = MAX_CRASH_RESTARTS if item.service else MAX_CRASH_RESTARTS_OF_OTHERS
        # A Job says itself when it has been tried often enough.
        may_crash = workload is not None and workload.kind == "Job"
        if any(
            one.waiting in FATAL_WAITING_REASONS
            or (one.waiting == "CrashLoopBackOff" and one.restarts >= most and not may_crash)
            for one in containers
        ):
            return True
        stuck = (
            workload is None
            or workload.failure
            or _held_by(workload)
            or any(one.waiting in TOLERATED_WAITING_REASONS for one in containers)
        )
        if not stuck:
            self._troubled.pop(item.name, None)
            return False
        now = self._clock.monotonic()
        return now - self._troubled.setdefault(item.name, now) >= TROUBLE_TOLERATED_S


def _failed(what: str, open_ones: Sequence[Item], site: Site) -> ReleaseFailed:
    lines = []
    for item in open_ones:
        lines.append(f"{item.name}: {item.progress}")
        if item.workload:
            lines += [f"  {line}" for line in _trouble_lines(item, item.workload, site)]
    return _error(what, lines, open_ones, site)


def _trouble_lines(item: Item, workload: Workload, site: Site) -> list[str]:
    lines = [workload.failure] if workload.failure else []
    place = workload.namespace or site.release.namespace
    if item.is_held_back:
        lines.append(f"kubectl rollout resume deployment/{workload.name} --namespace {place} lets it go on")
    for pod in workload.current_pods:
        states = [one.state for one in pod.containers if one.blocks_readiness]
        lines += [f"{pod.name}: {state}" for state in (*states, pod.unschedulable) if state]
    lines += [
        f"{pod.name}: of an older revision and not ready; Kubernetes replaces it only after "
        f"kubectl delete pod {pod.name} --namespace {place}"
        for pod in _held_by(workload)
    ]
    return lines


def _held_by(workload: Workload) -> list[Pod]:
    """The pods of older revisions that hold a StatefulSet back.

    Kubernetes, "Forced rollback": its controller waits for a pod that was broken before, and never replaces it.
    """
    if workload.kind != "StatefulSet":
        return []
    return [
        pod
        for pod in workload.pods
        if not pod.current and any(one.waiting in HOLDING_WAITING_REASONS for one in pod.containers)
    ]


def _error(what: str, lines: Sequence[str], items: Sequence[Item], site: Site) -> ReleaseFailed:
    error = ReleaseFailed(
        what,
        where=str(site.release),
        why="\n".join(lines),
        next_step="see the evidence in the report; fix the cause and run again",
    )
    error.objects = tuple(item.workload.object_name for item in items if item.workload)
    return error
