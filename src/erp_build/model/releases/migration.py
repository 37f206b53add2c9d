"""What runs once with a deployment and may change data, such as the tables of a database: a rollback leaves it done."""

from dataclasses import dataclass
from typing import Literal

KINDS_THAT_RUN_ONCE = ("Job", "Pod", "Workflow", "PipelineRun", "TaskRun", "AtlasMigration", "AtlasSchema")
"""Kinds of objects that run code once: those of Kubernetes, Argo Workflows, Tekton, and the Atlas operator."""


@dataclass(frozen=True, slots=True)
class HookRun:
    """A hook that ran with a revision, by Helm's own record of it.

    Attributes:
        kind, name: of its object.
        phase: Helm's word for how it ended: Succeeded, Failed; Running or Unknown: nobody has written that down.
        events: at which it runs.
    """

    kind: str
    name: str
    phase: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    """Code that runs once with a deployment.

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
