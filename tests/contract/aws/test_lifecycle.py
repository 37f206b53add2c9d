"""The lifecycle policy of a repository and its images: over moto, and as ECR's model describes its answers."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.secrets import Secrets
from erp_build.errors import ConfigurationError
from erp_build.model.images.lifecycle import Lifecycle, LifecyclePolicy, ListedImage
from tests.contract.aws.conftest import client, store_image, stubbed
from tests.support.lifecycle import keeps, policy_text, rules_of

REPOSITORY = "erp/notification-service"
PUSHED = datetime(2026, 11, 1, tzinfo=UTC)
TEXT = policy_text(keeps(3))
POLICY = {"lifecyclePolicyText": TEXT}
ASKED = {"repositoryName": REPOSITORY}
FIRST_PAGE = {**ASKED, "maxResults": 1000}


def detail(digest: str, *tags: str, **more: Any) -> dict[str, Any]:
    return {"imageDigest": digest, "imageTags": list(tags), "imagePushedAt": PUSHED, **more}


def read(ecr: Any) -> Lifecycle:
    return EcrRegistry(ecr, Secrets()).lifecycle(REPOSITORY)


def listed(*details: dict[str, Any]) -> tuple[ListedImage, ...]:
    """What is made of the images of one page."""
    ecr, stub = stubbed("ecr")
    stub.add_response("get_lifecycle_policy", POLICY, ASKED)
    stub.add_response("describe_images", {"imageDetails": list(details)}, FIRST_PAGE)
    return read(ecr).images


@pytest.mark.usefixtures("account")
def test_a_policy_is_read_with_the_images_that_it_is_about() -> None:
    digest = store_image(REPOSITORY, "abc1234")
    client("ecr").put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=TEXT)
    found = read(client("ecr"))
    assert found.policy == LifecyclePolicy(rules_of(keeps(3)))
    (image,) = found.images
    assert (image.digest, image.tags) == (digest, ("abc1234",))


@pytest.mark.usefixtures("account")
def test_without_a_policy_or_a_repository_there_is_no_rule() -> None:
    assert read(client("ecr")) == Lifecycle()
    store_image(REPOSITORY, "abc1234")
    assert read(client("ecr")) == Lifecycle()


def test_without_a_policy_nobody_asks_for_the_images() -> None:
    ecr, stub = stubbed("ecr")
    stub.add_client_error("get_lifecycle_policy", "LifecyclePolicyNotFoundException", expected_params=ASKED)
    assert read(ecr) == Lifecycle()
    stub.assert_no_pending_responses()


def test_a_repository_is_asked_once() -> None:
    ecr, stub = stubbed("ecr")
    stub.add_client_error("get_lifecycle_policy", "LifecyclePolicyNotFoundException", expected_params=ASKED)
    registry = EcrRegistry(ecr, Secrets())
    assert registry.lifecycle(REPOSITORY) == registry.lifecycle(REPOSITORY) == Lifecycle()


def test_all_pages_are_read() -> None:
    ecr, stub = stubbed("ecr")
    stub.add_response("get_lifecycle_policy", POLICY, ASKED)
    stub.add_response("describe_images", {"imageDetails": [detail("sha256:1")], "nextToken": "2"}, FIRST_PAGE)
    stub.add_response("describe_images", {"imageDetails": [detail("sha256:2")]}, {**FIRST_PAGE, "nextToken": "2"})
    assert [one.digest for one in read(ecr).images] == ["sha256:1", "sha256:2"]


def test_an_image_has_its_tags_its_times_and_what_it_is_about() -> None:
    pulled = PUSHED + timedelta(days=3)
    plain = detail("sha256:1", "a", "b", lastRecordedPullTime=pulled)
    artifact = {**detail("sha256:2", subjectManifestDigest="sha256:1"), "imageTags": []}
    index = detail("sha256:3", "v1", imageManifestMediaType="application/vnd.oci.image.index.v1+json")
    assert listed(plain, artifact, index) == (
        ListedImage("sha256:1", ("a", "b"), PUSHED, pulled),
        ListedImage("sha256:2", (), PUSHED, subject="sha256:1"),
        ListedImage("sha256:3", ("v1",), PUSHED, is_index=True),
    )


@pytest.mark.parametrize(("days", "counts"), [(1, False), (5, True)])
def test_what_came_back_from_the_archive_is_as_young_as_that(days: int, *, counts: bool) -> None:
    restored, pulled = PUSHED + timedelta(days=3), PUSHED + timedelta(days=days)
    (image,) = listed(detail("sha256:1", lastActivatedAt=restored, lastRecordedPullTime=pulled))
    assert (image.pushed, image.pulled) == (restored, pulled if counts else None)


@pytest.mark.parametrize(
    ("call", "action"),
    [("get_lifecycle_policy", "ecr:GetLifecyclePolicy"), ("describe_images", "ecr:DescribeImages")],
)
def test_who_may_not_ask_learns_which_action_it_needs(call: str, action: str) -> None:
    ecr, stub = stubbed("ecr")
    if call == "describe_images":
        stub.add_response("get_lifecycle_policy", POLICY, ASKED)
    stub.add_client_error(call, "AccessDeniedException", http_status_code=400)
    with pytest.raises(ConfigurationError, match=f"{action} is not allowed"):
        read(ecr)


def test_a_text_that_is_no_policy_is_a_doubt() -> None:
    ecr, stub = stubbed("ecr")
    stub.add_response(
        "get_lifecycle_policy", {"lifecyclePolicyText": json.dumps(["no policy has this form" * 5])}, ASKED
    )
    stub.add_response("describe_images", {"imageDetails": []}, FIRST_PAGE)
    assert read(ecr).policy.doubt.startswith("its text cannot be read")
