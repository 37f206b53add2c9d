"""The cases of `tests/cases/direct_images.json`: Dockerfiles with contexts and bases, and what we make of them."""

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from erp_build.build.direct.context_tree import context_tree
from erp_build.build.direct.image_files import ImageFiles
from erp_build.build.direct.maker import Making, Workshop, make_image
from erp_build.formats.dockerfile.direct.reading import recipe_of
from erp_build.formats.dockerfile.direct.recipe import Recipe
from erp_build.formats.dockerfile.stages import final_base
from erp_build.formats.oci.configuration import MadeStep, configuration_of
from erp_build.formats.oci.media_types import DOCKER_LAYER, DOCKER_MANIFEST
from erp_build.model.images.oci import BaseImage, Descriptor, MadeLayer, Manifest
from tests.support.cases import rows
from tests.support.flattened import Image

PLACES: Mapping[str, tuple[Any, ...]] = {
    "app/": (0o750, 1000, 1000),
    "app/keep.txt": (0o640, 1000, 1000, "keep"),
    "app/old/": (0o755, 0, 0),
    "app/old/file": (0o644, 0, 0, "old"),
    "bin/": (0o755, 0, 0),
    "bin/tool": (0o4755, 0, 0, "tool"),
    "data/": (0o755, 0, 0),
    "data/link": (0o777, 0, 0, "-> ../app"),
    "etc/": (0o755, 0, 0),
    "etc/group": (0o644, 0, 0, "root:x:0:\napp:x:1000:\n"),
    "etc/passwd": (0o644, 0, 0, "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/app:/bin/sh\n"),
    "lib": (0o777, 0, 0, "-> usr/lib"),
    "opt/": (0o755, 0, 0),
    "run/": (0o755, 0, 0),
    "srv/": (0o755, 0, 0),
    "srv/app/": (0o700, 65532, 65532),
    "tmp/": (0o1777, 0, 0),
    "usr/": (0o755, 0, 0),
    "usr/lib/": (0o755, 0, 0),
    "usr/lib/x": (0o755, 0, 0, "x"),
    "var/": (0o755, 0, 0),
    "var/run": (0o777, 0, 0, "-> /run"),
    "설정/": (0o755, 0, 0),
    "설정/값.txt": (0o644, 0, 0, "값"),
}
"""A base image: path -> mode, user, group, and content; `->` stands before where a link leads."""

OTHER: Mapping[str, tuple[Any, ...]] = {
    "lambda-adapter": (0o755, 0, 0, "adapter"),
    "tree/": (0o750, 7, 8),
    "tree/a.txt": (0o644, 0, 0, "a"),
    "tree/deep/": (0o700, 0, 0),
    "tree/deep/b": (0o600, 5, 6, "b"),
    "tree/owned.txt": (0o640, 1234, 5678, "owned"),
    "tree/to-file": (0o777, 0, 0, "-> a.txt"),
    "tree/to-folder": (0o777, 0, 0, "-> deep"),
}
"""An image that files are copied from."""

PLAIN_CHANGES = ("ENV PATH=/opt/java/bin:/usr/bin", "ENV LANG=C.UTF-8", 'CMD ["sh"]')
PLACED_CHANGES = (
    *("ENV PATH=/usr/bin", "ENV LANG=C", "WORKDIR /srv/app", "EXPOSE 8080", "LABEL vendor=base", "VOLUME /data"),
    *('ENTRYPOINT ["/entry"]', 'CMD ["sh"]', "HEALTHCHECK --retries=3 CMD up"),
)
IMAGES: Mapping[str, tuple[Mapping[str, tuple[Any, ...]], tuple[str, ...]]] = {
    "base": (PLACES, PLAIN_CHANGES),
    "placed": (PLACES, PLACED_CHANGES),
    "other": (OTHER, ()),
}
"""Name in the cases -> files, and settings as `docker import --change` takes them."""

EARLY = (1980, 1, 1, 0, 0, 0)


class Case(NamedTuple):
    """A case: a Dockerfile in which `{base}` stands for the name of an image, and the files of its context."""

    name: str
    text: str
    files: Mapping[str, Any]
    target: str = ""
    arguments: Mapping[str, str] = {}
    builders: tuple[str, ...] = ("classic", "buildkit")

    def write(self, folder: Path, names: Mapping[str, str]) -> str:
        """Write the context and return the Dockerfile's text; `names` are those of the images."""
        text = self.text
        for name, full in names.items():
            text = text.replace(f"{{{name}}}", full)
        folder.mkdir(parents=True)
        for name, spec in {**self.files, "Dockerfile": text}.items():
            _write(folder / name, spec if isinstance(spec, dict) else {"text": spec})
        return text


