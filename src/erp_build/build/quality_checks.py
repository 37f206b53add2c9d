"""Runs every `[[check]]` on every changed service before its image is built; nothing is built if one blocks."""

from collections.abc import Mapping, Sequence

from erp_build.clients.effects import CheckRequest
from erp_build.clients.site import Site
from erp_build.errors import ErpBuildError, GateBlocked, GateInconclusive
from erp_build.model.check_run import Checked
from erp_build.model.plan import Plan
from erp_build.model.project import Chart, Check
from erp_build.model.stage import stage


@stage("what a `[[check]]` touches", keeps="checked")
def run_checks(site: Site, plan: Plan) -> tuple[Checked, ...]:
    """Check all targets that will be built, and go on after a failure.

    One after the other, because Mavens that run at the same time share one local repository.
    """
    pairs = [
        (check, step.target)
        for step in plan.builds
        for check in site.project.checks
        if not isinstance(step.target, Chart) and check.is_for(step.target.name)
    ]
    secrets = _read_secrets(site, [check for check, _ in pairs])
    checked = []
    for check, target in pairs:
        values = {variable: secrets[_parameter(site, name)] for variable, name in check.secrets}
        run = site.clients.effects.check(CheckRequest(check=check, target=target, secrets=values))
        done = Checked(check, target.name, run)
        site.say(f"{check.name}: {done.word} in {run.seconds:.1f} s", target.name)
        checked.append(done)
    return tuple(checked)


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
