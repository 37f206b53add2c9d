"""Checks of the account: credentials, the six parameters, the pipeline with its build project, and the functions."""

from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.doctor.machine import NO_ENGINE_NEEDED, needs_no_engine
from erp_build.doctor.max_run_time import longest_run
from erp_build.errors import ConfigurationError
from erp_build.model.codepipeline import FULL_CLONE
from erp_build.model.project import Function
from erp_build.model.releases.lambda_function import FunctionState

CONNECTION_AVAILABLE = "AVAILABLE"
SOURCE_FROM_PIPELINE = "CODEPIPELINE"


def check_settings(facts: Facts) -> CheckResult:
    """Whether the credentials, the account, the region and the six parameters fit together."""
    look = Look(f"sts:GetCallerIdentity and ssm:GetParameters below {facts.project.parameters}")
    _ = facts.remote  # without credentials this check is `unknown`, not a problem
    try:
        environment = facts.environment()
    except ConfigurationError as error:
        return look.problem(f"{error.what}: {error.where}\n{error.why}", error.next_step)
    return look.ok(f"account {environment.account}, {environment.region}, cluster {environment.cluster}")


def check_connection(facts: Facts) -> CheckResult:
    """Whether the connection to GitHub is confirmed."""
    pipeline = facts.pipeline()
    connected = [source for source in pipeline.sources if source.connection]
    if not connected:
        providers = ", ".join(f"{source.name} ({source.provider})" for source in pipeline.sources)
        return Look(f"source actions of {pipeline.name}").unknown(
            f"none has a connection: {providers or 'there is no source action'}",
            "nothing to do, if the source does not come from GitHub",
        )
    arn = connected[0].connection
    status = facts.remote.delivery.connection_status(arn)
    look = Look(f"source action {connected[0].name} of {pipeline.name}: connection {arn.rpartition('/')[2]}")
    if status == CONNECTION_AVAILABLE:
        return look.ok(f"it is {status}")
    return look.problem(
        f"it is {status}: no push reaches the pipeline",
        "open Developer Tools > Settings > Connections, choose it, `Update pending connection`, and sign in to GitHub",
    )


def check_other_pipelines(facts: Facts) -> CheckResult:
    """Whether another pipeline, such as one from before, still builds the same repository."""
    pipeline, delivery = facts.pipeline(), facts.remote.delivery
    ours = {source.repository.lower() for source in pipeline.sources} - {""}
    if not ours:
        return Look(f"source actions of {pipeline.name}").unknown(
            "none names a repository on GitHub", "nothing to do, if the source does not come from GitHub"
        )
    look = Look(f"codepipeline:ListPipelines, and the source actions of each; the repository {', '.join(sorted(ours))}")
    found = (delivery.pipeline(name) for name in delivery.names() if name != pipeline.name)
    others = [one.name for one in found if one and ours & {source.repository.lower() for source in one.sources}]
    if not others:
        return look.ok(f"only {pipeline.name} builds it")
    return look.warning(
        f"built by other pipelines as well, each of which may deploy: {', '.join(others)}",
        "switch them off: aws codepipeline disable-stage-transition, or delete them once this one has deployed",
    )


def check_source_format(facts: Facts) -> CheckResult:
    """Whether the source arrives with its whole Git history."""
    pipeline = facts.pipeline()
    look = Look(f"OutputArtifactFormat of the source actions of {pipeline.name}")
    zipped = [source.name for source in pipeline.sources if source.connection and source.output != FULL_CLONE]
    if zipped:
        return look.problem(
            f"{', '.join(zipped)}: a zip without .git, so a run cannot know what changed",
            f"choose full clone ({FULL_CLONE}), and allow UseConnection to the build's role",
        )
    project = facts.build_project()
    if project.source != SOURCE_FROM_PIPELINE and project.clone_depth:
        other = Look(f"source of the build project {project.name}")
        return other.problem(f"it is cloned with a depth of {project.clone_depth}", "set the git clone depth to Full")
    return look.ok(FULL_CLONE if pipeline.sources else "there is no source action")


def check_privileged(facts: Facts) -> CheckResult:
    """Whether a Docker engine may run in the build."""
    project = facts.build_project()
    look = Look(f"environment.privilegedMode of the build project {project.name}")
    if needs_no_engine(facts):
        on = "it is on, but could be off (Engine=false): " if project.privileged else "it is off: "
        return look.ok(f"{on}{NO_ENGINE_NEEDED}")
    if project.privileged:
        return look.ok("it is on")
    return look.problem(
        "it is off: no Docker engine can run, and no image is built that needs one (check engine-needs)",
        "edit the project > Environment > Privileged",
    )


def check_project_timeout(facts: Facts) -> CheckResult:
    """Whether the project's time-out is above the sum of a run's own deadlines."""
    project, parts = facts.build_project(), longest_run(facts.project)
    needed = sum(parts.values())
    terms = " + ".join(f"{name} {seconds / 60:.0f}" for name, seconds in parts.items())
    found = f"{project.timeout / 60:.0f} min; a run may take {needed / 60:.0f} min ({terms})"
    look = Look(f"timeoutInMinutes of the build project {project.name}, and the deadlines of erp-build.toml")
    if project.timeout >= needed:
        return look.ok(found)
    return look.problem(
        f"{found}: CodeBuild would end Helm in the middle and leave the release pending",
        f"set it to {needed / 60:.0f} min or more, or lower the deadlines",
    )


def check_functions(facts: Facts) -> CheckResult:
    """Whether each function can be updated now."""
    _ = facts.environment()
    states = facts.function_states()
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
