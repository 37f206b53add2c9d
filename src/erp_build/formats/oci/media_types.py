"""What a document or a layer is, as registries name it: Docker's names and OCI's for the same things."""

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP = f"{DOCKER_LAYER}.gzip"
DOCKER_LAYER_ZSTD = f"{DOCKER_LAYER}.zstd"

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP = f"{OCI_LAYER}+gzip"
OCI_LAYER_ZSTD = f"{OCI_LAYER}+zstd"

OCI_EMPTY = "application/vnd.oci.empty.v1+json"
"""The configuration of what is no image; its content is `{}`."""
EMPTY_CONTENT = b"{}"

MANIFESTS = frozenset({DOCKER_MANIFEST, OCI_MANIFEST})
INDEXES = frozenset({DOCKER_INDEX, OCI_INDEX})
CONFIGS = frozenset({DOCKER_CONFIG, OCI_CONFIG})
LAYERS = frozenset({DOCKER_LAYER, DOCKER_LAYER_GZIP, DOCKER_LAYER_ZSTD, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD})
"""Layers that a registry may keep and give to anybody."""

ACCEPTED = f"{OCI_MANIFEST}, {OCI_INDEX}, {DOCKER_MANIFEST}, {DOCKER_INDEX}"
"""What a manifest is asked for as. Without it a registry may answer with schema 1."""

SCHEMA_1 = frozenset(f"application/vnd.docker.distribution.manifest.v1+{ending}" for ending in ("json", "prettyjws"))
"""Manifests of before 2016, which have neither a configuration nor layers by their digests."""

FOREIGN_MARKS = (".foreign.", ".nondistributable.")
"""Parts of the names of layers that only the owner's server may give out, such as those of Windows."""

OF_OCI = {
    DOCKER_CONFIG: OCI_CONFIG,
    DOCKER_LAYER: OCI_LAYER,
    DOCKER_LAYER_GZIP: OCI_LAYER_GZIP,
    DOCKER_LAYER_ZSTD: OCI_LAYER_ZSTD,
}
OF_DOCKER = {oci: docker for docker, oci in OF_OCI.items()}


def fitted_to(manifest: str, part: str) -> str:
    """The name of a configuration or layer in a manifest of this kind."""
    names = OF_OCI if manifest == OCI_MANIFEST else OF_DOCKER if manifest == DOCKER_MANIFEST else {}
    return names.get(part, part)
