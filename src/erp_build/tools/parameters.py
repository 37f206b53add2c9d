"""Parameter Store."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from erp_build.tools.aws import asking
from erp_build.tools.secrets import Secrets

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

NAMES_PER_CALL = 10
"""The most names that GetParameters takes."""


class ParameterStore:
    """Reads parameters by their names; a SecureString is a secret before anybody sees it."""

    def __init__(self, client: "SSMClient", secrets: Secrets) -> None:
        self._client = client
        self._secrets = secrets

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """The values of those names that exist; the service answers a missing one with silence, not with an error."""
        wanted = list(dict.fromkeys(names))
        found: dict[str, str] = {}
        for start in range(0, len(wanted), NAMES_PER_CALL):
            with asking("ssm:GetParameters", "Parameter Store"):
                answer = self._client.get_parameters(Names=wanted[start : start + NAMES_PER_CALL], WithDecryption=True)
            for parameter in answer["Parameters"]:
                if parameter.get("Type") == "SecureString":
                    self._secrets.add(parameter["Value"])
                found[parameter["Name"]] = parameter["Value"]
        return found
