"""What is wrong at a look of a bake, and for how long it may be so before the deployment counts as broken."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from erp_build.model.releases.bake import TargetGroup
from erp_build.model.releases.deployment import Alarm
from erp_build.model.releases.kubernetes import ObjectName, Pod, Workload

TROUBLE_TOLERATED_S = 10.0
"""Seconds that a trouble may last which may pass by itself: a probe or a request may fail once."""

AT_ONCE = 0.0


class Trouble(NamedTuple):
    """What is wrong.

    Attributes:
        subject: with what, by the name under which it may have been red before.
        part: of the subject, such as a pod; its time counts by itself.
        why: in a line.
        tolerated: seconds that it may last.
        workload: the object whose pods tell more; None: there is none.
    """

    subject: str
    part: str
    why: str
    tolerated: float
    workload: ObjectName | None = None

    def __str__(self) -> str:
        """For the reader."""
        return f"{self.subject}: {self.why}"


class Pods:
    """The pods of a release since a bake began: a restart is a trouble, and so is a pod that is ready no more.

    A pod that is gone is none: a node may be drained, and an autoscaler may want fewer. What comes in its place has the
    time of a rollout.

    Args:
        rollout: seconds that a rollout may take.
    """

    def __init__(self, rollout: float) -> None:
        self._rollout = rollout
        self._restarts: dict[str, int] | None = None
        self._were_ready: set[str] = set()

    def look(self, workloads: Iterable[Workload]) -> list[Trouble]:
        """Take in what is there; returns what is wrong with it."""
        running = [one for one in workloads if not one.paused and one.desired]
        pods = {_key(one, pod): pod for one in running for pod in one.current_pods}
        if self._restarts is None:
            # Those of the time before the bake are the rollout's.
            self._restarts = {key: pod.restarts for key, pod in pods.items()}
        found = [trouble for one in running for trouble in self._of(one)]
        self._were_ready |= {key for key, pod in pods.items() if pod.is_ready}
        return found

    def _of(self, workload: Workload) -> Iterator[Trouble]:
        subject, name = str(workload.object_name), workload.object_name
        for pod in workload.current_pods:
            key = _key(workload, pod)
            if pod.restarts > (self._restarts or {}).get(key, 0):
                yield Trouble(subject, pod.name, f"pod {pod.name} started again{_ends(pod)}", AT_ONCE, name)
            elif key in self._were_ready and not pod.is_ready:
                why = f"pod {pod.name} is not ready any more{_ends(pod)}"
                yield Trouble(subject, pod.name, why, TROUBLE_TOLERATED_S, name)
        if not workload.rolled_out:
            yield Trouble(subject, "", workload.failure or workload.progress, self._rollout, name)


class Targets:
    """The targets behind a release since a bake began.

    Args:
        rollout: seconds that a rollout may take: so long a target may need to get healthy for the first time.
    """

    def __init__(self, rollout: float) -> None:
        self._rollout = rollout
        self._were_healthy: set[tuple[str, str]] = set()
        self._had_targets: set[str] = set()

    def look(self, groups: Iterable[TargetGroup]) -> list[Trouble]:
        """Take in what is there; returns what is wrong with it. Targets that are on their way out do not count."""
        groups = tuple(groups)
        self._were_healthy = {key for group in groups for key in self._still_healthy(group)} | {
            key for key in self._were_healthy if key[0] not in {one.subject for one in groups}
        }
        found = [
            Trouble(one.subject, target.name, str(target), self._tolerated(one.subject, target.name))
            for one in groups
            for target in (*one.of_state("unhealthy"), *one.of_state("initial"))
        ]
        self._had_targets |= {one.subject for one in groups if one.targets}
        lost = [one for one in groups if one.unregistered and one.subject in self._had_targets]
        return found + [Trouble(one.subject, "", one.summary, self._rollout) for one in lost]

    def _still_healthy(self, group: TargetGroup) -> Iterator[tuple[str, str]]:
        """The targets that were healthy since they were registered: an address may be given to another pod."""
        for target in group.targets:
            key = (group.subject, target.name)
            if target.state == "healthy" or (target.state == "unhealthy" and key in self._were_healthy):
                yield key

    def _tolerated(self, group: str, target: str) -> float:
        return TROUBLE_TOLERATED_S if (group, target) in self._were_healthy else self._rollout


def red_now(workloads: Iterable[Workload], groups: Iterable[TargetGroup]) -> list[Trouble]:
    """What of pods and targets is not well at a moment that nothing is known before."""
    return [
        *Pods(TROUBLE_TOLERATED_S).look(workloads),
        *(Trouble(one.subject, "", one.summary, TROUBLE_TOLERATED_S) for one in groups if one.of_state("unhealthy")),
    ]


def alarms_on(alarms: Iterable[Alarm]) -> list[Trouble]:
    """The alarms that are on; CloudWatch itself has waited for as long as each of them says."""
    return [
        Trouble(f"alarm {one.name}", "", f"it is on{f': {one.reason}' if one.reason else ''}", AT_ONCE)
        for one in alarms
        if one.state == "ALARM"
    ]


def failed_checks(answers: Mapping[str, str]) -> list[Trouble]:
    """The checks of the user that fail: their names -> what is wrong; empty: nothing."""
    return [Trouble(name, "", why, TROUBLE_TOLERATED_S) for name, why in answers.items() if why]


class Tolerance:
    """Since when each trouble lasts. What was red before does not count.

    Args:
        red_before: subjects that were red before the deployment.
    """

    def __init__(self, red_before: Collection[str]) -> None:
        self.red_before = frozenset(red_before)
        self._since: dict[tuple[str, str], float] = {}

    def look(self, troubles: Iterable[Trouble], now: float) -> tuple[list[Trouble], list[Trouble]]:
        """Take in the troubles of a moment; returns those that have lasted too long, and those that may pass."""
        counted = [one for one in troubles if one.subject not in self.red_before]
        keys = {(one.subject, one.part) for one in counted}
        self._since = {key: self._since.get(key, now) for key in keys}
        broken = [one for one in counted if now - self.began(one) >= one.tolerated]
        return broken, [one for one in counted if one not in broken]

    def began(self, trouble: Trouble) -> float:
        """Since when a trouble of the last look lasts."""
        return self._since[trouble.subject, trouble.part]


def _key(workload: Workload, pod: Pod) -> str:
    # A StatefulSet gives the name of a pod that is gone to the one that comes in its place.
    return f"{workload.namespace}/{pod.name} of {pod.created}"


def _ends(pod: Pod) -> str:
    ends = [f"{one.name} ended: {one.ended}" for one in pod.containers if one.ended]
    states = [one.state for one in pod.containers if one.blocks_readiness]
    return "".join(f", {text}" for text in ends or states)
