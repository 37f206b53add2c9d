"""The checks of the permissions of the role of a run, and of that of its workers, against every action of theirs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from erp_build.clients.machine.parallel import ask_at_once
from erp_build.doctor.bases import foreign_repositories
from erp_build.doctor.diagnosis import CheckResult, Look
from erp_build.doctor.facts import Facts
from erp_build.doctor.projects.workers import OFF
from erp_build.errors import ErpBuildError
from erp_build.formats.image_name import PUBLIC_ECR as PUBLIC_HOST
from erp_build.formats.image_name import ecr_host
from erp_build.model.build_options import CodeArtifact, FanOut
from erp_build.model.permission import (
    ALIAS,
    ANY,
    BASE_IMAGES,
    CODEARTIFACT,
    CONNECTION,
    CREATE_ON_PUSH,
    ELSEWHERE,
    ENHANCED,
    FAN_OUT,
    MANUAL_APPROVAL,
    PUBLIC_ECR,
    REPOSITORIES,
    RUN,
    TRACES,
    WORKER,
    Permission,
)
from erp_build.model.project import Function

WILDCARD_NAME = "erp-build"
"""Replaces the `*` of a resource, so that a role whose policy is narrower than a run needs is reported."""

SIMULATED_AT_ONCE = 4
"""Questions to IAM's simulator at the same time. It takes few a second of an account, and each repository is one."""

PUBLISH_CONDITION = "publish of [[service]]"

PermissionRequest = tuple[Permission, str]
"""A permission, and the resource that it is needed for."""


def check_permissions(facts: Facts) -> CheckResult:
    """Ask IAM for each action of a run; a missing action that a run can do without is only a warning."""
    return _simulated(facts, facts.build_project().role, RUN)


def check_worker_permissions(facts: Facts) -> CheckResult:
    """Ask IAM for each action of a worker, if its role is not that of the run; a run can do without workers."""
    options, _ = FanOut(*facts.project.build.fan_out), facts.environment()
    if not options.workers:
        return OFF
    project, own = facts.worker_project(), facts.build_project()
    if project is None:
        return Look("the project of [build.fan_out]").unknown("there is none (check workers)", "see there")
    if project.role == own.role:
        look = Look(f"the role of {project.name}")
        return look.ok("it is that of the runs (check permissions); one of its own could do less")
    found = _simulated(facts, project.role, WORKER)
    return replace(found, state="warning") if found.state == "problem" else found


def _simulated(facts: Facts, role: str, permissions: Sequence[Permission]) -> CheckResult:
    look = Look(f"iam:SimulatePrincipalPolicy of {role.rpartition('/')[2]}")
    asked, left_out = _asked(facts, permissions)
    denied = _denied(facts, role, asked)
    lacking = [(permission, resource) for permission, resource in asked if permission.action in denied[resource]]
    note = f"; not asked, as their resource is not known: {', '.join(left_out)}" if left_out else ""
    if not lacking:
        return look.ok(f"{len(asked)} permissions are allowed{note}")
    lines = [f"{permission.action} on {resource}: {permission.reason}" for permission, resource in lacking]
    actions = ", ".join(dict.fromkeys(permission.action for permission, _ in lacking))
    hint = f"add to the role's policy: {actions}"
    stops = any(permission.fatal for permission, _ in lacking)
    return (look.problem if stops else look.warning)("\n".join(("not allowed:", *lines)) + note, hint)


def _denied(facts: Facts, role: str, asked: Iterable[PermissionRequest]) -> Mapping[str, tuple[str, ...]]:
    """The denied actions of each resource; makes one call for each resource."""
    actions: dict[str, list[str]] = {}
    for permission, resource in asked:
        actions.setdefault(resource, []).append(permission.action)
    denied = ask_at_once(lambda one: facts.remote.policies.denied(role, actions[one], one), actions, SIMULATED_AT_ONCE)
    return dict(zip(actions, denied, strict=True))


