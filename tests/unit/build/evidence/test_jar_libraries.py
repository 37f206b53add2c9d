"""The libraries in a jar: of Spring Boot's kinds, of others, and of what is no jar."""

import hashlib
import io
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from erp_build.build.evidence import jar_libraries
from erp_build.build.evidence.jar_libraries import LARGEST_TEXT, NO_JAR, NO_LIBRARIES, application_of
from erp_build.formats.evidence.sbom import sbom_fault, sbom_of

BOOT = "Main-Class: org.springframework.boot.loader.launch.JarLauncher\nStart-Class: A\nSpring-Boot-Version: 3.3.0\n"


def properties(group: str, name: str, version: str) -> dict[str, bytes]:
    text = f"groupId={group}\nartifactId={name}\nversion={version}\n"
    return {f"META-INF/maven/{group}/{name}/pom.properties": text.encode()}


def jar_of(entries: Mapping[str, bytes], how: int = ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w", how) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return made.getvalue()


def written(folder: Path, entries: Mapping[str, bytes], how: int = ZIP_STORED) -> Path:
    path = folder / "a-1.jar"
    path.write_bytes(jar_of(entries, how))
    return path


CORE = jar_of(properties("org.x", "core", "2.0"), ZIP_DEFLATED)
PLAIN = jar_of({"META-INF/MANIFEST.MF": b"Implementation-Title: spring-core\nImplementation-Version: 6.1\n"})


@pytest.mark.parametrize("how", [ZIP_STORED, ZIP_DEFLATED])
@pytest.mark.parametrize("folder", ["BOOT-INF/lib", "WEB-INF/lib", "WEB-INF/lib-provided", "lib"])
def test_the_nested_jars_are_the_libraries_in_the_order_of_their_names(tmp_path: Path, folder: str, how: int) -> None:
    entries = {
        "META-INF/MANIFEST.MF": BOOT.encode(),
        **properties("com.erp", "a", "1"),
        f"{folder}/spring-core-6.1.jar": PLAIN,
        f"{folder}/core-2.0.jar": CORE,
    }
    found = application_of("a", written(tmp_path, entries, how), "backend/a/target/a-1.jar")
    assert found.jar
    assert (found.jar.group, found.jar.name, found.jar.version) == ("com.erp", "a", "1")
    assert found.jar.path == "backend/a/target/a-1.jar"
    assert [one.path for one in found.libraries] == [f"{folder}/core-2.0.jar", f"{folder}/spring-core-6.1.jar"]
    assert [one.group for one in found.libraries] == ["org.x", ""]
    assert [one.sha256 for one in found.libraries] == [hashlib.sha256(one).hexdigest() for one in (CORE, PLAIN)]
    assert found.unknown == ""


def test_the_digest_of_the_jar_is_that_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, {"lib/core-2.0.jar": CORE})
    found = application_of("a", path)
    assert found.jar
    assert found.jar.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_library_that_is_no_jar_is_known_by_its_bytes(tmp_path: Path) -> None:
    found = application_of("a", written(tmp_path, {"BOOT-INF/lib/odd.jar": b"no jar at all"}))
    assert [(one.name, one.known_by) for one in found.libraries] == [("odd", "its bytes alone")]
    assert found.libraries[0].sha256 == hashlib.sha256(b"no jar at all").hexdigest()


def test_without_a_jar_the_reason_is_said() -> None:
    assert application_of("a", None).unknown == NO_JAR


def test_a_jar_whose_libraries_are_unpacked_in_it_says_so_and_names_those_that_are_known(tmp_path: Path) -> None:
    entries = {**properties("com.erp", "a", "1"), **properties("org.x", "core", "2"), "A.class": b""}
    found = application_of("a", written(tmp_path, entries))
    assert found.jar
    assert [one.name for one in found.jar.inside] == ["core"]
    assert found.unknown == NO_LIBRARIES


def test_a_jar_without_libraries_lacks_none(tmp_path: Path) -> None:
    found = application_of("a", written(tmp_path, {"META-INF/MANIFEST.MF": b"Main-Class: A\n", "A.class": b""}))
    assert (found.libraries, found.unknown) == ((), "")


@pytest.mark.parametrize("content", [b"", b"PK", CORE[:-10]], ids=["empty", "two bytes", "cut off"])
def test_what_cannot_be_read_as_a_jar_is_said_and_the_bill_stays_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jar"
    path.write_bytes(content)
    found = application_of("a", path)
    assert found.unknown == "its jar cannot be read: BadZipFile"
    assert sbom_fault(sbom_of("h/a", f"sha256:{'a' * 64}", ("", ""), found, "1").decode()) == ""


def test_a_text_that_is_too_long_says_nothing(tmp_path: Path) -> None:
    manifest = b"Implementation-Version: 9\n" + b"X: y\n" * (LARGEST_TEXT // 5)
    nested = jar_of({"META-INF/MANIFEST.MF": manifest}, ZIP_DEFLATED)
    found = application_of("a", written(tmp_path, {"lib/odd.jar": nested}))
    assert found.libraries[0].version == ""


def test_a_large_library_is_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jar_libraries, "IN_MEMORY", 1 << 20)
    nested = jar_of({"a": bytes(40 << 20), **properties("g", "big", "1")})
    path = written(tmp_path, {"lib/big-1.jar": nested})
    del nested
    tracemalloc.start()
    found = application_of("a", path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.libraries[0].group == "g"
    assert peak < 8 << 20
