"""The environment of a run: six parameters of Parameter Store, checked."""

import re
from collections.abc import Mapping

from erp_build.errors import ConfigurationError
from erp_build.model.environment import Environment

PARAMETER_RULES = {
    "account-id": (re.compile(r"\d{12}"), "twelve digits"),
    "region": (re.compile(r"[a-z]{2}(-[a-z]+)+-\d"), "a region such as ap-northeast-2"),
    "eks/cluster-name": (re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}"), "the name of an EKS cluster"),
    "ecr/repository-prefix": (
        re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*"),
        "the first part of the repositories' names, such as erp",
    ),
    "project-name": (re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*"), "a name of letters, digits, `-`"),
    "environment": (re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*"), "a name of letters, digits, `-`"),
}
"""Parameter -> pattern and description of its value. The last two become parts of names."""


def parameter_names(prefix: str) -> tuple[str, ...]:
    """The full names of the six parameters."""
    return tuple(f"{prefix}/{name}" for name in PARAMETER_RULES)


def make_environment(prefix: str, found: Mapping[str, str], *, account: str, region: str) -> Environment:
    """Check the six values and compare them with the caller's own account and region.

    Args:
        prefix: of the parameters, such as `/erp/dev`.
        found: full name -> value, as Parameter Store has it.
        account: of the caller, 12 digits, from STS.
        region: that the AWS clients use.

    All missing parameters are named at once.
    """
    if missing := [name for name in parameter_names(prefix) if name not in found]:
        raise ConfigurationError(
            f"{len(missing)} of {len(PARAMETER_RULES)} parameters are missing",
            where=f"Parameter Store, {region}, account {account}",
            why="\n".join(missing),
            next_step="aws ssm put-parameter --type String --name NAME --value VALUE, or correct `parameters` "
            "in erp-build.toml",
        )
    values = {name: found[f"{prefix}/{name}"] for name in PARAMETER_RULES}
    for name, (pattern, meaning) in PARAMETER_RULES.items():
        # `fullmatch`, because `$` would accept a value with a line end, as a here-document leaves one.
        if not pattern.fullmatch(values[name]):
            raise ConfigurationError(
                "a parameter has an unusable value",
                where=f"{prefix}/{name}",
                why=f"it must be {meaning}, without spaces or a line end; it is {values[name]!r}",
                next_step="put the parameter again with --overwrite",
            )
    _compare(f"{prefix}/account-id", values["account-id"], account, "the caller's account")
    _compare(f"{prefix}/region", values["region"], region, "this session's region")
    return Environment(
        account=account,
        region=region,
        cluster=values["eks/cluster-name"],
        repository_prefix=values["ecr/repository-prefix"],
        project_name=values["project-name"],
        name=values["environment"],
    )


def _compare(parameter: str, stated: str, real: str, meaning: str) -> None:
    if stated != real:
        raise ConfigurationError(
            f"{parameter} does not fit {meaning}",
            where=parameter,
            why=f"the parameter says {stated}, {meaning} is {real}",
            next_step="sign in to the right account and region, or correct the parameter",
        )