def _asked(facts: Facts, permissions: Sequence[Permission]) -> tuple[list[PermissionRequest], list[str]]:
    """The permissions with their resources, and the actions whose resource is not known."""
    asked: dict[PermissionRequest, None] = {}
    left_out: dict[str, None] = {}
    for function in facts.project.functions or (None,):
        names = _names(facts, function)
        for permission in permissions:
            if not _is_needed(facts, permission, names, function):
                continue
            try:
                asked |= dict.fromkeys((permission, resource) for resource in _resources(facts, permission, names))
            except KeyError:
                left_out[permission.action] = None
    return list(asked), list(left_out)


def _resources(facts: Facts, permission: Permission, names: Mapping[str, str]) -> Iterator[str]:
    """The resources of an action: all repositories of the project or of base images, or one of any other kind."""
    if permission.resource == ELSEWHERE:
        yield from foreign_repositories(facts, names["partition"])
        return
    resource = permission.on(names)
    if permission.resource == REPOSITORIES:
        for target in facts.project.image_targets:
            yield resource.replace("*", target.repository)
    else:
        yield resource if resource == ANY else resource.replace("*", WILDCARD_NAME)


def _is_needed(facts: Facts, permission: Permission, names: Mapping[str, str], function: Function | None) -> bool:
    if permission.resource == CONNECTION:
        # `codestar-connections` or `codeconnections`: the prefix must be the one of the connection's ARN.
        return permission.action.partition(":")[0] in names.get("connection", "")
    if permission.only == ENHANCED:
        return any(one.enhanced for one in facts.scannings().values())
    build = facts.project.build
    optional = {
        BASE_IMAGES: bool(foreign_repositories(facts, names["partition"])),
        CODEARTIFACT: bool(build.codeartifact),
        FAN_OUT: FanOut(*build.fan_out).workers > 0,
        TRACES: facts.project.deploy.traces > 0,
        PUBLIC_ECR: PUBLIC_HOST in dict(build.sign_in),
        MANUAL_APPROVAL: _approves(facts),
        CREATE_ON_PUSH: None in facts.moves().values(),
    }
    if conditions := [is_so for word, is_so in optional.items() if word in permission.only]:
        return any(conditions)
    if permission.only:
        # Whether the function has the setting that needs the permission.
        return bool(function and {ALIAS: function.alias, PUBLISH_CONDITION: function.publish}.get(permission.only))
    return True


def _names(facts: Facts, function: Function | None) -> Mapping[str, str]:
    """The values of the names in the resources."""
    environment, project, build = facts.environment(), facts.build_project(), facts.project.build
    registry, domain = ecr_host(build.registry), CodeArtifact(*build.codeartifact or (WILDCARD_NAME,))
    partition = project.role.split(":")[1]
    owner, region = domain.owner or environment.account, domain.region or environment.region
    packages = f"arn:{partition}:codeartifact:{region}:{owner}"
    return {
        "partition": partition,
        "region": environment.region,
        "account": environment.account,
        "prefix": environment.repository_prefix,
        "cluster": environment.cluster,
        "parameters": facts.project.parameters,
        "project": project.name,
        "workers": FanOut(*build.fan_out).project or project.name,
        "log_group": f"/aws/codebuild/{project.name}",
        "registry_region": registry.region if registry else environment.region,
        "registry_account": registry.account if registry else environment.account,
        "domain": f"{packages}:domain/{domain.domain}",
        "packages": f"{packages}:repository/{domain.domain}/*",
        "topic": f"{environment.project_name}-{environment.name}-alarms",
        "function": function.function if function else WILDCARD_NAME,
        **_of_pipeline(facts),
    }


def _of_pipeline(facts: Facts) -> dict[str, str]:
    """Name, bucket and connection of the pipeline; empty for a build that no pipeline starts."""
    try:
        pipeline = facts.pipeline()
    except ErpBuildError:
        return {}
    connection = next((source.connection for source in pipeline.sources if source.connection), "")
    found = {"pipeline": pipeline.name, "bucket": pipeline.bucket, "connection": connection}
    return {name: value for name, value in found.items() if value}


def _approves(facts: Facts) -> bool:
    try:
        return facts.pipeline().approves
    except ErpBuildError:
        return False
