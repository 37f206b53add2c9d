"""A bake: what is looked at behind the proof, what was red before, and what ended it."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetBinding:
    """What registers the pods of a Kubernetes Service with a load balancer: a TargetGroupBinding.

    Attributes:
        name: of the object.
        service: whose pods it registers.
        group: ARN of the target group; empty: only its controller knows it.
    """

    name: str
    service: str
    group: str


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """A target as Elastic Load Balancing sees it.

    Attributes:
        name: address, or instance, and port.
        state: `healthy`, `unhealthy`, `initial`, `draining`, `unhealthy.draining`, `unused` or `unavailable`.
        why: code and words of the load balancer; empty while it is healthy.
    """

    name: str
    state: str
    why: str = ""

    def __str__(self) -> str:
        """For the reader."""
        return f"{self.name} is {self.state}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetGroup:
    """The targets of a binding.

    Attributes:
        unregistered: how many ready pods its Service leads to, where no target of the group is to stay.
    """

    binding: TargetBinding
    targets: tuple[TargetHealth, ...] = ()
    unregistered: int = 0

    @property
    def name(self) -> str:
        """For the reader: the name that the ARN has."""
        parts = self.binding.group.split("/")
        return parts[1] if len(parts) > 1 else self.binding.name

    @property
    def subject(self) -> str:
        """By what a bake knows it."""
        return f"target group {self.name} of the Service {self.binding.service}"

    @property
    def is_left(self) -> bool:
        """Whether no target of it is to stay: it has none, or each is on its way out."""
        return all(one.state.endswith("draining") for one in self.targets)

    def of_state(self, state: str) -> tuple[TargetHealth, ...]:
        """The targets of a state."""
        return tuple(one for one in self.targets if one.state == state)

    @property
    def summary(self) -> str:
        """How many targets it has of each state."""
        counts = Counter(one.state for one in self.targets)
        has = ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "no target"
        return f"{has}, and {self.unregistered} ready pods are not registered" if self.unregistered else has


BakeState = Literal["going on", "well", "broken"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bake:
    """What was seen of a deployment behind its proof.

    Attributes:
        unit: the release, or the function that is deployed by itself.
        wanted: seconds for which it was to be watched.
        seconds: for which it was.
        state: how it ended; going on: something else has ended the run.
        red_before: what was red before the deployment, a line each, and so did not count.
        broken: what ended it, a line each.
        unseen: what could not be looked at, for a time or at all, a line each.
    """

    unit: str
    wanted: float
    seconds: float = 0.0
    state: BakeState = "going on"
    red_before: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """How it ended, in a few words, without what a program of the user has printed; empty: it was cut off."""
        if self.broken:
            return f"bake broken after {self.seconds:.0f} s: {self.broken[0].partition(': ')[0]}"
        return f"baked for {self.seconds:.0f} s" if self.state == "well" else ""
