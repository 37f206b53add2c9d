"""Which library a jar is (tests/cases/jar_libraries.json)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from erp_build.formats.evidence.library import is_library, library_of, properties_within, split_name

ROWS = json.loads((Path(__file__).parents[3] / "cases" / "jar_libraries.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", [pytest.param(row, id=row["about"]) for row in ROWS])
def test_a_library_is_known_by_what_is_in_it_or_by_its_name(row: dict[str, Any]) -> None:
    properties = {name: text.encode() for name, text in row.get("properties", {}).items()}
    found = library_of(row["path"], "0" * 64, properties, row.get("manifest", "").encode())
    assert [found.group, found.name, found.version] == row["is"]
    assert found.known_by == row["known_by"]
    assert [[one.group, one.name, one.version] for one in found.inside] == row.get("inside", [])
    assert (found.path, found.sha256) == (row["path"], "0" * 64)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("BOOT-INF/lib/a.jar", True),
        ("WEB-INF/lib-provided/a.jar", True),
        ("lib/a.jar", True),
        ("META-INF/versions/9/a.jar", False),
        ("BOOT-INF/classes/a.jar.txt", False),
        ("BOOT-INF/lib/", False),
    ],
)
def test_a_nested_jar_is_a_library_wherever_it_lies(path: str, expected: bool) -> None:  # noqa: FBT001
    assert is_library(path) == expected


def test_only_mavens_own_properties_are_read() -> None:
    names = ["META-INF/maven/g/b/pom.properties", "META-INF/maven/g/a/pom.properties", "a/pom.properties", "pom.xml"]
    assert properties_within(names) == ("META-INF/maven/g/a/pom.properties", "META-INF/maven/g/b/pom.properties")


@given(some.text(max_size=60), some.binary(max_size=200), some.binary(max_size=200))
def test_any_name_and_any_bytes_are_some_library(path: str, text: bytes, manifest: bytes) -> None:
    found = library_of(path, "0" * 64, {"META-INF/maven/g/a/pom.properties": text}, manifest)
    assert found.path == path


@given(some.text(alphabet="ab1.-", max_size=40))
def test_name_and_version_are_the_whole_name(stem: str) -> None:
    name, version = split_name(f"lib/{stem}.jar")
    assert stem in (name, f"{name}-{version}")
