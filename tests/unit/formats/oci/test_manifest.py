"""Manifests and indexes: what is read of them, what is refused, and which image is the one of a platform."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.oci.digest import digest_of, is_digest
from erp_build.formats.oci.manifest import (
    ImageManifest,
    Index,
    image_of,
    index_of,
    manifest_of,
    platform_of,
    read_manifest,
)
from erp_build.formats.oci.media_types import (
    ACCEPTED,
    DOCKER_CONFIG,
    DOCKER_INDEX,
    DOCKER_LAYER_GZIP,
    DOCKER_MANIFEST,
    INDEXES,
    MANIFESTS,
    OCI_CONFIG,
    OCI_EMPTY,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    OCI_MANIFEST,
)
from erp_build.model.images.oci import Descriptor, Manifest

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
CONFIG = {"mediaType": DOCKER_CONFIG, "digest": A, "size": 2}
LAYER = {"mediaType": DOCKER_LAYER_GZIP, "digest": B, "size": 3}


def stored(document: object, media_type: str = DOCKER_MANIFEST) -> Manifest:
    content = json.dumps(document).encode()
    return Manifest(media_type, digest_of(content), content)


def image(**changes: Any) -> dict[str, Any]:
    found = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": CONFIG, "layers": [LAYER], **changes}
    return {name: value for name, value in found.items() if value is not None}


def test_what_is_asked_for_is_what_can_be_read() -> None:
    assert set(ACCEPTED.split(", ")) == MANIFESTS | INDEXES


@pytest.mark.parametrize("changes", [{}, {"mediaType": None}, {"annotations": {"a": "b"}}, {"unknown": [1]}])
def test_an_image_is_read(changes: dict[str, Any]) -> None:
    found = image_of(stored(image(**changes)))
    assert found.config == Descriptor(DOCKER_CONFIG, A, 2)
    assert found.layers == (Descriptor(DOCKER_LAYER_GZIP, B, 3),)


WRONG = {
    "it is a manifest of schema 1": stored({}, "application/vnd.docker.distribution.manifest.v1+prettyjws"),
    "it is no image: text/html": stored({}, "text/html"),
    "it is no image: it has no media type": stored({}, ""),
    "the manifest is no JSON object": stored([]),
    "it says that it is": stored(image(mediaType=OCI_MANIFEST)),
    "it is an image and an index at once": stored(image(manifests=[])),
    "a part of the manifest is no JSON object": stored(image(config=None)),
    "it has no list of layers": stored(image(layers=None)),
    "a part has no digest that can be checked": stored(image(layers=[LAYER | {"digest": "sha512:00"}])),
    "a part has no size": stored(image(layers=[LAYER | {"size": "3"}])),
    "it has a layer that no other registry may keep": stored(
        image(layers=[LAYER | {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}])
    ),
    "it has a layer that no other registry may keep: application/vnd.oci": stored(
        image(layers=[LAYER | {"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"}])
    ),
    "it has a layer of an unknown kind": stored(image(layers=[LAYER | {"mediaType": "application/x-squashfs"}])),
    "it is no image: application/vnd.cncf.helm.config": stored(
        image(config=CONFIG | {"mediaType": "application/vnd.cncf.helm.config.v1+json"}, layers=[])
    ),
    "it is an index of 0 manifests, not one image": stored({"manifests": []}, OCI_INDEX),
    "it is nested too deeply": Manifest(DOCKER_MANIFEST, A, b"[" * 100_000),
}


@pytest.mark.parametrize(("why", "manifest"), WRONG.items(), ids=WRONG)
def test_another_form_is_refused_with_its_reason(why: str, manifest: Manifest) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        image_of(manifest)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([A, DOCKER_LAYER_GZIP, CONFIG]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["config", "layers", "manifests", "digest", "size", "mediaType", "platform", "annotations"]
            ),
            inner,
            max_size=5,
        )
    ),
)


@given(document=ANY_JSON, media_type=st.sampled_from([DOCKER_MANIFEST, OCI_MANIFEST, DOCKER_INDEX, OCI_INDEX]))
def test_any_document_is_read_or_refused(document: object, media_type: str) -> None:
    try:
        found = read_manifest(stored(document, media_type))
    except ValueError:
        return
    assert isinstance(found, ImageManifest | Index)


def test_an_artifact_may_have_parts_of_any_kind() -> None:
    subject = Descriptor(DOCKER_MANIFEST, C, 9, "linux/amd64")
    made = manifest_of(
        Descriptor(OCI_EMPTY, A, 2),
        [Descriptor("application/vnd.cyclonedx+json", B, 3)],
        OCI_MANIFEST,
        artifact_type="application/vnd.cyclonedx+json",
        subject=subject,
        annotations=[("a", "b")],
    )
    found = read_manifest(made)
    assert isinstance(found, ImageManifest)
    assert not found.is_image
    assert found.subject == subject._replace(platform="")
    assert (found.artifact_type, found.annotations) == ("application/vnd.cyclonedx+json", (("a", "b"),))
    with pytest.raises(ValueError, match=r"it is no image: application/vnd\.cyclonedx"):
        image_of(made)


@pytest.mark.parametrize(
    ("kind", "config", "layer"),
    [(DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER_GZIP), (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER_GZIP)],
)
def test_all_parts_of_a_manifest_are_named_as_its_kind_names_them(kind: str, config: str, layer: str) -> None:
    layers = [Descriptor(name, B, 3) for name in (DOCKER_LAYER_GZIP, OCI_LAYER_GZIP)]
    made = manifest_of(Descriptor(OCI_CONFIG, A, 2), layers, kind)
    found = image_of(made)
    assert (found.config.media_type, {one.media_type for one in found.layers}) == (config, {layer})
    assert made == manifest_of(Descriptor(DOCKER_CONFIG, A, 2), layers, kind)
    assert made.digest == digest_of(made.content)


def test_a_zstandard_layer_has_a_name_in_both_kinds() -> None:
    made = manifest_of(Descriptor(OCI_CONFIG, A, 2), [Descriptor(OCI_LAYER_ZSTD, B, 3)], DOCKER_MANIFEST)
    assert image_of(made).layers[0].media_type == "application/vnd.docker.image.rootfs.diff.tar.zstd"


PLATFORMS = ("linux/amd64", "linux/arm64/v8", "linux/arm/v5", "linux/arm/v7", "windows/amd64", "unknown/unknown", "")


@pytest.mark.parametrize(
    ("platform", "found"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/arm64/v8", "linux/arm64/v8"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/v8", "linux/arm/v7"),
        ("linux/arm/v6", "linux/arm/v5"),
        ("windows/amd64", "windows/amd64"),
        ("linux/amd64/v3", ""),
        ("linux/s390x", ""),
        ("linux", ""),
        ("", ""),
        ("linux/arm/v87", ""),
    ],
)
def test_the_image_of_a_platform_is_found(platform: str, found: str) -> None:
    index = read_manifest(index_of([Descriptor(DOCKER_MANIFEST, A, 7, one) for one in PLATFORMS]))
    assert isinstance(index, Index)
    if found:
        assert platform_of(index, platform).platform == found
    else:
        with pytest.raises(ValueError, match="only for linux/amd64, linux/arm/v5"):
            platform_of(index, platform)


def test_the_first_of_two_images_of_a_platform_counts() -> None:
    index = Index(OCI_INDEX, tuple(Descriptor(DOCKER_MANIFEST, one, 7, "linux/amd64") for one in (B, A)))
    assert platform_of(index, "linux/amd64").digest == B


def test_an_index_is_written_as_it_is_read() -> None:
    parts = [Descriptor(OCI_MANIFEST, A, 7, "linux/arm64/v8", "application/x", (("b", "1"), ("a", "2")))]
    found = read_manifest(index_of(parts, [("c", "3")]))
    assert found == Index(OCI_INDEX, tuple(parts), (("c", "3"),))


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:" + "a" * 63, A.upper(), A + "\n", f"sha512:{'a' * 128}"])
def test_what_is_no_digest(text: str) -> None:
    assert not is_digest(text)
    assert is_digest(A)
