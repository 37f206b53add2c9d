"""A worker builds the commit that the run which began it has planned, and says so; of another one it builds nothing."""

from collections.abc import Mapping

from erp_build.clients.protocols import Clients
from erp_build.config.codebuild import PLANNED_COMMIT
from erp_build.errors import ConfigurationError


def require_planned_commit(clients: Clients, head: str, variables: Mapping[str, str]) -> None:
    """Compare the commit with the one that a run has given to its worker; without one nothing is compared.

    Args:
        clients: tell what is built, and name the checkout.
        head: the full commit that would be built.
        variables: environment variables.

    Raises `ConfigurationError` where they differ.
    """
    planned = variables.get(PLANNED_COMMIT, "").strip()
    if not planned:
        return
    if planned != head:
        raise ConfigurationError(
            "this is not the commit that the run has planned",
            where=str(clients.repository.root),
            why=f"the checkout is {head}, {PLANNED_COMMIT} is {planned}",
            next_step="build what CodeBuild checks out: a buildspec that checks out a branch takes another commit",
        )
    clients.progress.say(f"worker of a run: the commit is {head}, as the run has planned it")
