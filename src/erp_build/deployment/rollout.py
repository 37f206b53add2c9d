"""The rollout: waits until every pod is new and stays ready, and fails early when a pod can never get there."""

from collections.abc import Collection, Mapping

from erp_build.clients.clock import Deadline
from erp_build.clients.site import Site
from erp_build.errors import OutOfReach, ReleaseFailed
from erp_build.model.releases.kubernetes import Container, Workload

ROLLOUT_POLL_S = 1.0
TROUBLE_TOLERATED_S = 30.0
"""Seconds that a trouble may last: a pull may fail once because of a sign-in that is just being renewed."""

MAX_CRASH_RESTARTS = 2
"""Restarts after which CrashLoopBackOff counts as final."""

FATAL_WAITING_REASONS = {"InvalidImageName"}
"""The kubelet's reasons that no waiting can cure."""

TOLERATED_WAITING_REASONS = {
    "ErrImagePull",
    "ImagePullBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
}
NO_DEPLOYMENT = "there is no Deployment with its image"

Services = Mapping[str, Workload | None]
"""Name of a service -> its Deployment, None where there is none."""


def wait_for_rollout(site: Site, deadline: Deadline, changed: Collection[str], *, stable: float | None = None) -> None:
    """Return when every changed service is rolled out and stays so; raises `ReleaseFailed` with what each one lacks.

    Args:
        site: its services, and the cluster where they run.
        deadline: for the whole rollout.
        changed: names of the services to wait for. Other services that are unhealthy only get a warning.
        stable: seconds for which they must stay complete; None: those of the chart.
    """
    watch = _Watch(site, site.project.chart.stable if stable is None else stable)
    while True:
        services = _look(site, deadline)
        if services is not None:
            watch.say_progress(services)
            open_ones = {name: item for name, item in services.items() if name in changed and not _is_complete(item)}
            if watch.is_stable({name: services[name] for name in changed if name in services}, open_ones):
                watch.say_others({name: item for name, item in services.items() if name not in changed})
                return
            # No short circuit: each look also starts or clears the timer of its service.
            if [name for name, item in open_ones.items() if watch.is_hopeless(name, item)]:
                raise _failed("a rollout cannot succeed", open_ones, site)
            if deadline.is_over:
                raise _failed("the rollout is not complete in time", open_ones or services, site)
        elif deadline.is_over:
            raise _failed("the rollout is not complete in time, and the cluster cannot be reached", {}, site)
        # Polled and not watched: a watch hangs for ever when a load balancer drops its idle connection.
        deadline.pause(ROLLOUT_POLL_S)


def _look(site: Site, deadline: Deadline) -> Services | None:
    """Every service with its Deployment; None if the cluster does not answer until the deadline."""
    try:
        with site.clients.patience.until(deadline, ROLLOUT_POLL_S):
            return site.workloads()
    except OutOfReach as error:
        site.say(f"{error.what}: {error.why}")
        return None


class _Watch:
    """What was seen so far: since when each service is in trouble, and since when all of them are complete."""

    def __init__(self, site: Site, stable: float) -> None:
        self._site = site
        self._stable = stable
        self._troubled: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._complete: float | None = None
        self._restarts: dict[str, int] = {}

    def say_progress(self, services: Services) -> None:
        """Report each service whose progress has changed."""
        for name, workload in services.items():
            progress = workload.progress if workload else NO_DEPLOYMENT
            if self._said.get(name) != progress:
                self._site.say(progress, name)
            self._said[name] = progress

    def say_others(self, services: Services) -> None:
        """Warn about unhealthy services that this deployment did not change."""
        for name, workload in services.items():
            if not _is_complete(workload):
                why = (workload.failure or workload.progress) if workload else NO_DEPLOYMENT
                self._site.say(f"warning: unhealthy, and not changed by this deployment: {why}", name)

    def is_stable(self, services: Services, open_ones: Services) -> bool:
        """Whether all services have been complete, without a restart of a container, for long enough."""
        now = self._site.clients.clock.monotonic()
        restarts = {name: sum(one.restarts for one in current_containers(item)) for name, item in services.items()}
        # Without a readiness probe a pod is ready as soon as its process runs: only a restart shows that it crashes.
        if open_ones or self._complete is None or restarts != self._restarts:
            self._complete, self._restarts = (None if open_ones else now), restarts
        return self._complete is not None and now - self._complete >= self._stable

    def is_hopeless(self, name: str, workload: Workload | None) -> bool:
        """Whether a service can never get ready. Starts or clears the timer of its trouble."""
        containers = current_containers(workload)
        if any(
            container.waiting in FATAL_WAITING_REASONS
            or (container.waiting == "CrashLoopBackOff" and container.restarts >= MAX_CRASH_RESTARTS)
            for container in containers
        ):
            return True
        stuck = (
            workload is None or workload.failure or any(one.waiting in TOLERATED_WAITING_REASONS for one in containers)
        )
        if not stuck:
            self._troubled.pop(name, None)
            return False
        now = self._site.clients.clock.monotonic()
        return now - self._troubled.setdefault(name, now) >= TROUBLE_TOLERATED_S


def current_containers(workload: Workload | None) -> list[Container]:
    """The containers of the newest pods, init containers included."""
    # Old pods may crash while they are replaced, which says nothing about the new ones.
    pods = workload.pods if workload else ()
    return [container for pod in pods if pod.current for container in pod.containers]


def _is_complete(workload: Workload | None) -> bool:
    return workload is not None and workload.rolled_out


def _failed(what: str, open_ones: Services, site: Site) -> ReleaseFailed:
    lines = []
    for name, workload in open_ones.items():
        lines.append(f"{name}: {workload.progress if workload else NO_DEPLOYMENT}")
        if workload and workload.failure:
            lines.append(f"  {workload.failure}")
        for pod in (pod for pod in (workload.pods if workload else ()) if pod.current):
            states = [one.state for one in pod.containers if one.blocks_readiness]
            lines += [f"  {pod.name}: {state}" for state in (*states, pod.unschedulable) if state]
    return ReleaseFailed(
        what,
        where=str(site.release),
        why="\n".join(lines),
        next_step="see the evidence in the report; fix the cause and run again",
    )
