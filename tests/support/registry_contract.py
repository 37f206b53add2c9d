"""What every registry answers that images are pushed to: the fake one, and the sandbox's front in the place of ECR."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from erp_build.clients.registries.base import base_image
from erp_build.clients.registries.connection import RegistryFailed
from erp_build.clients.registries.kept_blobs import KeptBlobs
from erp_build.clients.registries.push import ImagePush
from erp_build.clients.registries.registry import Registry
from erp_build.errors import PushFailed, TagTaken
from erp_build.formats.oci.manifest import manifest_of
from erp_build.formats.oci.media_types import EMPTY_CONTENT, OCI_EMPTY, OCI_MANIFEST
from erp_build.model.images.oci import Descriptor, MadeImage
from tests.support.images import descriptor_of, made_image, random_bytes

BOM = "application/vnd.cyclonedx+json"


@dataclass(frozen=True)
class Place:
    """A registry with two empty repositories, and one whose tags are immutable.

    Attributes:
        read: a client that base images are read with; `missing` is a repository that nobody has made.
        folder: for files of layers.
    """

    registry: Registry
    read: Registry
    one: str
    other: str
    immutable: str
    missing: str
    folder: Path

    def push(self, repository: str, tag: str, image: MadeImage) -> str:
        kept = self.folder / "kept"
        kept.mkdir(exist_ok=True)
        return ImagePush(self.registry, lambda _: self.read, KeptBlobs(kept)).push_image(repository, tag, image).digest

    def image(self, seed: int) -> MadeImage:
        return made_image(self.folder, seed=seed)


def an_image_is_pushed_and_read_back(place: Place) -> None:
    image = place.image(1)
    assert place.push(place.one, "1", image) == image.manifest.digest
    for reference in ("1", image.manifest.digest):
        assert place.registry.manifest(place.one, reference) == image.manifest
    for layer in image.layers:
        descriptor = layer if isinstance(layer, Descriptor) else layer.descriptor
        with place.read.blob(place.one, descriptor) as blob:
            assert len(blob.read()) == descriptor.size


def what_is_not_there_is_none(place: Place) -> None:
    assert place.registry.manifest(place.one, "never") is None
    assert place.registry.manifest(place.one, f"sha256:{'0' * 64}") is None
    assert not place.registry.has_blob(place.one, f"sha256:{'0' * 64}")


def a_large_layer_is_sent_as_a_stream(place: Place) -> None:
    content = random_bytes((1 << 20) + 3, 11)
    path = place.folder / "large"
    path.write_bytes(content)
    told: list[int] = []
    descriptor = descriptor_of(content)
    assert place.registry.push_blob(place.one, descriptor, lambda: path.open("rb"), on_bytes=told.append)
    assert not place.registry.push_blob(place.one, descriptor, lambda: path.open("rb"))
    assert told[-1] == len(content)
    with place.read.blob(place.one, descriptor) as blob:
        assert blob.read() == content


def a_layer_of_another_repository_reaches_this_one(place: Place) -> None:
    content = random_bytes(5_000, 12)
    path = place.folder / "mounted"
    path.write_bytes(content)
    descriptor = descriptor_of(content)
    place.registry.push_blob(place.one, descriptor, lambda: path.open("rb"))
    # ECR mounts it where the account allows that, and else takes it like any other.
    place.registry.push_blob(place.other, descriptor, lambda: path.open("rb"), mount_from=place.one)
    assert place.registry.has_blob(place.other, descriptor.digest)


def other_bytes_than_the_digest_says_are_refused(place: Place) -> None:
    path = place.folder / "wrong"
    path.write_bytes(b"wrong")
    wanted = descriptor_of(b"right")
    error = _error(PushFailed, lambda: place.registry.push_blob(place.one, wanted, lambda: path.open("rb")))
    assert "DIGEST_INVALID" in error.why or "digest" in error.why.lower()
    assert not place.registry.has_blob(place.one, wanted.digest)


def an_immutable_tag_names_its_image_for_ever(place: Place) -> None:
    first, second = place.image(2), place.image(3)
    for _ in range(2):
        assert place.push(place.immutable, "1", first) == first.manifest.digest
    # Two pushes at once: each of them saw no tag.
    assert place.registry.push_manifest(place.immutable, "1", first.manifest) == first.manifest.digest
    error = _error(TagTaken, lambda: place.push(place.immutable, "1", second))
    assert first.manifest.digest[:19] in error.why
    found = place.registry.manifest(place.immutable, "1")
    assert found == first.manifest


def a_missing_repository_is_said(place: Place) -> None:
    error = _error(PushFailed, lambda: place.push(place.missing, "1", place.image(4)))
    assert error.next_step == "create the repository, or correct `repository` in erp-build.toml"
    assert not error.passes


def what_refers_to_an_image_is_found(place: Place) -> None:
    image = place.image(5)
    place.push(place.one, "5", image)
    subject = image.manifest.descriptor
    for number in range(2):
        text = b'{"number": %d}' % number
        for content in (EMPTY_CONTENT, text):
            place.registry.push_blob(place.one, descriptor_of(content), partial(BytesIO, content))
        config, layer = descriptor_of(EMPTY_CONTENT, OCI_EMPTY), descriptor_of(text, BOM)
        made = manifest_of(config, [layer], OCI_MANIFEST, artifact_type=BOM, subject=subject)
        place.registry.push_referrers(place.one, subject, made)
        assert made.digest in {one.digest for one in place.read.referrers(place.one, subject.digest, BOM)}
    assert len(place.read.referrers(place.one, subject.digest)) == 2
    assert place.registry.manifest(place.one, "5") == image.manifest


def a_base_image_is_read(place: Place) -> None:
    diff_ids = [descriptor_of(b"%d" % number).digest for number in range(2)]
    image = made_image(place.folder, seed=6, config={"os": "linux", "rootfs": {"diff_ids": diff_ids}})
    place.push(place.one, "6", image)
    found = base_image(place.read, place.one, "6", "linux/amd64")
    assert (found.manifest, found.diff_ids) == (image.manifest, tuple(diff_ids))


CONTRACT: tuple[Callable[[Place], None], ...] = (
    an_image_is_pushed_and_read_back,
    what_is_not_there_is_none,
    a_large_layer_is_sent_as_a_stream,
    a_layer_of_another_repository_reaches_this_one,
    other_bytes_than_the_digest_says_are_refused,
    an_immutable_tag_names_its_image_for_ever,
    a_missing_repository_is_said,
    what_refers_to_an_image_is_found,
    a_base_image_is_read,
)


def _error(kind: type[RegistryFailed], work: Callable[[], Any]) -> RegistryFailed:
    """The error that work ends with."""
    try:
        work()
    except kind as error:
        return error
    raise AssertionError(f"there is no {kind.__name__}")
