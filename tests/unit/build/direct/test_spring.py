"""A jar in its own layers: the same files that an engine is given, and no more of them than have changed."""

import io
import tarfile
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from erp_build.build.direct.context_tree import context_tree
from erp_build.build.direct.entries import entries_of
from erp_build.build.direct.file_tree import FileTree, Kind
from erp_build.build.direct.layer_writer import layer_digest
from erp_build.build.direct.spring import jar_in_layers
from erp_build.clients.docker.build_context import REWRITTEN_DOCKERFILE, Context
from erp_build.errors import BuildFailed
from erp_build.formats.dockerfile.direct.recipe import Copy
from tests.support.file_trees import tree_of

DOCKERFILE = "FROM jre\nWORKDIR /app\nCOPY target/*.jar app.jar\nCMD java -jar app.jar\n"
LAYERS = '- "dependencies":\n  - "BOOT-INF/lib/"\n- "application":\n  - "BOOT-INF/classes/"\n  - "META-INF/"\n'
MANIFEST = "Main-Class: org.springframework.boot.loader.launch.JarLauncher\r\nStart-Class: a.A\r\n\r\n"


def service(folder: Path, code: str = "code") -> Path:
    (folder / "target").mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    with ZipFile(folder / "target/service-1.0.jar", "w", ZIP_STORED) as jar:
        jar.writestr("META-INF/MANIFEST.MF", MANIFEST)
        jar.writestr("BOOT-INF/classes/a/A.class", code)
        jar.writestr("BOOT-INF/lib/spring-core.jar", "library" * 1000)
        jar.writestr("BOOT-INF/lib/알림.jar", "other")
        jar.writestr("BOOT-INF/layers.idx", LAYERS)
    return folder


def sent(folder: Path) -> tuple[dict[str, bytes], str]:
    """What the engine is given: the files of its context, and the Dockerfile."""
    spool = io.BytesIO()
    Context(folder, "Dockerfile").write_layered(spool, DOCKERFILE, folder / "target/service-1.0.jar")
    with tarfile.open(fileobj=spool) as tar:
        found = {one.name: stream.read() for one in tar if (stream := tar.extractfile(one))}
    return found, found.pop(REWRITTEN_DOCKERFILE).decode()


def read(tree: FileTree) -> dict[str, bytes]:
    found = {}
    for path, node in tree.items():
        if node.kind is Kind.FILE and node.content:
            with node.content() as content:
                found[path] = content.read()
    return found


def test_the_parts_and_the_dockerfile_are_those_that_an_engine_is_given(tmp_path: Path) -> None:
    folder = service(tmp_path / "service")
    tree = context_tree(folder, "Dockerfile")
    jar = folder / "target/service-1.0.jar"
    with jar_in_layers(tree, DOCKERFILE, jar, "target/service-1.0.jar", "Dockerfile", tmp_path) as text:
        assert (read(tree), text) == sent(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["service"]


def layers(folder: Path, beside: Path) -> list[str]:
    """The digest of the layer of each COPY."""
    tree, image = context_tree(folder, "Dockerfile"), tree_of({})
    jar = folder / "target/service-1.0.jar"
    with jar_in_layers(tree, DOCKERFILE, jar, "target/service-1.0.jar", "Dockerfile", beside) as text:
        lines = [line.split() for line in text.splitlines() if line.startswith("COPY")]
        steps = [Copy(1, "", (line[1],), "/app/") for line in lines]
        return [layer_digest(entries_of(step, tree, image, classic=True)) for step in steps]


def test_a_change_of_the_application_leaves_the_layer_of_its_libraries(tmp_path: Path) -> None:
    before = layers(service(tmp_path / "before"), tmp_path)
    after = layers(service(tmp_path / "after", code="other code"), tmp_path)
    assert len(before) == 2
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_jar_without_layers_is_refused_with_the_way_out(tmp_path: Path) -> None:
    folder = service(tmp_path / "service")
    with ZipFile(folder / "target/service-1.0.jar", "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "Main-Class: a.A\n")
    tree = context_tree(folder, "Dockerfile")
    jar_path = folder / "target/service-1.0.jar"
    with (
        pytest.raises(BuildFailed, match="the jar has no layers"),
        jar_in_layers(tree, DOCKERFILE, jar_path, "target/service-1.0.jar", "Dockerfile", tmp_path),
    ):
        pass


def test_a_damaged_jar_is_named(tmp_path: Path) -> None:
    folder = service(tmp_path / "service")
    jar = folder / "target/service-1.0.jar"
    jar.write_bytes(jar.read_bytes().replace(b"code", b"c0de", 1))
    with (
        pytest.raises(BuildFailed, match="the jar cannot be read") as caught,
        jar_in_layers(
            context_tree(folder, "Dockerfile"), DOCKERFILE, jar, "target/service-1.0.jar", "Dockerfile", tmp_path
        ),
    ):
        pass
    assert caught.value.where == str(jar)
