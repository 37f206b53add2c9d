"""The account as the demo finds it: the tenant `erp`."""

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.aws.client import client
from sandbox.cluster import admin_client
from sandbox.component import Component
from sandbox.tenants import provisioning
from sandbox.tenants.tenant import Tenant

ERP = Tenant("erp")


class Account:
    """Parameters, repositories, roles, function, topic and namespace of the demo."""

    name = "account"

    def is_up(self) -> bool:
        """Whether the function and, where there is a cluster, the namespace are there."""
        try:
            client("lambda").get_function(FunctionName=ERP.function)
        except (ClientError, BotoCoreError):
            return False
        return not admin_client.is_there() or admin_client.has_namespace(ERP.namespace)

    def up(self) -> None:
        """Make what is not there."""
        if not self.is_up():
            provisioning.create(ERP.name)

    def down(self) -> None:
        """It goes with the stand-in, which keeps it in memory."""


DEFAULT_TENANT: Component = Account()
