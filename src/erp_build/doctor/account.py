"""Checks of the account: credentials, the six parameters, and the functions."""

from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.errors import ConfigurationError
from erp_build.model.project import Function
from erp_build.model.releases.lambda_function import FunctionState


def check_settings(facts: Facts) -> CheckResult:
    """Whether the credentials, the account, the region and the six parameters fit together."""
    look = Look(f"sts:GetCallerIdentity and ssm:GetParameters below {facts.project.parameters}")
    _ = facts.remote  # without credentials this check is `unknown`, not a problem
    try:
        environment = facts.environment()
    except ConfigurationError as error:
        return look.problem(f"{error.what}: {error.where}\n{error.why}", error.next_step)
    return look.ok(f"account {environment.account}, {environment.region}, cluster {environment.cluster}")


def check_functions(facts: Facts) -> CheckResult:
    """Whether each function can be updated now."""
    _ = facts.environment()
    states = {one.function: facts.remote.clients.functions.state(one.function) for one in facts.project.functions}
    look = Look(f"lambda:GetFunction of {', '.join(states) or 'no function'}")
    if broken := [trouble for one in facts.project.functions if (trouble := _trouble(one, states[one.function]))]:
        return look.problem("\n".join(broken), "see the reason; a run needs a function of the package type Image")
    if busy := [name for name, state in states.items() if state and _is_busy(state)]:
        return look.warning(
            f"busy, an update would fail with ResourceConflictException now: {', '.join(busy)}",
            "a run waits five minutes for it; if it stays busy, find out who updates it (Terraform, a pipeline)",
        )
    if not states:
        return look.unknown("erp-build.toml has no service of the kind lambda", "nothing")
    return look.ok(", ".join(f"{state.state}, {state.last_update}" for state in states.values() if state))


def _is_busy(state: FunctionState) -> bool:
    return state.last_update == "InProgress" or state.state == "Pending"


def _trouble(function: Function, state: FunctionState | None) -> str:
    if state is None:
        return f"there is no function {function.function}"
    if state.package_type != "Image":
        return f"{function.function} takes no image: its package type is {state.package_type}"
    if "Failed" in (state.state, state.last_update):
        return f"{function.function}: {state.state}, last update {state.last_update}: {state.reason}"
    return ""
