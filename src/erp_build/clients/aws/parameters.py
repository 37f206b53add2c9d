"""Parameter Store."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from erp_build.clients.aws.session import translate_aws_errors
from erp_build.clients.secrets import MIN_MASKED_LENGTH, Secrets
from erp_build.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SECURE_STRING = "SecureString"
MAX_NAMES_PER_CALL = 10
"""The most names that GetParameters takes."""


class ParameterStore:
    """Reads parameters by their names; a SecureString is a secret before anybody sees it."""

    def __init__(self, client: "SSMClient", secrets: Secrets) -> None:
        self._client = client
        self._secrets = secrets

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """The values of those names that exist; the service answers a missing one with silence, not with an error."""
        return {name: value for name, (value, _) in self._read(names).items()}

    def read_secrets(self, names: Sequence[str]) -> dict[str, str]:
        """The values of these SecureStrings; a secret that everybody may read as a String is not taken for one."""
        found = self._read(names)
        wrong = [f"{name} is not there" for name in names if name not in found]
        wrong += [
            f"{name} is a {kind}, not a SecureString" for name, (_, kind) in found.items() if kind != SECURE_STRING
        ]
        wrong += [f"{name} is too short to be kept out of the log" for name, (value, _) in found.items()
                  if len(value) < MIN_MASKED_LENGTH]  # fmt: skip
        if wrong:
            raise ConfigurationError(
                "secrets cannot be read",
                where="Parameter Store",
                why="\n".join(wrong),
                next_step="aws ssm put-parameter --type SecureString, or correct `secrets` of [[check]]",
            )
        return {name: value for name, (value, _) in found.items()}

    def _read(self, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Name -> value and type."""
        wanted = list(dict.fromkeys(names))
        found: dict[str, tuple[str, str]] = {}
        for start in range(0, len(wanted), MAX_NAMES_PER_CALL):
            with translate_aws_errors("ssm:GetParameters", "Parameter Store"):
                answer = self._client.get_parameters(
                    Names=wanted[start : start + MAX_NAMES_PER_CALL], WithDecryption=True
                )
            for parameter in answer["Parameters"]:
                kind = str(parameter.get("Type", ""))
                if kind == SECURE_STRING:
                    self._secrets.add(parameter["Value"])
                found[parameter["Name"]] = (parameter["Value"], kind)
        return found
