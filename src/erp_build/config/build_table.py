"""The `[build]` table and those below it: how images are made, and what a build may use."""

from erp_build.config.allowances import allowances_of
from erp_build.config.grammar import NAMES
from erp_build.config.toml_table import Table
from erp_build.errors import did_you_mean
from erp_build.formats.image_name import DOCKER_HUB, OTHER_NAMES_OF_THE_HUB, PUBLIC_ECR, ecr_host
from erp_build.model.build_options import BuildOptions, CodeArtifact, FanOut

TOKEN_VARIABLE = "CODEARTIFACT_AUTH_TOKEN"  # noqa: S105 - the name that AWS's own documentation gives it
BY_AWS = "aws"
"""In place of a parameter: AWS itself signs in. Only its public registry can be read without that."""

OUR_VARIABLES = ("DOCKER_CONFIG", "DOCKER_HOST", "HOME", "JAVA_HOME", "LC_ALL", "MAVEN_OPTS", "PATH")
"""Variables that every build gets from erp_build: a value of the file could not reach it."""


def parse_build(table: Table, parameters: str) -> BuildOptions:
    """Read a `[build]` table.

    Args:
        table: it.
        parameters: prefix of the parameters whose names do not begin with `/`.
    """
    keys = ("tests", "builder", "timeout", "registry", "docker_config", "pass", "secrets", "sign_in", "mirrors",
            "codeartifact", "allow", "evidence", "fan_out")  # fmt: skip
    return table.read(
        BuildOptions,
        *keys,
        passed=_passed(table),
        secrets=_full(named_parameters(table, "secrets"), parameters),
        sign_in=_sign_in(table, parameters),
        mirrors=_mirrors(table),
        codeartifact=_codeartifact(table),
        allow=allowances_of(table),
        fan_out=_fan_out(table),
    )


def named_parameters(table: Table, key: str) -> tuple[tuple[str, str], ...]:
    """Read a table of variables and the parameters with their values, as (variable, parameter)."""
    given = table.table(key)
    example = f'{key} = {{ TOKEN = "token" }}'
    for variable in given.names:
        if not NAMES["variable"].accepts(variable):
            raise table.error(key, f"`{variable}` cannot be an environment variable", example)
        if not NAMES["parameter"].accepts(given.text(variable)):
            why = f"it must be {NAMES['parameter'].words}"
            raise table.error(key, f"`{variable}` names no parameter", example, why=why)
    return tuple((variable, given.text(variable)) for variable in given.names)


def _passed(table: Table) -> tuple[str, ...]:
    """The variables that are passed on; no variable can come from two places."""
    names = table.texts("pass")
    for name in names:
        if not NAMES["variable"].accepts(name):
            raise table.error("pass", f"`{name}` cannot be an environment variable", 'pass = ["MAVEN_PROFILE"]')
    secrets = table.table("secrets").names
    for name in secrets:
        if name in OUR_VARIABLES:
            raise table.error("secrets", f"erp_build itself sets `{name}` for every build", "choose another name")
    tokens = (TOKEN_VARIABLE,) if "codeartifact" in table else ()
    given = (*names, *secrets, *tokens)
    if twice := next((name for name in given if given.count(name) > 1), ""):
        key = "pass" if twice in names else "secrets"
        places = "`pass`, [build.secrets] and [build.codeartifact]"
        raise table.error(key, f"`{twice}` is given twice", "take one of them out", why=f"looked at {places}")
    return names


def _sign_in(table: Table, parameters: str) -> tuple[tuple[str, str], ...]:
    given, example = table.table("sign_in"), 'such as "docker.io" = "docker-hub"'
    for host in given.names:
        name = given.text(host)
        _keep_to_host(given, host)
        if ecr_host(host):
            why = "a registry of ECR is signed in to with the credentials of the run"
            raise given.error(host, f"`{host}` needs no sign-in", "take the line out", why=why)
        if name == BY_AWS and host != PUBLIC_ECR:
            raise given.error(host, f'"{BY_AWS}" is for {PUBLIC_ECR} alone', f"name a SecureString, {example}")
        if not NAMES["parameter"].accepts(name):
            why = f"it must be {NAMES['parameter'].words}"
            raise given.error(host, f"`{host}` names no parameter", example, why=why)
    pairs = tuple((host, given.text(host)) for host in given.names)
    by_aws = tuple(pair for pair in pairs if pair[1] == BY_AWS)
    return (*_full(tuple(pair for pair in pairs if pair[1] != BY_AWS), parameters), *by_aws)


def _mirrors(table: Table) -> tuple[tuple[str, str], ...]:
    given = table.table("mirrors")
    for host in given.names:
        _keep_to_host(given, host)
        if not NAMES["image prefix"].accepts(given.text(host)):
            why = f"it must be {NAMES['image prefix'].words}"
            example = f'such as "{host}" = "{NAMES["image prefix"].example}"'
            raise given.error(host, f"`{host}` has no mirror that images could be in", example, why=why)
    return tuple((host, given.text(host).rstrip("/")) for host in given.names)


def _codeartifact(table: Table) -> tuple[str, ...]:
    return tuple(table.table("codeartifact").read(CodeArtifact)) if "codeartifact" in table else ()


def _keep_to_host(table: Table, host: str) -> None:
    """Refuse what no image's name can begin with; Docker Hub has one name here."""
    if host in OTHER_NAMES_OF_THE_HUB:
        raise table.error(host, f"`{host}` is called {DOCKER_HUB} in the names of images", f'write "{DOCKER_HUB}"')
    if not NAMES["registry host"].accepts(host):
        hint = did_you_mean(host, (DOCKER_HUB, PUBLIC_ECR, "ghcr.io", "quay.io"), f'such as "{DOCKER_HUB}" = "..."')
        raise table.error(host, f"`{host}` is no registry", hint, why=f"it must be {NAMES['registry host'].words}")


def _fan_out(table: Table) -> tuple[int, int, str, str, float]:
    """Read `[build.fan_out]`; plain values, because a project is kept in the form of plain tuples."""
    given, usual = table.table("fan_out"), FanOut()
    found = given.read(
        FanOut,
        *("workers", "from", "project", "buildspec", "timeout"),
        workers=given.number("workers", usual.workers),
        least=given.number("from", usual.least),
        buildspec=given.path("buildspec", usual.buildspec),
    )
    return (found.workers, found.least, found.project, found.buildspec, found.timeout)


def _full(pairs: tuple[tuple[str, str], ...], parameters: str) -> tuple[tuple[str, str], ...]:
    """The same pairs with the full names of the parameters."""
    prefix = parameters.rstrip("/")
    return tuple((key, name if name.startswith("/") else f"{prefix}/{name}") for key, name in pairs)
