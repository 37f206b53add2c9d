"""Jars by their marks: which one is started, which are refused, and which have layers."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.clients.maven.jar import jar_of
from erp_build.clients.maven.reactor import MavenModule
from erp_build.errors import BuildFailed
from erp_build.formats.spring_jar import marks_of, runnable, why_no_layers

CASES = json.loads((Path(__file__).parents[2] / "cases/jars.json").read_text(encoding="utf-8"))
HAS_LAYERS = "layers"


def target(folder: Path, case: dict[str, Any]) -> None:
    """Make the folder `target` of a service with the jars of a case."""
    made = folder / "target"
    made.mkdir()
    (folder / "pom.xml").write_text(case["pom"], encoding="utf-8")
    for name, jar in case["jars"].items():
        with ZipFile(made / name, "w") as archive:
            for entry in jar["names"]:
                text = "\n".join((*jar["manifest"], "")) if entry == "META-INF/MANIFEST.MF" else "x"
                archive.writestr(entry, text)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["about"]) for case in CASES if case["chosen"]])
def test_the_jar_that_is_started_is_found_among_its_likes(case: dict[str, Any], tmp_path: Path) -> None:
    target(tmp_path, case)
    found = jar_of(MavenModule("a", tmp_path), {})
    assert found.name == case["chosen"]
    jar = case["jars"][found.name]
    why = why_no_layers(marks_of(jar["names"], "\n".join(jar["manifest"]).encode()))
    assert case["layers"] in why if why else case["layers"] == HAS_LAYERS


@pytest.mark.parametrize("case", [pytest.param(case, id=case["about"]) for case in CASES if not case["chosen"]])
def test_a_jar_that_cannot_be_started_is_refused_with_what_to_do(case: dict[str, Any], tmp_path: Path) -> None:
    target(tmp_path, case)
    with pytest.raises(BuildFailed, match=case["refused"]) as caught:
        jar_of(MavenModule("a", tmp_path), {})
    assert "repackage" in caught.value.next_step


@given(st.lists(st.text(max_size=30), max_size=8), st.binary(max_size=300))
def test_any_names_and_any_bytes_are_read(names: list[str], manifest: bytes) -> None:
    marks = marks_of(names, manifest)
    assert runnable({"a.jar": marks}) == (("a.jar",) if marks.main else ())
    assert bool(why_no_layers(marks)) != marks.has_layers


def test_a_letter_that_is_cut_by_the_end_of_a_line_is_read_whole() -> None:
    name = "알림".encode()
    assert marks_of([], b"Main-Class: com." + name[:1] + b"\r\n " + name[1:] + b"\r\n").main == "com.알림"
