"""The check of the bake: that it ends before CodeBuild ends the run, and that it watches what the file names."""

from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.model.releases.units import units_of

OFF = Look("bake of [deploy]").ok("it is off: a deployment counts with its proof")


def check_bake(facts: Facts) -> CheckResult:
    """Whether CodeBuild gives the bake its time, and whether the alarms that it is to watch exist."""
    policy, _ = facts.project.deploy, facts.environment()
    if not policy.bake:
        return OFF
    project, units = facts.build_project(), len(units_of(facts.project))
    needed = units * policy.bake
    look = Look(f"bake of [deploy], the build project {project.name}, and its alarms")
    if needed >= project.timeout:
        return look.problem(
            f"{_minutes(policy.bake)}{f' for each of {units} units' if units > 1 else ''}, and CodeBuild ends the run "
            f"after {_minutes(project.timeout)}: what it has deployed would stay unproven until the next run",
            f"set timeoutInMinutes above {needed / 60:.0f} (check project-timeout), or lower `bake`",
        )
    there = {one.name for one in facts.remote.clients.alarms.named(policy.bake_alarms)} if policy.bake_alarms else set()
    if missing := [name for name in policy.bake_alarms if name not in there]:
        return look.warning(f"no such alarm, so nobody watches it: {', '.join(missing)}", "correct `bake_alarms`")
    return look.ok(
        f"{_minutes(policy.bake)}; the lock, which expires after {policy.lock_expires:.0f} s, is renewed all the time, "
        "and another run ends with exit code 11 meanwhile, unless it waits for longer (--wait-for-lock)"
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"  # noqa: PLR2004 - a minute
