"""The registries behind the one front: their hosts, how each is signed in to, and where its images really lie.

What they have lies in the account's own registry under a prefix, where a test puts it; here it can only be pulled.
"""

from typing import Literal, NamedTuple

from sandbox.endpoints import (
    ACCOUNT,
    COMPANY_HOST,
    HUB_HOST,
    OTHER_ACCOUNT,
    OTHER_REGION,
    OTHER_REGISTRY_HOST,
    REGION,
    REGISTRY_HOST,
)

USER, PASSWORD = "builder", "invented-Registry-password-8c2e"
"""What the registries that are no ECR take."""


class Host(NamedTuple):
    """A registry.

    Attributes:
        name: its host name.
        prefix: what its repositories have before their names in the account's own registry; empty: it is that one.
        sign_in: `ecr` as ECR has it; `basic`: name and password; `token`: a token that is given for these.
        account, region: of ECR.
    """

    name: str
    prefix: str = ""
    sign_in: Literal["ecr", "basic", "token"] = "ecr"
    account: str = ACCOUNT
    region: str = REGION


OWN = Host(REGISTRY_HOST)
OTHER = Host(OTHER_REGISTRY_HOST, "of-other-account/", account=OTHER_ACCOUNT, region=OTHER_REGION)
COMPANY = Host(COMPANY_HOST, "of-company/", "basic")
HUB = Host(HUB_HOST, "of-hub/", "token")
HOSTS = {one.name: one for one in (OWN, OTHER, COMPANY, HUB)}

PULL_THROUGH = "docker-hub/"
"""Prefix of the own registry below which it has what the hub has: a rule of a pull-through cache."""

MIRRORS = {
    "docker.io": f"{REGISTRY_HOST}/{PULL_THROUGH.rstrip('/')}",
    "public.ecr.aws": f"{REGISTRY_HOST}/{PULL_THROUGH}public",
}
"""Where the images of public registries are fetched in the sandbox (`sandbox.docker.hub_images`)."""


def stored_as(host: Host, repository: str) -> str:
    """The name under which the account's own registry has a repository of a host."""
    if host is OWN and repository.startswith(PULL_THROUGH):
        return HUB.prefix + repository.removeprefix(PULL_THROUGH)
    return host.prefix + repository


def is_read_only(host: Host, repository: str) -> bool:
    """Whether nobody pushes there."""
    return stored_as(host, repository) != repository
