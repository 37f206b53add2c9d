"""Layers that a registry is known to have, by their digests before compression: what is there is not compressed again.

An image says of each of its layers what it is before compression (`rootfs.diff_ids` of its configuration) and after it
(the manifest). The last image of the same repository is enough to know the dependencies of the next one.
"""

from collections.abc import Mapping
from typing import Any

from erp_build.formats.oci.manifest import image_of
from erp_build.formats.oci.media_types import DOCKER_LAYER_GZIP, OCI_LAYER_GZIP
from erp_build.model.images.oci import Descriptor, Manifest


def layers_known_by(manifest: Manifest, config: Mapping[str, Any]) -> dict[str, Descriptor]:
    """The compressed layers of an image by what they are before compression.

    Nothing where the two documents do not fit together: then all is compressed, which is never wrong.

    Args:
        manifest: of an image in the repository that is pushed to.
        config: its configuration.
    """
    try:
        layers = image_of(manifest).layers
        diff_ids = config["rootfs"]["diff_ids"]
        pairs = list(zip(diff_ids, layers, strict=True))
    except (ValueError, KeyError, TypeError):
        return {}
    gzipped = (DOCKER_LAYER_GZIP, OCI_LAYER_GZIP)
    return {diff_id: layer for diff_id, layer in pairs if isinstance(diff_id, str) and layer.media_type in gzipped}
