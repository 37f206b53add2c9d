"""What a registry promises: the real tool over moto and the fake of the stage tests, by the same assertions.

moto computes the digest of an empty manifest and knows neither layers nor immutable tags: nothing here is about them.
"""

from typing import Protocol

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.protocols import Registry
from erp_build.clients.secrets import Secrets
from erp_build.model.images.image import StoredImage
from tests.contract.aws.conftest import MEDIA_TYPE, client, store_image
from tests.fakes.registry import FakeRegistry

REPOSITORY = "erp/notification-service"


class TaggingRegistry(Registry, Protocol):
    """A registry with its one write."""

    def put_tag(self, image: StoredImage, tag: str) -> None:
        """Give an image another tag."""


Made = tuple[TaggingRegistry, str]


def over_moto() -> Made:
    digest = store_image(REPOSITORY, "abc1234")
    ecr = client("ecr")
    # moto does not know templates for new repositories; this registry has none.
    answer: tuple[AWSResponse, dict[str, list[str]]] = (
        AWSResponse("", 200, HTTPHeaders(), None),
        {"repositoryCreationTemplates": []},
    )
    ecr.meta.events.register("before-call.ecr.DescribeRepositoryCreationTemplates", lambda **_: answer)
    return EcrRegistry(ecr, Secrets()), digest


def in_memory() -> Made:
    registry = FakeRegistry([REPOSITORY])
    return registry, registry.push(REPOSITORY, "abc1234", "a" * 40)


@pytest.fixture(params=[over_moto, in_memory], ids=["moto", "fake"])
def registry(request: pytest.FixtureRequest) -> Made:
    request.getfixturevalue("account")
    made: Made = request.param()
    return made


def test_an_image_is_found_by_tag_and_by_digest(registry: Made) -> None:
    tool, digest = registry
    by_tag = tool.stored(REPOSITORY, "abc1234")
    assert by_tag is not None
    assert by_tag == tool.stored(REPOSITORY, digest)
    assert (by_tag.digest, by_tag.media_type, by_tag.repository) == (digest, MEDIA_TYPE, REPOSITORY)


@pytest.mark.parametrize(
    ("repository", "reference"),
    [(REPOSITORY, "nothing"), (REPOSITORY, "sha256:" + "0" * 64), ("erp/nobody", "abc1234")],
    ids=["tag", "digest", "repository"],
)
def test_what_is_not_there_is_none(registry: Made, repository: str, reference: str) -> None:
    assert registry[0].stored(repository, reference) is None


def test_several_references_are_answered_in_their_order_whichever_name_the_same_image(registry: Made) -> None:
    tool, digest = registry
    image = tool.stored(REPOSITORY, digest)
    assert image is not None
    tool.put_tag(image, "latest")
    nobody = "sha256:" + "0" * 64
    wanted = ("nothing", "latest", digest, nobody, "abc1234", "latest")
    assert tool.stored_each(REPOSITORY, wanted) == (None, image, image, None, image, image)
    assert tool.stored_each("erp/nobody", wanted) == (None,) * 6
    assert tool.stored_each(REPOSITORY, ()) == ()


def test_missing_repositories_are_those_that_were_never_created(registry: Made) -> None:
    assert registry[0].missing_repositories([REPOSITORY, "erp/a", "erp/b"]) == ("erp/a", "erp/b")


def test_another_tag_names_the_same_manifest_and_may_be_put_again(registry: Made) -> None:
    tool, digest = registry
    image = tool.stored(REPOSITORY, digest)
    assert image is not None
    for _ in range(2):
        tool.put_tag(image, "latest")
    again = tool.stored(REPOSITORY, "latest")
    assert again is not None
    assert again.manifest == image.manifest


def test_the_host_is_the_one_of_the_sign_in(registry: Made) -> None:
    assert registry[0].host() == "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"
