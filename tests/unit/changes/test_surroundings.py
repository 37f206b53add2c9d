"""Which images count in the key of an image that is built on them."""

from typing import TYPE_CHECKING, cast

import pytest

from erp_build.changes.surroundings import surroundings_of
from erp_build.errors import BuildFailed
from erp_build.model.project import Function, Service

if TYPE_CHECKING:
    from erp_build.clients.site import Site

SERVICE = Service("a", "backend/a", "a", "services.a", package="none")
TEXT = """\
ARG V=3
FROM alpine:$V AS build
ARG V
RUN --mount=type=bind,from=quay.io/tools:$V,target=/tools --mount=from=build,target=/b /tools/make
FROM scratch
RUN --mount=target=/c,FROM=quay.io/certs /c/install
COPY --from=build /app /app
COPY --from=quay.io/init:1 /init /init
"""
IMAGES = ("alpine:3", "quay.io/tools:3", "quay.io/certs", "quay.io/init:1")


class Registries:
    """Registries behind a site; each image has a digest that tests may move."""

    def __init__(self) -> None:
        self.digests = {name: f"sha256:{number:064}" for number, name in enumerate(IMAGES)}
        self.clients = self
        self.assembly = self

    def base_digest(self, target: Service | Function, image: str) -> str:  # noqa: ARG002 - one answer for all
        """Its digest; raises `BuildFailed` for an image that nobody has."""
        if image not in self.digests:
            raise BuildFailed("there is no such image", where=image)
        return self.digests[image]


def key_of(registries: Registries) -> str:
    """The key of the image with the content `c`."""
    return surroundings_of(cast("Site", registries), SERVICE, TEXT).key("c")


def test_every_image_that_files_are_taken_from_counts_and_no_stage_does() -> None:
    found = surroundings_of(cast("Site", Registries()), SERVICE, TEXT)
    assert [name for name, _ in found.bases] == ["alpine:3", "quay.io/tools:3", "quay.io/certs", "quay.io/init:1"]
    assert found.doubts == ()


@pytest.mark.parametrize("moved", IMAGES)
def test_a_moved_image_makes_another_key(moved: str) -> None:
    registries = Registries()
    before = key_of(registries)
    assert key_of(registries) == before
    registries.digests[moved] = f"sha256:{9:064}"
    assert key_of(registries) != before


def test_a_mounted_image_that_nobody_has_is_a_doubt() -> None:
    registries = Registries()
    del registries.digests["quay.io/tools:3"]
    found = surroundings_of(cast("Site", registries), SERVICE, TEXT)
    assert [doubt.split(" (")[0] for doubt in found.doubts] == ["the digest of quay.io/tools:3 cannot be asked"]
