"""What several units of a run ask the account alike, and no unit changes: it is asked once for all of them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from erp_build.clients.protocols import Approvals, Clients, Identity, Parameters


class IdentityOnce:
    """Who calls AWS; an error is not remembered."""

    def __init__(self, identity: Identity) -> None:
        self.region = identity.region
        self.account = cache(identity.account)


class ParametersOnce:
    """Parameter Store, which is not asked twice for the same names; secrets are asked for each time."""

    def __init__(self, parameters: Parameters) -> None:
        self._read = cache(parameters.read)
        self.read_secrets = parameters.read_secrets

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """The values of those names that exist."""
        return dict(self._read(tuple(names)))


class ApprovalsOnce:
    """Who approved the execution of a pipeline that all units belong to; an error is not remembered."""

    def __init__(self, approvals: Approvals) -> None:
        self.given = cache(approvals.given)


def account_asked_once(clients: Clients) -> Clients:
    """Return the same clients, which remember the account, the parameters, and who approved."""
    return replace(
        clients,
        identity=IdentityOnce(clients.identity),
        parameters=ParametersOnce(clients.parameters),
        approvals=ApprovalsOnce(clients.approvals),
    )
