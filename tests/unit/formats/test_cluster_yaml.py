"""A manifest as go-yaml reads it, which is what Helm and the API server use."""

from typing import Any

import pytest

from erp_build.formats.kubernetes.cluster_yaml import documents_of

SCALARS: list[tuple[str, Any]] = [
    *[("0644", 420), ("0o644", 420), ("-0644", -420), ("0777", 511), ("08", 8), ("0x1F", 31), ("0b11", 3)],
    *[("yes", True), ("On", True), ("y", True), ("NO", False), ("off", False), ("n", False), ("yEs", "yEs")],
    *[("1:30", "1:30"), ("2026-11-29", "2026-11-29"), ("1e3", 1000), ("1.10", 1.1), (".5", 0.5), ("1e", "1e")],
    *[("1.", 1), ("1_000", 1000)],
    *[("~", None), ("", None), ("null", None), ("'0644'", "0644"), ("!!str 0644", "0644"), ("1.2.3", "1.2.3")],
    *[("1024Mi", "1024Mi"), ("+1", 1), ("0", 0), ("9" * 30, float("9" * 30)), ("9" * 100, float("9" * 100))],
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_a_plain_scalar_is_what_go_yaml_makes_of_it(text: str, value: Any) -> None:
    (found,) = documents_of(f"a: {text}\n")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_the_last_of_several_values_of_a_key_counts_and_keys_are_texts() -> None:
    (found,) = documents_of("a: 1\na: 2\n80: x\non: z\n<<: {b: 3, a: 4}\n")
    assert found == {"a": 2, "80": "x", "true": "z", "b": 3}


def test_documents_come_one_by_one_and_an_empty_one_is_nothing() -> None:
    assert list(documents_of("---\na: &x {b: on}\nc: *x\n---\n# only a comment\n---\nd: |\n  yes\n")) == [
        {"a": {"b": True}, "c": {"b": True}},
        None,
        {"d": "yes\n"},
    ]
