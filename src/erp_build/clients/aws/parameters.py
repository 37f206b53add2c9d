"""Parameter Store."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, translate_aws_errors
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.clients.secrets import Secrets
from erp_build.errors import ConfigurationError
from erp_build.formats.secrets.names import is_maskable

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import ParameterTypeDef

SECURE_STRING = "SecureString"
MAX_NAMES_PER_CALL = 10
"""The limit of GetParameters."""


@reads_answers_of("Parameter Store", ConfigurationError, UNREADABLE_OF_AWS)
class ParameterStore:
    """Reads parameters by their names; the value of each SecureString is masked from the moment it is read."""

    def __init__(self, client: "SSMClient", secrets: Secrets) -> None:
        self._client = client
        self._secrets = secrets

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """Return the values of those names that exist; GetParameters leaves a missing name out and raises no error."""
        return {name: found["Value"] for name, found in self._read(names).items()}

    def read_secrets(self, names: Sequence[str]) -> dict[str, str]:
        """Return the values of SecureStrings; raise if one is missing, cannot be masked, or is a plain String."""
        found = self._read(names)
        wrong = [f"{name} is not there" for name in names if name not in found]
        kinds = {name: one.get("Type", "") for name, one in found.items()}
        wrong += [f"{name} is a {kind}, not a SecureString" for name, kind in kinds.items() if kind != SECURE_STRING]
        plain = [name for name, one in found.items() if not is_maskable(one["Value"])]
        wrong += [f"{name} is too short or too common a word to be kept out of the log" for name in plain]
        if wrong:
            raise ConfigurationError(
                "secrets cannot be read",
                where="Parameter Store",
                why="\n".join(wrong),
                next_step="aws ssm put-parameter --type SecureString, or correct the name in erp-build.toml",
            )
        return {name: one["Value"] for name, one in found.items()}

    def _read(self, names: Sequence[str]) -> dict[str, "ParameterTypeDef"]:
        """Name -> what GetParameters says of it."""
        # Each name once: several checks may use the same parameter.
        wanted = list(dict.fromkeys(names))
        found: dict[str, ParameterTypeDef] = {}
        for start in range(0, len(wanted), MAX_NAMES_PER_CALL):
            batch = wanted[start : start + MAX_NAMES_PER_CALL]
            with translate_aws_errors("ssm:GetParameters", "Parameter Store"):
                answer = self._client.get_parameters(Names=batch, WithDecryption=True)
            for parameter in answer["Parameters"]:
                if parameter.get("Type") == SECURE_STRING:
                    self._secrets.add(parameter["Value"])
                found[parameter["Name"]] = parameter
        return found
