"""A cheap look at what a run will need of a plan's targets; `doctor --only files` looks closely."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from erp_build.changes.make_plan import REMOVED
from erp_build.config.read_file import read_file
from erp_build.model.packaging import dockerfile_of, is_maven
from erp_build.model.project import Chart, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from erp_build.clients.git.repository import GitRepository
    from erp_build.model.plan import Plan

SHOWN = 3
"""Names that the warning lists."""


def missing_warning(repository: GitRepository, plan: Plan, head: str | None) -> tuple[str, ...]:
    """Return a warning where a pom, a Dockerfile, the values file or a key in it is missing; else nothing.

    Args:
        repository: of the plan.
        plan: whose targets are looked at, but for those that were removed.
        head: the commit that was named; None: what is checked out, which is then looked at.
    """
    needed = list(_needed(plan))
    if head or repository.is_bare():
        there = repository.modes(plan.head, needed)
        missing = [path for path in needed if path not in there]
    else:
        missing = [path for path in needed if not Path(repository.folder, path).exists()]
        missing += _missing_keys(repository.folder, plan)
    if not missing:
        return ()
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return (f"a run will need {', '.join(missing[:SHOWN])}{more}: not there; erp-build doctor --only files says more",)


def _needed(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        target = step.target
        if any(reason.rule.startswith(REMOVED) for reason in step.because):
            continue
        if isinstance(target, Chart):
            yield posixpath.normpath(f"{target.path}/{target.values}")
        else:
            if is_maven(target):
                yield f"{target.path}/pom.xml"
            yield dockerfile_of(target)


def _missing_keys(root: str, plan: Plan) -> list[str]:
    """The values keys of which a part is nowhere in the values file; YAML is not read, which takes too long."""
    chart = next((step.target for step in plan.steps if isinstance(step.target, Chart)), None)
    services = [step.target for step in plan.steps if isinstance(step.target, Service)]
    text = ""
    with suppress(OSError):
        text = read_file(Path(root, chart.path, chart.values)).decode("utf-8", "replace") if chart else ""
    if not text:
        return []
    keys = [service.values_key for service in services]
    return [f"the values key {key}" for key in keys if any(part not in text for part in key.split("."))]
