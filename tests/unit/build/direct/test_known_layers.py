"""What the last image of a repository says about its layers."""

from typing import Any

import pytest

from erp_build.build.direct.known_layers import layers_known_by
from erp_build.formats.oci.manifest import manifest_of
from erp_build.formats.oci.media_types import DOCKER_CONFIG, DOCKER_LAYER_GZIP, DOCKER_LAYER_ZSTD, DOCKER_MANIFEST
from erp_build.model.images.oci import Descriptor

CONFIG = Descriptor(DOCKER_CONFIG, f"sha256:{'c' * 64}", 10)
ONE, TWO = (Descriptor(DOCKER_LAYER_GZIP, f"sha256:{digit * 64}", 20) for digit in "12")


def test_a_layer_is_known_by_what_it_is_before_compression() -> None:
    manifest = manifest_of(CONFIG, (ONE, TWO), DOCKER_MANIFEST)
    assert layers_known_by(manifest, {"rootfs": {"diff_ids": ["sha256:a", "sha256:b"]}}) == {
        "sha256:a": ONE,
        "sha256:b": TWO,
    }


def test_a_layer_of_another_compression_is_not_taken() -> None:
    manifest = manifest_of(CONFIG, (ONE._replace(media_type=DOCKER_LAYER_ZSTD), TWO), DOCKER_MANIFEST)
    assert layers_known_by(manifest, {"rootfs": {"diff_ids": ["sha256:a", "sha256:b"]}}) == {"sha256:b": TWO}


@pytest.mark.parametrize(
    "config",
    [{}, {"rootfs": None}, {"rootfs": {"diff_ids": ["sha256:a"]}}, {"rootfs": {"diff_ids": 3}}, {"rootfs": []}],
)
def test_documents_that_do_not_fit_together_say_nothing(config: dict[str, Any]) -> None:
    assert layers_known_by(manifest_of(CONFIG, (ONE, TWO), DOCKER_MANIFEST), config) == {}


def test_what_is_no_image_says_nothing() -> None:
    manifest = manifest_of(CONFIG, (ONE,), DOCKER_MANIFEST)._replace(content=b"{}")
    assert layers_known_by(manifest, {"rootfs": {"diff_ids": ["sha256:a"]}}) == {}
