"""Values files as Helm reads them; `tests/world/test_values.py` has the same cases read by Helm 3 and Helm 4."""

import time
from typing import Any

import pytest

from erp_build.errors import ConfigurationError
from erp_build.formats.values.file import read_value, set_tags
from erp_build.formats.values.key import look_up, steps_of
from erp_build.formats.values.tree import ValuesTree, merged_values
from tests.support.cases import table

TAG = "1e3"
"""YAML would read it as a number."""


def merged(files: list[str]) -> dict[str, Any]:
    return merged_values([ValuesTree(text.encode(), "values.yaml").plain() for text in files])


@pytest.mark.parametrize("case", table("values_as_helm"))
def test_values_are_read_as_helm_reads_them(case: dict[str, Any]) -> None:
    """The cases of `tests/cases/values_as_helm.json`."""
    values = merged(case["files"])
    assert {key: look_up(values, key) for key in case["read"]} == case["read"]


@pytest.mark.parametrize("case", [one for one in table("values_as_helm") if "edited" in one.values[0]])
def test_a_tag_is_written_into_the_last_file_so_that_helm_reads_it(case: dict[str, Any]) -> None:
    """The cases of `tests/cases/values_as_helm.json`."""
    key = case.get("key", "services.a")
    *below, last = case["files"]
    edited = set_tags(last.encode(), {key: TAG}, where="values.yaml", create=True).decode()
    assert edited == case["edited"]
    assert look_up(merged([*below, edited]), f"{key}.image.tag") == TAG
    # A second time nothing changes.
    assert set_tags(edited.encode(), {key: TAG}, where="values.yaml", create=True).decode() == edited


@pytest.mark.parametrize("case", [one for one in table("values_as_helm") if "refused" in one.values[0]])
def test_a_tag_that_cannot_be_written_is_refused_with_the_reason(case: dict[str, Any]) -> None:
    """The cases of `tests/cases/values_as_helm.json`."""
    key = case.get("key", "services.a")
    with pytest.raises(ConfigurationError, match="cannot set") as caught:
        set_tags(case["files"][-1].encode(), {key: TAG}, where="values.yaml", create=True)
    assert case["refused"] in caught.value.why
    assert caught.value.next_step


def test_tags_of_two_services_are_added_together() -> None:
    edited = set_tags(b"x: 1\n", {"services.a": "1e3", "services.b": "1e4"}, where="values.yaml", create=True)
    assert ValuesTree(edited, "values.yaml").plain() == {
        "x": "1",
        "services": {"a": {"image": {"tag": "1e3"}}, "b": {"image": {"tag": "1e4"}}},
    }


def test_nothing_is_added_for_somebody_who_names_a_key_by_hand() -> None:
    with pytest.raises(ConfigurationError, match="cannot set") as caught:
        set_tags(b"services: {notification: {}}\n", {"services.notifcation": "1"}, where="values.yaml")
    assert caught.value.why == "there is no services.notifcation"
    assert "services.notification" in caught.value.next_step


def test_the_value_of_a_repeated_key_is_that_of_the_last() -> None:
    assert read_value(b"a: {b: 1}\na: {c: 2}\n", "a.b", where="values.yaml") is None
    assert read_value(b"a: {b: 1}\na: {c: 2}\n", "a.c", where="values.yaml") == "2"


@pytest.mark.parametrize(
    ("key", "steps"),
    [
        ("services.a", "services a"),
        ("a\\.b.c", "a.b c"),
        ("jobs[0].x", "jobs [0] x"),
        ("jobs[name=a][2]", "jobs [name=a] [2]"),
        ("odd[x].y", "odd[x] y"),
    ],
)
def test_a_key_has_steps(key: str, steps: str) -> None:
    assert " ".join(map(str, steps_of(key))) == steps


def test_a_merge_of_merges_costs_what_its_size_says() -> None:
    lines = ["a0: &a0 {x: 1}"]
    for number in range(1, 60):
        sources = ", ".join([f"*a{number - 1}"] * 9)
        lines.append(f"a{number}: &a{number} {{<<: [{sources}], y{number}: 1}}")
    text = "\n".join(lines).encode()
    began = time.process_time()
    assert read_value(text, "a59.x", where="values.yaml") == "1"
    assert time.process_time() - began < 5


def test_a_mapping_that_merges_itself_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        read_value(b"a: &a {<<: *a}\n", "a.b", where="values.yaml")
    assert "nested more than" in caught.value.why
