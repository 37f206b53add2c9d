"""Where the image of a service stands in a values file, by the key that its configuration has."""

import pytest

from erp_build.formats.values.key import image_key


@pytest.mark.parametrize(
    ("values_key", "found"),
    [
        ("services.orders", "services.orders.image"),
        ("orders", "orders.image"),
        ("jobs[name=a]", "jobs[name=a].image"),
        ("services.a\\.b", "services.a\\.b.image"),
        ("image.tag", "image"),
        ("orders.image.tag", "orders.image"),
        # A service may be called so.
        ("services.tag", "services.tag.image"),
        ("services.image", "services.image.image"),
        ("jobs[0].image.tag", "jobs[0].image"),
    ],
)
def test_the_image_is_below_the_key_or_what_the_key_of_its_tag_says(values_key: str, found: str) -> None:
    assert image_key(values_key) == found
