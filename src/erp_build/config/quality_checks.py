"""Reads the `[[check]]` tables."""

import re
from collections import Counter

from erp_build.config.toml_table import Table
from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.model.project import Check, Project

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_check(table: Table) -> Check:
    """Read one `[[check]]` table."""
    table.only("name", "maven", "command", "on_failure", "timeout", "services", "reports", "secrets")
    name = table.text("name")
    if not NAME.fullmatch(name):
        raise table.error("name", f"`{name}` cannot be the name of a folder", 'such as "checkstyle"')
    default = Check(name)
    maven, command = table.texts("maven"), table.texts("command")
    if bool(maven) == bool(command):
        raise table.error(
            "maven", f"the check {name} needs either `maven` or `command`", 'maven = ["checkstyle:check"]'
        )
    reports = table.texts("reports")
    if any(pattern.startswith("/") or ".." in pattern.split("/") for pattern in reports):
        raise table.error("reports", "a report lies below the service's directory", 'such as "target/*.xml"')
    return Check(
        name=name,
        maven=maven,
        command=command,
        blocks=table.choice("on_failure", ("block", "warn"), "block") == "block",
        timeout=table.seconds("timeout", default.timeout),
        targets=table.texts("services"),
        reports=reports,
        secrets=_secrets(table),
    )


def _secrets(table: Table) -> tuple[tuple[str, str], ...]:
    given = table.table("secrets")
    for variable in given.names:
        if not VARIABLE.fullmatch(variable):
            raise table.error(
                "secrets", f"`{variable}` cannot be an environment variable", 'secrets = { TOKEN = "token" }'
            )
    return tuple((variable, given.text(variable)) for variable in given.names)


def refuse_contradicting_checks(project: Project, where: str) -> None:
    """Refuse two checks of the same name, and a check for an unknown service."""
    for name, number in Counter(check.name for check in project.checks).items():
        if number > 1:
            raise ConfigurationError(
                f"{number} checks have the name `{name}`", where=where, next_step="give each a name of its own"
            )
    names = {target.name for target in project.image_targets}
    for check in project.checks:
        if missing := sorted(set(check.targets) - names):
            raise ConfigurationError(
                f"the check {check.name} is for {', '.join(missing)}, which is not a service of this project",
                where=where,
                next_step=did_you_mean(missing[0], names, f"one of: {', '.join(sorted(names))}"),
            )
