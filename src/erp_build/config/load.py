"""Reads `erp-build.toml` into a `Project`. Without the file, the layout of the ERP is the default where it is there."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from erp_build.config.build_table import parse_build
from erp_build.config.charts import parse_charts, refuse_contradicting_charts
from erp_build.config.default_layout import refuse_unread, require_default_layout
from erp_build.config.image_targets import default_values_key, parse_image_target
from erp_build.config.policies import parse_check, parse_deploy, parse_gate, parse_notify
from erp_build.config.read_file import read_file
from erp_build.config.toml_table import Table, parsed_toml
from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.model.packaging import Described, is_maven, packagings_of
from erp_build.model.project import (
    FILE_NAME,
    Function,
    GatePolicy,
    Project,
    Service,
)
from erp_build.model.quality_checks.check import Check


def load_project(repository: Path, config: Path | None = None, packagers: Iterable[Described] = ()) -> Project:
    """Read the project of a repository.

    Args:
        repository: its root.
        config: another file than the one at the root; it must exist.
        packagers: your own, which `package` of a service names.

    Without a file, and where the folder does not have the layout of the ERP, it raises `ConfigurationError`.
    """
    path = config or repository / FILE_NAME
    try:
        text = read_file(path).decode("utf-8-sig")
    except FileNotFoundError as error:
        if config:
            raise ConfigurationError(
                "the configuration is not there", where=str(path), next_step="check the path after --config"
            ) from error
        return _default(repository)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("the configuration cannot be read", where=str(path), why=str(error)) from error
    project = parse_project(text, str(path), _config_path(repository, path))
    return project._replace(packagings=packagings_of(packagers))


def parse_project(text: str, where: str = FILE_NAME, config_path: str = FILE_NAME) -> Project:
    """Read a project from the text of a configuration; unknown keys and wrong values raise `ConfigurationError`."""
    try:
        values = parsed_toml(text)
    except ValueError as error:
        raise ConfigurationError(
            "the configuration is not TOML", where=where, why=str(error), next_step="fix the line that is named"
        ) from error
    return project_of(Table(values, "", text, where), where, config_path)


def project_of(top: Table, where: str = FILE_NAME, config_path: str = FILE_NAME) -> Project:
    """Read a project from the top table of a configuration."""
    top.only(
        "parameters", "shared", "ignore", "timeout", "service", "chart", "gate", "build", "deploy", "notify", "check"
    )
    targets = [parse_image_target(table) for table in top.tables("service")]
    charts = parse_charts(top)
    parameters = "/" + top.text("parameters", "/erp/dev").strip("/")
    project = Project(
        parameters=parameters,
        shared=top.texts("shared"),
        ignore=_ignored(top),
        timeout=top.seconds("timeout", 0.0),
        services=tuple(target for target in targets if isinstance(target, Service)),
        functions=tuple(target for target in targets if isinstance(target, Function)),
        chart=charts[0],
        more_charts=charts[1:],
        gate=parse_gate(top.table("gate")),
        build=parse_build(top.table("build"), parameters),
        deploy=parse_deploy(top.table("deploy")),
        notify=parse_notify(top.table("notify")),
        checks=tuple(parse_check(table) for table in top.tables("check")),
        config_path=config_path,
    )
    top.keep_to_grammar(Project)
    _refuse_contradictions(project, where)
    return project


def load_gate_policy(path: Path) -> GatePolicy:
    """Read the `[gate]` table of any TOML file; ignores other tables, so that a project file may be given."""
    top = Table.of_file(path, "policy", "give a TOML file with a [gate] table")
    if "gate" not in top:
        # Judging by the default would silently use another policy than the given one.
        raise ConfigurationError("the policy has no [gate] table", where=str(path), next_step="add [gate] to the file")
    return parse_gate(top.table("gate"))


def default_project() -> Project:
    """The ERP monorepo as it stands, for a repository of its layout without a configuration."""
    names = ("approval-request-service", "approval-processing-service", "notification-service")
    services = tuple(
        Service(name=name, path=f"backend/{name}", repository=name, values_key=default_values_key(name))
        for name in names
    )
    employee = Function(
        name="employee-service",
        path="backend/employee-service",
        dockerfile="Dockerfile.lambda",
        repository="employee-service-lambda",
        function="erp-dev-employee-service",
    )
    return Project(shared=("backend/proto/**",), services=services, functions=(employee,))


def _default(repository: Path) -> Project:
    refuse_unread(str(repository))
    project = default_project()
    require_default_layout(
        project, str(repository), lambda paths: [path for path in paths if (repository / path).is_dir()]
    )
    return project


def _ignored(top: Table) -> tuple[str, ...]:
    """The `ignore` patterns, of which pathspec refuses some."""
    patterns = top.texts("ignore")
    if patterns:
        # Imported here: it takes 30 ms, and most projects ignore nothing.
        from pathspec import GitIgnoreSpec

        try:
            GitIgnoreSpec.from_lines(patterns)
        except ValueError as error:
            raise top.error(
                "ignore", "`ignore` has an invalid pattern", 'ignore = ["docs/"]', why=str(error)
            ) from error
    return patterns


def _config_path(repository: Path, path: Path) -> str:
    """Return the file's path in the repository; empty if it lies outside, where Git has no history of it."""
    root, resolved = repository.resolve(), path.resolve()
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else ""


