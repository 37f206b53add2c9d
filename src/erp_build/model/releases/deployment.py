"""What a run deployed, its proof, and the alarms of the environment."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """A workload that a deployment changed, and that was watched until it ran.

    Attributes:
        name: for the reader: that of the service, or kind and name of another object.
        service: the service that it belongs to; empty: another object of the release.
        probed: whether a readiness probe tells when it is ready; what runs no pods, or ends, needs none.
        seconds: for how long it was watched after it was complete.
        state: how far it was in the end, in a few words.
    """

    name: str
    service: str
    probed: bool
    seconds: float
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """What a run deployed.

    Attributes:
        tags_after: target -> the tag that runs now, for those that were kept as well.
        values_tags: service -> what the values file names, with the digest where the release is pinned.
        watched: what of the release was watched until it ran.
        changed: the names of the release's Deployments that the upgrade changed.
    """

    tags_after: dict[str, str]
    values_tags: dict[str, str]
    watched: tuple[Watched, ...] = ()
    changed: tuple[str, ...] = ()

    def beside(self, other: "Deployment") -> "Deployment":
        """What was deployed of two releases."""
        return Deployment(
            tags_after={**self.tags_after, **other.tags_after},
            values_tags={**self.values_tags, **other.values_tags},
            watched=(*self.watched, *other.watched),
            changed=(*self.changed, *other.changed),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Three digests of a target that must be equal: built, scanned, running.

    Attributes:
        target: its name.
        built, scanned, running: digests; `running` is empty where nothing runs.
        replicas: how many pods or functions run it.
        scaled_to_zero: whether no pod is wanted; `running` is then what the Deployment names.
    """

    target: str
    built: str
    scanned: str
    running: str = ""
    replicas: int = 0
    scaled_to_zero: bool = False

    @property
    def holds(self) -> bool:
        """Whether what runs is what was built and cleared."""
        is_one = bool(self.built) and self.built == self.scanned == self.running
        return is_one and (self.replicas > 0 or self.scaled_to_zero)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of CloudWatch, its state (`OK`, `ALARM` or `INSUFFICIENT_DATA`), and why it has that."""

    name: str
    state: str
    reason: str = ""
