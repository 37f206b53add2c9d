"""Runs every `[[check]]` on every changed service before its image is built; nothing is built if one blocks."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from threading import Lock
from typing import NamedTuple

from erp_build.clients.effects import CheckRequest
from erp_build.clients.machine.parallel import map_in_threads
from erp_build.clients.site import Site
from erp_build.clients.way_out import WAY_OUT
from erp_build.errors import ErpBuildError, GateBlocked, GateInconclusive
from erp_build.model.plan import Plan, Step
from erp_build.model.project import Chart, Function, Service
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import Checked
from erp_build.model.stages.stage import stage


@stage("what a `[[check]]` touches", keeps="checked")
def run_checks(site: Site, plan: Plan) -> tuple[Checked, ...]:
    """Check all targets that will be built, and go on after a failure.

    Several services at once; those of one service in the order of the file, because one may read what another made.
    Mavens take turns (docs/decisions/0002).
    """
    jobs = [job for step in plan.builds if (job := _job(site, step)).checks]
    secrets = _read_secrets(site, [check for job in jobs for check in job.checks])
    at_once = site.clients.assembly.checks_at_once()
    found = map_in_threads(partial(_check_target, site, secrets, Lock()), jobs, at_once)
    return tuple(checked for of_target in found for checked in of_target)


class _Job(NamedTuple):
    """A target and the checks that are for it."""

    target: Service | Function
    checks: tuple[Check, ...]


def _job(site: Site, step: Step) -> _Job:
    assert not isinstance(step.target, Chart)
    return _Job(step.target, tuple(check for check in site.project.checks if check.is_for(step.target.name)))


def _check_target(site: Site, secrets: Mapping[str, str], turn: Lock, job: _Job) -> list[Checked]:
    checked = []
    for check in job.checks:
        values = {variable: secrets[_parameter(site, name)] for variable, name in check.secrets}
        with turn if check.takes_turns else nullcontext():
            # After a signal, what waited for its turn is not begun.
            WAY_OUT.require_may_begin()
            run = site.clients.effects.check(CheckRequest(check=check, target=job.target, secrets=values))
        done = Checked(check, job.target.name, run)
        site.say(f"{check.name}: {done.word} in {run.seconds:.1f} s", job.target.name)
        checked.append(done)
    return checked


@stage("nothing")
def require_checks(checked: Sequence[Checked]) -> None:
    """Raise `GateBlocked` if a blocking check failed, or `GateInconclusive` if one did not finish."""
    stopping = [one for one in checked if one.stops]
    failed = [one for one in stopping if one.run.outcome == "failed"]
    if failed:
        raise _error(GateBlocked, f"{len(failed)} of {len(checked)} checks failed", failed, "fix what they report")
    if stopping:
        what = f"{len(stopping)} of {len(checked)} checks did not finish"
        raise _error(GateInconclusive, what, stopping, "look at the check's `timeout` and program, then run again")


def _error(kind: type[ErpBuildError], what: str, stopping: Sequence[Checked], hint: str) -> ErpBuildError:
    return kind(
        what,
        where=", ".join(dict.fromkeys(one.target for one in stopping)),
        why="\n".join(f"{one.check.name}, {one.target}: {one.run.why}" for one in stopping),
        next_step=f'{hint}; a check that must not stop: on_failure = "warn" of its [[check]]',
    )


def _read_secrets(site: Site, checks: Sequence[Check]) -> Mapping[str, str]:
    names = [_parameter(site, name) for check in checks for _, name in check.secrets]
    return site.clients.parameters.read_secrets(tuple(dict.fromkeys(names))) if names else {}


def _parameter(site: Site, name: str) -> str:
    return name if name.startswith("/") else f"{site.project.parameters.rstrip('/')}/{name}"
