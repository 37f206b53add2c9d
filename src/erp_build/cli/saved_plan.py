"""The options by which `plan` and `run` save a plan, and by which `run` does a saved one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from erp_build.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from erp_build.clients.secrets import Secrets
    from erp_build.clients.site import Site
    from erp_build.formats.frozen_plan import SealedPlan
    from erp_build.model.plan import LiveState, Plan
    from erp_build.model.releases.frozen_plan import FrozenChoice, FrozenPlan

PLAN = "--plan"


class UnitPlan(NamedTuple):
    """The plan of one unit, what runs of it, and where."""

    site: Site
    live: LiveState
    plan: Plan


def save_live(path: str, units: Sequence[UnitPlan], choice: FrozenChoice, secrets: Secrets) -> SealedPlan:
    """Freeze the plans of all units, which are not built yet, and write them into one file.

    As in a run, a unit with no chosen target is none of the plan's.
    """
    from functools import reduce
    from pathlib import Path

    from erp_build.model.releases.frozen_plan import FrozenPlan

    chosen = [unit for unit in units if any(step.chosen for step in unit.plan.steps)]
    whole = reduce(FrozenPlan.beside, map(_frozen, chosen))
    return save_plan(Path(path), whole, choice, secrets)


def _frozen(unit: UnitPlan) -> FrozenPlan:
    from erp_build.deployment.checks.kept_chart import chart_to_deploy
    from erp_build.deployment.frozen.freeze import freeze_plan, require_freezable
    from erp_build.deployment.preflight import check_plan
    from erp_build.gate.stage import read_rules

    site, live, plan = unit
    rules = read_rules(site.clients, site.project.gate)
    require_freezable(site, live, plan)
    preview = None
    if not plan.is_empty:
        with chart_to_deploy(site, plan, live) as there:
            preview = check_plan(there, plan)
    return freeze_plan(site, rules, live, plan, preview, (), is_cleared=False)


def load_plan(path: Path, beside: Mapping[str, object]) -> SealedPlan:
    """Read a saved plan.

    Args:
        path: of its file; variables in it are replaced, because a pipeline hands over its options without a shell.
        beside: option -> what was given; a plan says all of them itself.

    Raises `PlanMoved` where the file was changed, and `ConfigurationError` where it is not there, or another option
    asks for something else.
    """
    from erp_build.config.read_file import read_file
    from erp_build.formats.frozen_plan import MAX_PLAN_BYTES, read_plan

    if given := [option for option, value in beside.items() if value]:
        raise ConfigurationError(
            f"{PLAN} and {given[0]} exclude each other",
            where="the command line",
            why="what is compared, chosen and built stands in the plan",
            next_step=f"leave {given[0]} out, or save a plan with it",
        )
    path = type(path)(os.path.expandvars(path))
    try:
        content = read_file(path, MAX_PLAN_BYTES)
    except OSError as error:
        raise ConfigurationError(
            "the saved plan cannot be read",
            where=str(path),
            why=error.strerror or str(error),
            next_step="give the file that `plan --live --save` or `run --until cleared --save` has written",
        ) from error
    return read_plan(content, str(path))


def save_plan(path: Path, plan: FrozenPlan, choice: FrozenChoice, secrets: Secrets) -> SealedPlan:
    """Write a plan for the build of this environment, its secrets masked; returns it as it can be read back."""
    from dataclasses import replace

    from erp_build.clients.files.atomic import write_file
    from erp_build.config.codebuild import build_link
    from erp_build.formats.frozen_plan import plan_text, read_plan

    build = os.environ.get("CODEBUILD_BUILD_ID", "")
    content = plan_text(
        replace(plan, choice=choice, build=build, link=build_link(os.environ)), secrets.mask_all
    ).encode()
    write_file(path, content, "the plan")
    return read_plan(content, str(path))
