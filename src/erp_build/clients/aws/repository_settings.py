"""Settings of the account's image repositories. Reading only; used by `doctor` alone."""

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from erp_build.clients.aws.session import error_code, translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient


class RepositorySettings:
    """Reads the settings of repositories."""

    def __init__(self, client: "ECRClient") -> None:
        self._client = client

    def may_move(self, repository: str, tag: str) -> bool | None:
        """Whether a tag may be moved to another image; None where there is no such repository."""
        with translate_aws_errors("ecr:DescribeRepositories", repository):
            try:
                found = self._client.describe_repositories(repositoryNames=[repository])["repositories"][0]
            except ClientError as error:
                if error_code(error) == "RepositoryNotFoundException":
                    return None
                raise
        mode = found.get("imageTagMutability", "MUTABLE")
        filters = [one["filter"] for one in found.get("imageTagMutabilityExclusionFilters", ())]
        is_excluded = mode.endswith("_WITH_EXCLUSION") and any(fnmatchcase(tag, pattern) for pattern in filters)
        return mode.startswith("IMMUTABLE") == is_excluded
