"""A manifest is cut into its documents before they are read: each is read once, and the objects are the same."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml.error import YAMLError

from erp_build.clients.helm.manifest import all_objects
from erp_build.errors import ReleaseFailed
from erp_build.formats.kubernetes.cluster_yaml import documents_of
from erp_build.formats.kubernetes.manifest import split_documents

PIECES = (
    "a: 1",
    "b: |",
    "  ---",
    "  text",
    "---",
    "--- ",
    "---\t",
    "---\r",
    "--- # a comment",
    "--- {c: 3}",
    "---x",
    "...",
    "%YAML 1.1",
    "# a comment",
    "",
    'd: "',
    'x"',
    "- 1",
    "e: {f: [1,",
    "2]}",
    "kind: Secret",
)


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_the_objects_are_those_of_the_manifest_as_a_whole(lines: list[str]) -> None:
    text = "\n".join([*lines, ""])
    try:
        whole = tuple(item for item in documents_of(text) if isinstance(item, dict))
    except YAMLError:
        with pytest.raises(ReleaseFailed, match="cannot be read"):
            all_objects(text)
        return
    assert all_objects(text) == whole


def test_a_document_is_what_stands_between_two_lines_of_dashes() -> None:
    assert split_documents("a: 1\n---\nb: |\n  ---\n---  \r\nc: 2\n") == ["a: 1\n", "b: |\n  ---\n", "c: 2\n"]


@pytest.mark.parametrize("line", ["--- {a: 1}", "...", "%YAML 1.1"])
def test_where_something_else_begins_or_ends_a_document_it_stays_whole(line: str) -> None:
    text = f"a: 1\n---\nb: 2\n{line}\n"
    assert split_documents(text) == [text]


def manifest(services: int, tag: str) -> str:
    """So many Deployments, the first of which has a tag of its own."""
    images = [f"erp/app:{tag if number == 0 else 'same'}" for number in range(services)]
    return "".join(
        f"---\nkind: Deployment\nmetadata: {{name: svc-{number}}}\nspec: {{image: {image}}}\n"
        for number, image in enumerate(images)
    )


def test_what_did_not_change_is_not_read_again() -> None:
    before = all_objects(manifest(300, "one"))
    began = time.process_time()
    after = all_objects(manifest(300, "two"))
    took = time.process_time() - began
    assert [one is other for one, other in zip(before, after, strict=True)] == [False, *[True] * 299]
    assert after[0]["spec"]["image"] == "erp/app:two"
    assert took < 1.0


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in a list"])
def test_a_secret_is_not_kept(*, alone: bool) -> None:
    secret = "{kind: Secret, metadata: {name: db}, data: {password: aGlkZGVu}}"
    text = secret if alone else f"{{kind: List, items: [{{kind: Service}}, {secret}]}}"
    assert all_objects(text) == all_objects(text)
    assert all_objects(text)[0] is not all_objects(text)[0]
