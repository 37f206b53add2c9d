"""Whether what is complete stays so: for a short while where a readiness probe tells it, otherwise for a long one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from erp_build.deployment.rollout.items import Item
from erp_build.model.releases.kubernetes import Pod, Workload


@dataclass
class _Window:
    """A workload that is watched.

    Attributes:
        since: when that began.
        desired: how many pods it should have.
        pods: its pods -> their restarts.
        spare: how many pods may go by choice, because fewer are wanted than before.
        missing: the pods that were not there at the last look.
    """

    since: float
    desired: int
    pods: dict[str, int]
    spare: int = 0
    missing: set[str] = field(default_factory=set)


class Steadiness:
    """Since when each workload is complete, and what has happened to its pods since.

    With a readiness probe a container that starts again begins the time anew: its pod gets ready when it answers.
    Without one a pod is ready as soon as its process runs, so a process that ends is the failure itself.

    Args:
        probed: seconds for which a workload with a readiness probe must stay complete.
        unprobed: the same without one; its time begins when everything is complete, as it may need the others.
    """

    def __init__(self, probed: float, unprobed: float) -> None:
        self._probed, self._unprobed = probed, unprobed
        self._since: dict[str, float] = {}
        self._restarts: dict[str, int] = {}
        self._windows: dict[str, _Window] = {}

    @property
    def is_watching(self) -> bool:
        """Whether a workload without a readiness probe is being watched."""
        return bool(self._windows)

    def look(self, items: Sequence[Item], now: float) -> dict[str, list[str]]:
        """Take in what is there at a moment; returns name -> what has gone wrong with one that is being watched."""
        is_all_complete = all(item.is_complete for item in items)
        found: dict[str, list[str]] = {}
        for item in items:
            if not item.needs_watch:
                self._time(item, now)
            elif item.workload and item.name in self._windows:
                found[item.name] = [*_losses(self._windows[item.name], item.workload)]
            elif item.workload and is_all_complete:
                self._windows[item.name] = _opened(item.workload, now)
        return {name: lines for name, lines in found.items() if lines}

    def is_reached(self, items: Sequence[Item], now: float) -> bool:
        """Whether each of them is complete, and has been so for long enough."""
        return all(item.is_complete and self.seconds(item, now) >= self._needed(item) for item in items)

    def seconds(self, item: Item, now: float) -> float:
        """For how long it has been complete; below zero: it is not."""
        if item.needs_watch:
            window = self._windows.get(item.name)
            return now - window.since if window else -1.0
        return now - self._since[item.name] if item.name in self._since else -1.0

    def _needed(self, item: Item) -> float:
        return self._unprobed if item.needs_watch else self._probed

    def _time(self, item: Item, now: float) -> None:
        """Begin the time of a workload with a probe, begin it anew after a restart, or end it."""
        restarts = sum(pod.restarts for pod in item.workload.current_pods) if item.workload else 0
        if not item.is_complete:
            self._since.pop(item.name, None)
        elif item.name not in self._since or restarts != self._restarts.get(item.name):
            self._since[item.name] = now
        self._restarts[item.name] = restarts


def _opened(workload: Workload, now: float) -> _Window:
    return _Window(now, workload.desired, {pod.name: pod.restarts for pod in workload.current_pods})


def _losses(window: _Window, workload: Workload) -> list[str]:
    """What has happened to the pods since the last look, a line each; takes in pods that came or went by choice."""
    pods = {pod.name: pod for pod in workload.current_pods}
    # An autoscaler or a person may want fewer.
    window.spare += max(0, window.desired - workload.desired)
    window.desired = workload.desired
    gone = [name for name in window.pods if name not in pods]
    for name in gone[: window.spare]:
        del window.pods[name]
    lost, window.spare = gone[window.spare :], max(0, window.spare - len(gone))
    # Pods are read after the number that is wanted, which may have changed in between: the next look tells.
    lines = [f"pod {name} is gone" for name in lost if name in window.missing]
    window.missing = set(lost)
    for name, restarts in window.pods.items():
        if name in pods and (pods[name].restarts > restarts or not pods[name].is_ready):
            lines.append(_words(pods[name], restarts))
    window.pods |= {pod.name: pod.restarts for pod in pods.values() if pod.name not in window.pods and pod.is_ready}
    return lines


def _words(pod: Pod, restarts: int) -> str:
    what = "started again after it was ready" if pod.restarts > restarts else "is not ready any more"
    ends = [f"{one.name} ended: {one.ended}" for one in pod.containers if one.ended]
    states = [one.state for one in pod.containers if one.blocks_readiness]
    return ", ".join((f"pod {pod.name} {what}", *(ends or states)))