def _refuse_contradictions(project: Project, where: str) -> None:
    """Refuse two of what must be one's own, such as a name or a repository, and a check for an unknown service."""
    _refuse_same("targets", (target.name for target in project.targets), where, "give each `name = ...` of its own")
    repositories = (target.repository for target in project.image_targets)
    _refuse_same("services or functions", repositories, where, "give each `repository = ...` of its own", "repository")
    refuse_contradicting_charts(project.charts, project.image_targets, where)
    for release in project.releases:
        keys = (service.values_key for service in release.services)
        _refuse_same("services", keys, where, "give each `values_key = ...` of its own", "values_key")
    functions = (function.function for function in project.functions)
    _refuse_same("functions", functions, where, "give each `function = ...` of its own", "function")
    _refuse_same("checks", (check.name for check in project.checks), where, "give each a name of its own")
    names = {target.name for target in project.image_targets}
    others = {target.name: target.package for target in project.image_targets if not is_maven(target)}
    for check in project.checks:
        _refuse_maven(check, others, where)
    if project.gate.evidence == "all" and not project.build.evidence:
        raise ConfigurationError(
            'evidence = "all" in [gate] requires what nobody makes',
            where=where,
            why="evidence of [build] is false, so that no image gets an SBOM and a statement about how it was made",
            next_step="write evidence = true in [build], or take the line out of [gate]",
        )
    if project.timeout and project.deploy.bake >= project.timeout:
        raise ConfigurationError(
            "`bake` of [deploy] is as long as the whole run may be",
            where=where,
            why=f"bake {project.deploy.bake:.0f} s, timeout {project.timeout:.0f} s: it counts within that time",
            next_step="raise `timeout`, or lower `bake`",
        )
    named = [(f"the check {check.name}", check.targets) for check in project.checks]
    named += [(f"what [[build.allow]] says of {name}", services) for _, name, _, services in project.build.allow]
    for what, services in named:
        if missing := sorted(set(services) - names):
            raise ConfigurationError(
                f"{what} is for {', '.join(missing)}, which is not a service of this project",
                where=where,
                next_step=did_you_mean(missing[0], names, f"one of: {', '.join(sorted(names))}"),
            )


def _refuse_maven(check: Check, others: Mapping[str, str], where: str) -> None:
    """Refuse a check that calls Maven for a service without Maven.

    Args:
        check: any.
        others: service without Maven -> its packager.
        where: the configuration.
    """
    if check.maven and (found := [name for name in others if check.is_for(name)]):
        raise ConfigurationError(
            f"the check {check.name} calls Maven, which does not build {', '.join(found)}",
            where=where,
            why=f'{found[0]} has package = "{others[found[0]]}"',
            next_step="name the services that it is for: services = [...]; or give it a `command`",
        )


def _refuse_same(what: str, names: Iterable[str], where: str, next_step: str, key: str = "name") -> None:
    for name, number in Counter(names).items():
        if number > 1:
            raise ConfigurationError(f"{number} {what} have the {key} `{name}`", where=where, next_step=next_step)
