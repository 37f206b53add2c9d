"""An image from a Dockerfile to its manifest, without an engine: layers, configuration, and the same digest again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from erp_build.build.direct.file_tree import FileTree
from erp_build.build.direct.image_files import ImageFiles
from erp_build.build.direct.known_layers import layers_known_by
from erp_build.build.direct.layer_reader import read_layer
from erp_build.build.direct.maker import Making, Workshop, make_image
from erp_build.errors import BuildFailed, NeedsEngine
from erp_build.formats.dockerfile.direct.reading import recipe_of
from erp_build.formats.dockerfile.direct.recipe import Recipe
from erp_build.formats.oci.digest import digest_of
from erp_build.formats.oci.manifest import image_of, manifest_of
from erp_build.formats.oci.media_types import DOCKER_MANIFEST, OCI_MANIFEST
from erp_build.model.images.oci import BaseImage, Descriptor, MadeImage, MadeLayer
from tests.support.file_trees import tree_of
from tests.unit.build.direct.test_image_files import Member, Registry, tar

CONTEXT = {"target/app.jar": "f PK jar", "conf/a.yaml": "f a", "run.sh": "f755 run"}
BASE = (("etc/passwd", "root"), ("lib", "l", "usr/lib"), ("usr/lib", "d", ""))
DOCKERFILE = """\
FROM base
WORKDIR /app
COPY target/*.jar app.jar
COPY --chown=1000:100 conf /lib/conf/
ENV MODE=test
CMD ["java", "-jar", "app.jar"]
"""


class Place:
    """What images are made with: a registry with a base image, and a folder."""

    def __init__(self, folder: Path, settings: Mapping[str, Any] | None = None, kind: str = DOCKER_MANIFEST) -> None:
        self.registry = Registry()
        self.folder = folder
        self.config = {"architecture": "amd64", "os": "linux", "config": dict(settings or {})}
        self.base = self.image(*BASE, kind=kind)
        self.tools = self.image(("bin/tool", "tool"), ("bin/pipe", "p", ""))

    def image(self, *members: Member, kind: str = DOCKER_MANIFEST) -> BaseImage:
        made = self.registry.image(tar(*members))
        config = {**self.config, "rootfs": {"type": "layers", "diff_ids": [digest_of(tar(*members))]}}
        content = json.dumps(config).encode()
        descriptor = Descriptor("application/vnd.oci.image.config.v1+json", digest_of(content), len(content))
        manifest = manifest_of(descriptor, made.layers, kind)
        return made._replace(manifest=manifest, config=config, diff_ids=(digest_of(tar(*members)),))

    def make(
        self,
        dockerfile: str = DOCKERFILE,
        context: FileTree | None = None,
        making: Making = Making("svc/Dockerfile"),  # noqa: B008 - a constant
    ) -> MadeImage:
        base = None if dockerfile.startswith("FROM scratch") else self.base
        recipe = recipe_of(dockerfile, base.config if base else {})
        assert isinstance(recipe, Recipe), recipe
        files = ImageFiles(self.registry.blob, self.folder)
        shop = Workshop(files, {"tools": self.tools}.__getitem__, self.folder)
        return make_image(recipe, context or tree_of(CONTEXT), base, shop, making)


def own_layers(image: MadeImage) -> list[list[str]]:
    """The paths in each layer of our own."""
    found = []
    for layer in image.layers:
        if isinstance(layer, MadeLayer) and layer.path:
            with layer.path.open("rb") as blob:
                found.append([path for path, _ in read_layer(blob, None, gzipped=True)])
    return found


def test_each_instruction_that_changes_files_has_a_layer(tmp_path: Path) -> None:
    image = Place(tmp_path).make()
    assert own_layers(image) == [
        ["app"],
        ["app", "app/app.jar"],
        ["usr", "usr/lib", "usr/lib/conf", "usr/lib/conf/a.yaml"],
    ]
    history = [not entry.get("empty_layer") for entry in json.loads(image.config)["history"]]
    assert history[-5:] == [True, True, True, False, False]


def test_the_manifest_names_the_bases_layers_and_then_our_own(tmp_path: Path) -> None:
    place = Place(tmp_path)
    image = place.make()
    found = image_of(image.manifest)
    named = [one.descriptor if isinstance(one, MadeLayer) else one for one in image.layers]
    assert [one.digest for one in found.layers] == [one.digest for one in named]
    assert found.layers[0].digest == place.base.layers[0].digest
    assert found.config.digest == digest_of(image.config)
    ids = json.loads(image.config)["rootfs"]["diff_ids"]
    assert ids == [*place.base.diff_ids, *(one.diff_id for one in image.layers if isinstance(one, MadeLayer))]


@pytest.mark.parametrize("kind", [DOCKER_MANIFEST, OCI_MANIFEST])
def test_the_image_is_of_the_kind_of_its_base(tmp_path: Path, kind: str) -> None:
    image = Place(tmp_path, kind=kind).make()
    assert image.manifest.media_type == kind
    kinds = {layer.media_type.split("+")[0].split(".gzip")[0] for layer in image_of(image.manifest).layers}
    assert len(kinds) == 1


def test_the_same_inputs_make_the_same_image(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    first, second = (Place(folder).make() for folder in folders)
    assert first.manifest == second.manifest
    assert first.config == second.config


def test_an_image_of_nothing_holds_what_is_copied(tmp_path: Path) -> None:
    image = Place(tmp_path).make("FROM scratch\nCOPY run.sh /\n")
    assert own_layers(image) == [["run.sh"]]
    assert image.base is None
    assert json.loads(image.config)["architecture"] == "amd64"


def test_the_labels_of_the_build_stand_in_the_configuration(tmp_path: Path) -> None:
    image = Place(tmp_path).make(making=Making("Dockerfile", labels={"erp-build.key": "abc"}))
    assert json.loads(image.config)["config"]["Labels"] == {"erp-build.key": "abc"}


def test_a_file_of_another_image_comes_out_of_its_layers(tmp_path: Path) -> None:
    image = Place(tmp_path).make("FROM base\nCOPY --from=tools /bin/tool /usr/bin/\n")
    assert own_layers(image) == [["usr", "usr/bin", "usr/bin/tool"]]


def test_the_working_directory_of_the_base_is_made_by_the_first_container_of_the_classic_builder(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, {"WorkingDir": "/srv/none"})
    assert own_layers(place.make("FROM base\nENV A=1\nENV B=2\n")) == [["srv", "srv/none"]]
    assert own_layers(place.make("FROM base\nENV A=1\n", making=Making("Dockerfile", classic=False))) == []
    assert own_layers(place.make("FROM base\nCOPY run.sh x\n")) == [["srv", "srv/none", "srv/none/x"]]


def test_a_layer_that_the_last_image_has_is_not_made_again(tmp_path: Path) -> None:
    place = Place(tmp_path)
    context = tree_of({**CONTEXT, "target/app.jar": f"f PK{'x' * (2 << 20)}"})
    last = place.make(context=context)
    known = layers_known_by(last.manifest, json.loads(last.config))
    again = place.make(context=context, making=Making("Dockerfile", known=known.get))
    assert again.manifest == last.manifest
    paths = {one.diff_id: one.path for one in again.layers if isinstance(one, MadeLayer)}
    assert [bool(path) for path in paths.values()] == [True, False, True]


def test_a_copy_that_the_engine_refuses_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="the image cannot be made of its Dockerfile") as caught:
        Place(tmp_path).make("FROM base\n\nCOPY none.jar /app/\n")
    assert (caught.value.where, caught.value.why) == (
        "svc/Dockerfile:3",
        "none.jar is not in the build context, or .dockerignore excludes it",
    )
    assert not isinstance(caught.value, NeedsEngine)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param("COPY --from=tools /bin/ /x/", "a device or a pipe", id="a pipe"),
        pytest.param("ADD run.jar /x/", "it is no zip", id="what ADD may unpack"),
    ],
)
def test_what_only_an_engine_can_do_is_left_to_it(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(NeedsEngine, match="without an engine") as caught:
        Place(tmp_path).make(f"FROM base\n{line}\n", tree_of({"run.jar": "f run"}))
    assert why in caught.value.why
