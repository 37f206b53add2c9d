"""Dockerfiles as BuildKit reads them: its own parser and its own build have recorded what each case expects."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.dockerfile.lint import buildkit_needs, copies, secrets_in, sources_of_nothing
from erp_build.formats.dockerfile.parse import Instruction, instructions
from erp_build.formats.dockerfile.sources import context_sources, in_context
from erp_build.formats.dockerfile.stages import final_base, images_of, used_stages
from tests.support.dockerfiles import recorded

CASES = recorded("dockerfiles")
BUILT = [case for case in CASES if "images" in case.values[0]]
PIECES = (
    *("FROM", "COPY", "ADD", "RUN", "ENV", "ARG", "ONBUILD", "HEALTHCHECK", "LABEL", "CMD", "a", "/", " ", "\t", "\n"),
    *("\\", "\\\n", "`", "'", '"', "[", "]", "<<EOF", "<<-'E F'", "EOF\n", "$A", "${A", "}", ":-", ":+", "##*", "/x/y"),
    *("--from=", "--mount=", "=", "# escape=`\n", "#", "\r", "\ufeff", "**", "*", "?", "[^", "가", "{", ","),
)


@pytest.mark.parametrize("case", [case for case in CASES if "instructions" in case.values[0]])
def test_the_instructions_are_those_of_the_builder(case: dict[str, Any]) -> None:
    assert [_row(one) for one in instructions(case["text"])] == case["instructions"]


@pytest.mark.parametrize("case", BUILT)
def test_the_images_are_those_that_the_builder_asks_for(case: dict[str, Any]) -> None:
    text = case["text"]
    found = _full(images_of(text))
    # All stages count here, while the builder leaves out those that nothing uses.
    assert found >= set(case["images"])
    assert len(used_stages(text)) < text.count("FROM") or found == set(case["images"])
    assert _full([final_base(text)]) == _full([case["base"]])


@pytest.mark.parametrize("case", BUILT)
def test_the_sources_are_those_that_the_builder_takes_from_the_context(case: dict[str, Any]) -> None:
    text = case["text"]
    used = used_stages(text)
    found = {_source(one.path, is_mount=one.is_mount) for one in context_sources(text) if one.stage in used}
    recorded_ones = {copy.replace("/./", "/") for copy in case["copies"]}
    assert found == recorded_ones


def test_there_are_cases_of_each_kind() -> None:
    assert len(CASES) >= 80
    assert len(BUILT) > len(CASES) / 2
    assert any("instructions" not in case.values[0] for case in CASES)


@pytest.mark.parametrize("case", CASES)
def test_what_the_builder_refuses_is_read_all_the_same(case: dict[str, Any]) -> None:
    _read(case["text"])


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text())
def test_every_text_is_read(text: str) -> None:
    _read(text)


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_instructions_follow_each_other_and_none_overlaps(text: str) -> None:
    end = 1
    for one in instructions(text):
        assert end <= one.line < one.end
        end = one.end
    assert end <= text.count("\n") + 2


def _read(text: str) -> None:
    images_of(text)
    final_base(text)
    buildkit_needs(text)
    secrets_in(text)
    copies(text, "a/b")
    sources_of_nothing(text, ("a/b",), ("c",), classic=False)


def _row(one: Instruction) -> dict[str, Any]:
    row: dict[str, Any] = {"line": one.line, "end": one.end, "keyword": one.keyword, "words": list(one.words)}
    row |= {key: list(getattr(one, key)) for key in ("flags", "heredocs") if getattr(one, key)}
    if one.inner:
        inner = _row(one.inner)
        row["inner"] = {key: inner[key] for key in inner if key not in ("line", "end")}
    return row


def _full(names: Iterable[str]) -> set[str]:
    """The names as registries know them; the builder asks for them so."""
    return {_full_name(name) for name in names if name}


def _full_name(name: str) -> str:
    first, slash, _ = name.partition("/")
    if not slash or not any(char in first for char in ".:"):
        name = f"docker.io/{name}" if slash else f"docker.io/library/{name}"
    is_tagged = ":" in name.rpartition("/")[2] or "@" in name
    return name if is_tagged else f"{name}:latest"


def _source(path: str, *, is_mount: bool) -> str:
    plain = in_context(path).removeprefix(".")
    return f"mount:{f'/{plain}' if plain else ''}" if is_mount else f"/{plain}"
