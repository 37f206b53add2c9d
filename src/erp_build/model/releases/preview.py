"""What a deployment would change: lines of the values file, fields of objects in the cluster, and images."""

from dataclasses import dataclass, field
from typing import Literal

BY_TAG = "the release names its images by tag, which a push can change"
"""The warning of a release that does not name its images by digest; the reason follows it."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of an object that changes.

    Attributes:
        path: where it stands in the object.
        before, after: its value as text; None: it is not there.
    """

    path: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """For the reader."""
        before, after = ("nothing" if value is None else value for value in (self.before, self.after))
        return f"{self.path}: {before} -> {after}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectChange:
    """An object of the release that would be added, removed or changed.

    Attributes:
        kind: in Kubernetes.
        name: of the object.
        change: what becomes of it.
        fields: those that change.
    """

    kind: str
    name: str
    change: Literal["added", "removed", "changed"]
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageWanted:
    """An image that the deployment needs.

    Attributes:
        target: that runs it.
        how: built anew, reused by its content, or kept as it runs.
        name: `repository:tag`.
    """

    target: str
    how: Literal["build", "reuse", "keep"]
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unprobed:
    """A workload without a readiness probe.

    Attributes:
        name: of the service, or kind and name of another object.
        seconds: for which it is watched.
    """

    name: str
    seconds: float

    def __str__(self) -> str:
        """For the reader, before it is deployed."""
        return f"{self.name} has no readiness probe: once all is ready it is watched for {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Migration:
    """Code that runs once with a deployment and may change data, such as tables: a rollback does not undo it.

    Attributes:
        name: kind and name of the object that runs it, or the target that runs it at its start.
        how: a `hook` of Helm; an `object` of the release that is new or differs; the `start` of a target whose files
            of Flyway or Liquibase differ.
        detail: the events of the hook, or the files; empty: there is nothing more to say.
    """

    name: str
    how: Literal["hook", "object", "start"]
    detail: str = ""

    def __str__(self) -> str:
        """For the reader."""
        if self.how == "object":
            return self.name
        return f"{self.name} ({self.detail})" if self.how == "hook" else f"the start of {self.name} ({self.detail})"

    @property
    def warning(self) -> str:
        """What a reader is told before it runs."""
        return f"a migration runs with this deployment, which a rollback does not undo: {self}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """Everything that a deployment would change.

    Attributes:
        values: a unified diff of the values file without lines around it; empty: nothing changes.
        objects: what changes in the release.
        images: what is deployed, in the order of the plan.
        by_tag: why the release names its images by tag alone; empty: by digest, or no release is upgraded.
        unprobed: what changes and has no readiness probe, so that only a watch can tell that it runs.
        migrations: what runs once with the deployment, and a rollback does not undo.
        values_seal: a digest of the values files as they lie here; empty: no release is upgraded.
        objects_seal: a digest of everything that changes in the release, hidden and shortened values as well.
    """

    values: str = ""
    objects: tuple[ObjectChange, ...] = ()
    images: tuple[ImageWanted, ...] = ()
    by_tag: str = ""
    unprobed: tuple[Unprobed, ...] = ()
    migrations: tuple[Migration, ...] = ()
    values_seal: str = field(default="", compare=False, repr=False)
    objects_seal: str = field(default="", compare=False, repr=False)

    def beside(self, other: "Preview") -> "Preview":
        """What the deployments of two releases would change."""
        return Preview(
            values="\n".join(filter(None, (self.values, other.values))),
            objects=(*self.objects, *other.objects),
            images=(*self.images, *other.images),
            by_tag="\n".join(filter(None, (self.by_tag, other.by_tag))),
            unprobed=(*self.unprobed, *other.unprobed),
            migrations=(*self.migrations, *other.migrations),
        )
