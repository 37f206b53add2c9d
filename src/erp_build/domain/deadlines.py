"""How long a run may take at most, by its own deadlines: what the time-out of its build project must leave room for."""

from typing import NamedTuple

from erp_build.domain.project import Project

UPDATE_SECONDS = 300.0
"""Seconds that an update of a function is waited for; somebody else's before ours is waited for as long."""


class Deadline(NamedTuple):
    """A part of a run and the seconds after which it ends by itself."""

    part: str
    seconds: float


def deadlines(project: Project) -> tuple[Deadline, ...]:
    """The parts of a run in their order; nothing in it takes longer, unless the engine pushes very slowly."""
    checks = sum(
        check.timeout * sum(check.is_for(target.name) for target in project.image_targets) for check in project.checks
    )
    parts = [
        Deadline("checks", checks),
        Deadline("Maven", project.build.timeout),
        Deadline("gate", project.gate.timeout),
        Deadline("functions", 2 * UPDATE_SECONDS * len(project.functions)),
        Deadline("rollout", project.chart.timeout),
    ]
    if project.deploy.on_failure == "rollback":
        parts.append(Deadline("taking back", 2 * project.chart.timeout))
    return tuple(part for part in parts if part.seconds)
