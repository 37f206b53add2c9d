"""Reads how a repository of ECR is scanned."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from erp_build.clients.aws.session import error_code, is_passing, translate_aws_errors
from erp_build.errors import GateInconclusive
from erp_build.formats.access_denied import read_denial
from erp_build.model.images.scan import Scanning

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient


def read_scan_type(client: "ECRClient") -> object:
    """The kind of scans of the registry as a whole, in ECR's word; None where the answer does not name it."""
    return client.get_registry_scanning_configuration().get("scanningConfiguration", {}).get("scanType")


def read_scanning(client: "ECRClient", repository: str, scan_type: Callable[[], object]) -> Scanning:
    """Read how a repository is scanned; without the two permissions the answer is "unknown", and no error.

    `scan_type` tells the kind of scans of the registry. Raises `GateInconclusive` where it cannot answer now.
    """
    found = Scanning()
    try:
        configuration = client.batch_get_repository_scanning_configuration(repositoryNames=[repository])
        for one in configuration.get("scanningConfigurations", ()):
            found = found._replace(frequency=str(one.get("scanFrequency", "")))
        kind = scan_type()
    except (ClientError, BotoCoreError) as error:
        if is_passing(error):
            with translate_aws_errors("ecr:BatchGetRepositoryScanningConfiguration", repository, GateInconclusive):
                raise
        why = error_code(error) if isinstance(error, ClientError) else str(error)
        action = "ecr:BatchGetRepositoryScanningConfiguration, ecr:GetRegistryScanningConfiguration"
        if denial := read_denial(str(error)):
            action, why = denial.action, f"{why}, {denial.next_step}"
        return found._replace(doubt=f"how the registry scans is not known ({action}: {why}); each scan is read twice")
    return found._replace(enhanced={"ENHANCED": True, "BASIC": False}.get(str(kind)))