def cases() -> Iterator[Case]:
    """All of them."""
    for row in rows("direct_images"):
        more = {name: row[name] for name in ("target", "arguments") if name in row}
        yield Case(row["id"], row["text"], row["files"], builders=tuple(row.get("builders", Case("", "", {}).builders)),
                   **more)  # fmt: skip


def root_archive(places: Mapping[str, tuple[Any, ...]]) -> bytes:
    """The files of an image as a tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, (mode, user, group, *content) in places.items():
            member = tarfile.TarInfo(path.rstrip("/"))
            member.mode, member.uid, member.gid = mode, user, group
            text = "".join(content)
            if path.endswith("/"):
                member.type = tarfile.DIRTYPE
            elif text.startswith("-> "):
                member.type, member.linkname = tarfile.SYMTYPE, text.removeprefix("-> ")
            blob = text.encode() if member.isreg() else b""
            member.size = len(blob)
            tar.addfile(member, io.BytesIO(blob))
    return buffer.getvalue()


def imagined() -> dict[str, Image]:
    """The images by their names in the cases, as an engine would have them."""
    found = {}
    for name, (places, changes) in IMAGES.items():
        archive = root_archive(places)
        recipe = recipe_of("\n".join(("FROM scratch", *changes)), {})
        assert isinstance(recipe, Recipe), recipe
        config = json.loads(configuration_of({}, [MadeStep(step) for step in recipe.steps], recipe.platform))
        found[name] = Image({**config, "rootfs": {"type": "layers", "diff_ids": [_digest(archive)]}}, (archive,))
    return found


class Made(NamedTuple):
    """An image that was made without an engine, and the digest of its manifest."""

    image: Image
    digest: str


def make_directly(case: Case, folder: Path, text: str, images: Mapping[str, Image], *, classic: bool) -> Made:
    """Make the image of a case.

    Args:
        case: the case, whose context has been written.
        folder: the context.
        text: the Dockerfile.
        images: those that it names.
        classic: which builder is followed.
    """
    base = images.get(final_base(text, case.target, case.arguments))
    recipe = recipe_of(text, base.config if base else {}, target=case.target, arguments=case.arguments)
    assert isinstance(recipe, Recipe), recipe
    private = folder.with_name(f"{folder.name}-layers")
    private.mkdir(mode=0o700, exist_ok=True)
    shop = Workshop(ImageFiles(_opener(images), private), lambda name: _base_image(images[name]), private)
    made = make_image(recipe, context_tree(folder, "Dockerfile"), _base_image(base) if base else None, shop,
                      Making(f"{case.name}/Dockerfile", classic))  # fmt: skip
    own = (layer for layer in made.layers if isinstance(layer, MadeLayer) and layer.path)
    layers = (
        *(base.layers if base else ()),
        *(gzip.decompress(layer.path.read_bytes()) for layer in own if layer.path),
    )
    return Made(Image(json.loads(made.config), layers), made.manifest.digest)


def _base_image(image: Image) -> BaseImage:
    digests = tuple(_digest(layer) for layer in image.layers)
    layers = tuple(
        Descriptor(DOCKER_LAYER, digest, len(layer)) for digest, layer in zip(digests, image.layers, strict=True)
    )
    identity = _digest(json.dumps([image.config, digests], sort_keys=True).encode())
    return BaseImage("engine", "image", Manifest(DOCKER_MANIFEST, identity, b""), image.config, layers, digests)


def _opener(images: Mapping[str, Image]) -> Any:
    blobs = {_digest(layer): layer for image in images.values() for layer in image.layers}

    @contextmanager
    def open_blob(_: BaseImage, layer: Descriptor) -> Iterator[IO[bytes]]:
        yield io.BytesIO(blobs[layer.digest])

    return open_blob


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _write(path: Path, spec: Mapping[str, Any]) -> None:
    """Write what a case says of a path: a text, a size, a link, a folder or a jar, and its mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if "link" in spec:
        path.symlink_to(spec["link"])
        return
    if spec.get("folder"):
        path.mkdir(exist_ok=True)
    elif "zip" in spec:
        with zipfile.ZipFile(path, "w") as jar:
            jar.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF", EARLY), f"Name: {spec['zip']}\n")
    else:
        path.write_bytes(spec["text"].encode() if "text" in spec else bytes(range(250)) * (spec["size"] // 250))
    path.chmod(int(spec.get("mode", "0755" if spec.get("folder") else "0644"), 8))
