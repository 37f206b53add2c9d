"""A jar of Spring Boot taken apart: what its own tool makes of it, from the index alone."""

import io
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from erp_build.clients.docker.spring_layers import LayeredJar
from erp_build.errors import BuildFailed

MANIFEST = (
    "Manifest-Version: 1.0\r\nMain-Class: org.springframework.boot.loader.launch.JarLauncher\r\n"
    "Start-Class: com.erp.App\r\nSpring-Boot-Lib: BOOT-INF/lib/\r\n\r\n"
)
LAYERS = (
    '- "dependencies":\n  - "BOOT-INF/lib/"\n- "spring-boot-loader":\n  - "org/"\n'
    '- "snapshot-dependencies":\n  - "BOOT-INF/lib/ours-SNAPSHOT.jar"\n'
    '- "application":\n  - "BOOT-INF/classes/"\n  - "META-INF/"\n'
)
ENTRIES = {
    "META-INF/MANIFEST.MF": MANIFEST,
    "META-INF/services/java.nio.file.spi.FileSystemProvider": "loader",
    "META-INF/maven/pom.properties": "version=1",
    "org/springframework/boot/loader/launch/JarLauncher.class": "loader",
    "BOOT-INF/classes/com/erp/App.class": "app",
    "BOOT-INF/classes/알림.yaml": "x: 1",
    "BOOT-INF/lib/spring-core-6.1.jar": "library",
    "BOOT-INF/lib/ours-SNAPSHOT.jar": "snapshot",
    "BOOT-INF/layers.idx": LAYERS,
    "BOOT-INF/classpath.idx": '- "BOOT-INF/lib/spring-core-6.1.jar"\n- "BOOT-INF/lib/ours-SNAPSHOT.jar"\n',
}


def jar(path: Path, **changed: str | None) -> Path:
    with ZipFile(path, "w") as archive:
        for name, text in {**ENTRIES, **changed}.items():
            if text is not None:
                archive.writestr(name, text)
    return path


def small_jar(path: Path) -> bytes:
    made = io.BytesIO()
    with LayeredJar(path) as layered:
        layered.write_application(made)
    return made.getvalue()


def application(path: Path) -> dict[str, str]:
    with ZipFile(io.BytesIO(small_jar(path))) as small:
        return {name: small.read(name).decode() for name in small.namelist() if not name.endswith("/")}


def test_the_layers_that_hold_anything_come_in_the_order_of_the_index(tmp_path: Path) -> None:
    with LayeredJar(jar(tmp_path / "app.jar")) as layered:
        assert layered.layers == ("dependencies", "snapshot-dependencies", "application")


def test_a_library_is_in_the_layer_that_names_it_most_closely(tmp_path: Path) -> None:
    with LayeredJar(jar(tmp_path / "app.jar")) as layered:
        found = {layer: [name for name, _, _ in layered.libraries(layer)] for layer in layered.layers}
    assert found == {
        "dependencies": ["lib/spring-core-6.1.jar"],
        "snapshot-dependencies": ["lib/ours-SNAPSHOT.jar"],
        "application": [],
    }


def test_the_small_jar_holds_the_services_own_files_and_not_the_launcher(tmp_path: Path) -> None:
    found = application(jar(tmp_path / "app.jar"))
    assert set(found) == {"META-INF/MANIFEST.MF", "META-INF/maven/pom.properties", "com/erp/App.class", "알림.yaml"}


def test_the_small_jar_names_the_folder_of_every_class_once(tmp_path: Path) -> None:
    """Without its entry Spring scans a package and finds nothing, and the service starts without its own answers."""
    path = jar(tmp_path / "app.jar", **{"BOOT-INF/classes/com/erp/Other.class": "x"})
    with ZipFile(io.BytesIO(small_jar(path))) as small:
        folders = [name for name in small.namelist() if name.endswith("/")]
    assert folders == ["META-INF/", "META-INF/maven/", "com/", "com/erp/"]


def test_the_small_jar_starts_the_application_with_the_libraries_beside_it(tmp_path: Path) -> None:
    manifest = application(jar(tmp_path / "app.jar"))["META-INF/MANIFEST.MF"]
    assert "Main-Class: com.erp.App\r\n" in manifest
    assert "Class-Path: lib/spring-core-6.1.jar lib/ours-SNAPSHOT.jar\r\n" in manifest
    assert "Spring-Boot-Lib" not in manifest


def test_no_line_of_the_manifest_is_longer_than_java_reads(tmp_path: Path) -> None:
    names = [f"BOOT-INF/lib/a-library-with-a-long-name-{number}.jar" for number in range(40)]
    index = "".join(f'- "{name}"\n' for name in names)
    libraries: dict[str, str | None] = dict.fromkeys(names, "x")
    manifest = application(jar(tmp_path / "app.jar", **libraries, **{"BOOT-INF/classpath.idx": index}))
    lines = manifest["META-INF/MANIFEST.MF"].encode().split(b"\r\n")
    assert max(len(line) for line in lines) <= 70
    assert names[-1].removeprefix("BOOT-INF/") in b"".join(lines).replace(b" lib", b"lib").decode().replace(" ", "")


def test_what_lies_in_the_jar_and_among_its_classes_is_taken_once(tmp_path: Path) -> None:
    twice = {
        "BOOT-INF/classes/META-INF/MANIFEST.MF": "x",
        "BOOT-INF/classes/META-INF/maven/pom.properties": "version=2",
    }
    with ZipFile(io.BytesIO(small_jar(jar(tmp_path / "app.jar", **twice)))) as small:
        names = [name for name in small.namelist() if not name.endswith("/")]
        assert small.read("META-INF/MANIFEST.MF").startswith(b"Manifest-Version")
        assert small.read("META-INF/maven/pom.properties") == b"version=1"
    assert len(names) == len(set(names))


def test_every_entry_can_be_read_as_a_stream_by_java(tmp_path: Path) -> None:
    """Java reads no entry without compression whose size stands behind it."""
    with ZipFile(io.BytesIO(small_jar(jar(tmp_path / "app.jar")))) as small:
        assert {(entry.compress_type, entry.flag_bits & 8) for entry in small.infolist()} == {(ZIP_STORED, 0)}


def test_the_same_jar_makes_the_same_bytes(tmp_path: Path) -> None:
    path = jar(tmp_path / "app.jar")
    assert small_jar(path) == small_jar(path)


def test_a_jar_without_an_index_of_layers_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="the jar has no layers") as caught:
        LayeredJar(jar(tmp_path / "app.jar", **{"BOOT-INF/layers.idx": None}))
    assert "layers = true" in caught.value.next_step


def test_a_jar_of_another_plugin_is_refused_as_what_it_is(tmp_path: Path) -> None:
    entries = {name: text for name, text in ENTRIES.items() if not name.startswith("BOOT-INF/")}
    with ZipFile(tmp_path / "shaded.jar", "w") as archive:
        for name, text in {**entries, "META-INF/MANIFEST.MF": "Main-Class: com.erp.App\n"}.items():
            archive.writestr(name, text)
        archive.writestr("org/springframework/boot/SpringApplication.class", "x")
    with pytest.raises(BuildFailed, match="the jar has no layers") as caught:
        LayeredJar(tmp_path / "shaded.jar")
    assert "it is no jar of Spring Boot's plugin" in caught.value.why
    assert "any other jar is built as it is" in caught.value.next_step
