"""Reads which repositories of ECR need not exist, because a push makes them."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from erp_build.clients.aws.session import is_passing, translate_aws_errors
from erp_build.errors import PushFailed

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

CREATE_ON_PUSH, EVERY_REPOSITORY = "CREATE_ON_PUSH", "ROOT"
"""Of a template for new repositories: that a push makes them, and the prefix that stands for every name."""


def prefixes_made_by_push(client: "ECRClient") -> tuple[str, ...]:
    """What names of repositories begin with that a push makes, by templates; none where they may not be read."""
    try:
        pages = client.get_paginator("describe_repository_creation_templates").paginate()
        templates = [one for page in pages for one in page.get("repositoryCreationTemplates", ())]
    except ClientError as error:
        if is_passing(error):
            with translate_aws_errors("ecr:DescribeRepositoryCreationTemplates", "the registry", PushFailed):
                raise
        return ()
    prefixes = (one.get("prefix", "") for one in templates if CREATE_ON_PUSH in one.get("appliedFor", ()))
    return tuple("" if prefix == EVERY_REPOSITORY else f"{prefix}/" for prefix in prefixes if prefix)
