"""COPY and WORKDIR: each shape gives the entries that the builder's own layer has."""

import json
from typing import Any

import pytest

from erp_build.build.direct.entries import entries_of, entries_of_folder, require_zips
from erp_build.build.direct.file_tree import Beyond, Refusal
from erp_build.formats.dockerfile.direct.recipe import Copy, Owner
from tests.support.cases import CASES
from tests.support.file_trees import plain, spec_of, tree_of

FILE = json.loads((CASES / "copies.json").read_text(encoding="utf-8"))
SHAPES = [
    pytest.param(case, builder, id=f"{case['id']} ({builder})")
    for case in FILE["cases"]
    for builder in ("classic", "buildkit")
    if builder in case
]


def step(case: dict[str, Any]) -> Copy:
    owner = Owner(*case["owner"]) if "owner" in case else None
    return Copy(3, "COPY", tuple(case["sources"]), case["destination"], case.get("from", ""), owner, case.get("mode"))


def layer(case: dict[str, Any], builder: str) -> dict[str, str]:
    context, image = tree_of(case.get("context", FILE["context"])), tree_of(FILE["image"])
    return {path: spec_of(node) for path, node in entries_of(step(case), context, image, classic=builder == "classic")}


@pytest.mark.parametrize(("case", "builder"), SHAPES)
def test_a_copy_makes_the_layer_of_the_builder(case: dict[str, Any], builder: str) -> None:
    expected = case[builder]
    if isinstance(expected, str):
        with pytest.raises((Refusal, Beyond)) as caught:
            layer(case, builder)
        assert expected in str(caught.value)
    else:
        assert layer(case, builder) == {path: plain(spec) for path, spec in expected.items()}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/", {}, id="the root"),
        pytest.param("/home/app", {}, id="a folder that is there"),
        pytest.param("/lib", {}, id="a link to a folder"),
        pytest.param("/app/deep", {"app": "d755@0:0", "app/deep": "d755@0:0"}, id="a folder that is not"),
        pytest.param(
            "/lib/app", {"usr": "d755@0:0", "usr/lib": "d755@0:0", "usr/lib/app": "d755@0:0"}, id="behind a link"
        ),
    ],
)
def test_a_workdir_makes_the_folders_that_are_missing(path: str, expected: dict[str, str]) -> None:
    image = tree_of(FILE["image"])
    assert {name: spec_of(node) for name, node in entries_of_folder(path, image)} == expected


def test_a_workdir_that_is_a_file_is_refused() -> None:
    with pytest.raises(Refusal, match="/etc/passwd is not a folder"):
        entries_of_folder("/etc/passwd", tree_of(FILE["image"]))


def test_the_next_layer_sees_the_one_before() -> None:
    image, context = tree_of({}), tree_of({"a": "f a", "more/b": "f b"})
    entries_of_folder("/app", image)
    copy = Copy(4, "COPY", ("a",), "/app/")
    assert [path for path, _ in entries_of(copy, context, image, classic=True)] == ["app", "app/a"]
    again = copy._replace(sources=("more",))
    assert [path for path, _ in entries_of(again, context, image, classic=True)] == ["app", "app/b"]


def test_a_folder_that_takes_the_place_of_a_file_of_its_own_layer_hides_what_was_there_before() -> None:
    """In one COPY: a file takes a folder's place, then a folder takes the file's."""
    image = tree_of({"srv/x/old": "f old"})
    context = tree_of({"one/x": "f file", "two/x/new": "f new"})
    entries = entries_of(Copy(2, "COPY", ("one", "two"), "/srv/"), context, image, classic=True)
    assert [path for path, _ in entries] == ["srv", "srv/x", "srv/x/.wh..wh..opq", "srv/x/new"]


def test_two_names_of_one_file_stay_one_file_only_where_a_folder_is_copied() -> None:
    tools = tree_of({"bin/a": "f t", "bin/b": "f t"})
    for name in ("bin/a", "bin/b"):
        node = tools.get(name)
        assert node is not None
        tools.put(name, node._replace(same="inode"))
    by_folder = entries_of(Copy(2, "COPY", ("bin",), "/b/", "tools"), tools, tree_of({}), classic=True)
    assert len({node.same for path, node in by_folder if path != "b"} - {None}) == 1
    by_name = entries_of(Copy(2, "COPY", ("bin/a", "bin/b"), "/b/", "tools"), tools, tree_of({}), classic=True)
    assert {node.same for _, node in by_name} == {None}


def test_an_add_of_what_may_be_unpacked_is_left_to_an_engine() -> None:
    context = tree_of({"a.jar": "f PK rest", "b.jar": "f no zip"})
    add = Copy(2, "ADD", ("a.jar",), "/a.jar", is_add=True)
    require_zips(entries_of(add, context, tree_of({}), classic=True))
    other = entries_of(add._replace(sources=("b.jar",), destination="/b.jar"), context, tree_of({}), classic=True)
    with pytest.raises(Beyond, match="ADD may unpack /b"):
        require_zips(other)
