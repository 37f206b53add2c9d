"""Reads the lifecycle policy of a repository of ECR, and where there is one the images that it is about."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from erp_build.clients.aws.session import translate_aws_errors
from erp_build.formats.lifecycle.policy import read_policy
from erp_build.formats.oci.media_types import INDEXES
from erp_build.model.images.lifecycle import Lifecycle, ListedImage

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_ecr import ECRClient

IMAGES_PER_PAGE = 1000
"""The limit of DescribeImages; of a repository's quota of 20,000 images it makes twenty calls."""


def read_lifecycle(client: "ECRClient", repository: str) -> Lifecycle:
    """The policy and the images; no policy where there is none, or no repository yet.

    Without a policy it is one call. Archived images are left out: nobody can pull them. Raises `ConfigurationError`
    where either may not be read.
    """
    text = ""
    with (
        translate_aws_errors("ecr:GetLifecyclePolicy", repository),
        suppress(client.exceptions.LifecyclePolicyNotFoundException, client.exceptions.RepositoryNotFoundException),
    ):
        text = client.get_lifecycle_policy(repositoryName=repository)["lifecyclePolicyText"]
    if not text:
        return Lifecycle()
    with translate_aws_errors("ecr:DescribeImages", repository):
        pages = client.get_paginator("describe_images").paginate(
            repositoryName=repository, PaginationConfig={"PageSize": IMAGES_PER_PAGE}
        )
        return Lifecycle(read_policy(text), tuple(_listed(one) for page in pages for one in page["imageDetails"]))


def _listed(detail: Any) -> ListedImage:
    restored: datetime | None = detail.get("lastActivatedAt")
    pulled: datetime | None = detail.get("lastRecordedPullTime")
    return ListedImage(
        digest=detail["imageDigest"],
        tags=tuple(detail.get("imageTags") or ()),
        # "If an image was archived and then restored at any point in the past, the image's last_activated_at is used
        # instead of pushed_at_time", and instead of a pull before that.
        pushed=restored or detail["imagePushedAt"],
        pulled=pulled if restored is None or (pulled and pulled >= restored) else None,
        subject=detail.get("subjectManifestDigest", ""),
        is_index=detail.get("imageManifestMediaType") in INDEXES,
    )
