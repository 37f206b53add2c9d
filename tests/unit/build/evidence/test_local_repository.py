"""Libraries that do not say their group get it from Maven's local repository, where their very bytes lie there."""

import hashlib
from pathlib import Path

import pytest

from erp_build.build.evidence.local_repository import with_coordinates
from erp_build.model.images.evidence import Application, Library

BYTES = b"the jar"
SPRING = Library("BOOT-INF/lib/spring-core-6.1.jar", "spring-core", "6.1", "", hashlib.sha256(BYTES).hexdigest(),
                 "file name and manifest")  # fmt: skip
SAID = Library("BOOT-INF/lib/core-2.jar", "core", "2", "org.x", "0" * 64, "pom.properties")


def put(root: Path, path: str, content: bytes = BYTES) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def found(root: Path, *libraries: Library) -> list[tuple[str, str, str, str]]:
    application = with_coordinates(Application("a", None, libraries), root)
    return [(one.group, one.name, one.version, one.known_by) for one in application.libraries]


def test_a_file_of_the_same_name_and_bytes_says_the_group(tmp_path: Path) -> None:
    put(tmp_path, "org/springframework/spring-core/6.1/spring-core-6.1.jar")
    assert found(tmp_path, SPRING) == [("org.springframework", "spring-core", "6.1", "Maven's local repository")]


def test_it_also_says_where_the_name_ends_and_the_version_begins(tmp_path: Path) -> None:
    odd = SPRING._replace(path="lib/log4j-1.2-api-2.23.1.jar", name="log4j", version="1.2-api-2.23.1")
    put(tmp_path, "org/apache/logging/log4j/log4j-1.2-api/2.23.1/log4j-1.2-api-2.23.1.jar")
    assert found(tmp_path, odd)[0][:3] == ("org.apache.logging.log4j", "log4j-1.2-api", "2.23.1")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param("org/springframework/spring-core/6.1/spring-core-6.1.jar", b"other", id="other bytes"),
        pytest.param("org/springframework/spring-core/6.1/spring-core-6.1.jar.lastUpdated", BYTES, id="another name"),
        pytest.param("spring-core/6.1/spring-core-6.1.jar", BYTES, id="no group above it"),
        pytest.param("spring-core-6.1.jar", BYTES, id="no folders at all"),
    ],
)
def test_anything_else_leaves_the_group_unknown(tmp_path: Path, path: str, content: bytes) -> None:
    put(tmp_path, path, content)
    assert found(tmp_path, SPRING) == [("", "spring-core", "6.1", "file name and manifest")]


def test_what_a_jar_says_of_itself_counts_more(tmp_path: Path) -> None:
    put(tmp_path, "com/other/core/2/core-2.jar")
    said = SAID._replace(sha256=SPRING.sha256)
    assert found(tmp_path, said) == [("org.x", "core", "2", "pom.properties")]


def test_without_a_repository_everything_stays_as_it_was(tmp_path: Path) -> None:
    assert found(tmp_path / "missing", SPRING, SAID) == [
        ("", "spring-core", "6.1", "file name and manifest"),
        ("org.x", "core", "2", "pom.properties"),
    ]


def test_of_two_groups_with_the_same_file_it_is_always_the_same_one(tmp_path: Path) -> None:
    put(tmp_path, "org/b/spring-core/6.1/spring-core-6.1.jar")
    put(tmp_path, "org/a/spring-core/6.1/spring-core-6.1.jar")
    assert found(tmp_path, SPRING)[0][0] == "org.a"
