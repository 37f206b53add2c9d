"""The account as the demo finds it: the tenant `erp`."""

from botocore.exceptions import BotoCoreError, ClientError

from sandbox import kube, tenant
from sandbox.part import Part

DEFAULT = tenant.Tenant("erp")


class Account:
    """Parameters, repositories, roles, function, topic and namespace of the demo."""

    name = "account"

    def is_up(self) -> bool:
        """Whether the function and, where there is a cluster, the namespace are there."""
        try:
            tenant.client("lambda").get_function(FunctionName=DEFAULT.function)
        except (ClientError, BotoCoreError):
            return False
        return not kube.is_there() or kube.has_namespace(DEFAULT.namespace)

    def up(self) -> None:
        """Make what is not there."""
        if not self.is_up():
            tenant.create(DEFAULT.name)

    def down(self) -> None:
        """It goes with the stand-in, which keeps it in memory."""


PART: Part = Account()
