"""Images by their names, as `gate IMAGE` takes them."""

import pytest

from erp_build.cli.verbs.gate import find_image
from erp_build.errors import ConfigurationError
from tests.fakes.registry import HOST, FakeRegistry

REPOSITORY = "erp/notification-service"


@pytest.fixture
def registry() -> FakeRegistry:
    made = FakeRegistry([REPOSITORY])
    made.push(REPOSITORY, "abc1234", "a" * 40)
    return made


@pytest.mark.parametrize("name", [f"{REPOSITORY}:abc1234", f"{HOST}/{REPOSITORY}:abc1234", "by digest"])
def test_an_image_is_found_by_tag_or_digest_with_the_host_or_without(name: str, registry: FakeRegistry) -> None:
    digest = registry.tags[REPOSITORY, "abc1234"]
    image = find_image(registry, f"{REPOSITORY}@{digest}" if name == "by digest" else name)
    assert (image.repository, image.digest) == (REPOSITORY, digest)


@pytest.mark.parametrize(
    ("name", "what"),
    [(REPOSITORY, "names no image"), (f"{REPOSITORY}:none", "no such image"), ("erp/none:abc1234", "no such image")],
)
def test_what_is_no_image_is_a_mistake_of_the_caller(name: str, what: str, registry: FakeRegistry) -> None:
    with pytest.raises(ConfigurationError, match=what):
        find_image(registry, name)
