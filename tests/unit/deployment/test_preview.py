"""What a deployment would change: exactly that, and no value that may be a secret."""

from difflib import unified_diff
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.deployment.preview import HIDDEN, LONGEST, object_changes, values_diff
from erp_build.model.releases.preview import FieldChange

BEFORE = "replicaCount: 2\ndatabase:\n  password: invented-1\nimage:\n  tag: a  # 태그\n"


def deployment(name: str = "notification", **spec: Any) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def fields(before: dict[str, Any], after: dict[str, Any]) -> tuple[FieldChange, ...]:
    (one,) = object_changes([deployment(**before)], [deployment(**after)])
    return one.fields


def containers(image: str, *variables: dict[str, Any]) -> dict[str, Any]:
    return {"containers": [{"name": "app", "image": image, "env": list(variables)}]}


def test_a_diff_of_values_has_the_lines_that_differ_and_none_around_them() -> None:
    diff = values_diff(BEFORE.encode(), BEFORE.replace("tag: a", 'tag: "b"').encode(), "helm-chart/values-dev.yaml")
    assert diff.splitlines() == [
        "--- a/helm-chart/values-dev.yaml",
        "+++ b/helm-chart/values-dev.yaml",
        "@@ -5 +5 @@",
        "-  tag: a  # 태그",
        '+  tag: "b"  # 태그',
    ]


@given(st.sets(st.integers(0, 30)))
def test_a_diff_of_many_tags_is_that_of_difflib(changed: set[int]) -> None:
    old = [f"tag: old-{place}" for place in range(31)]
    new = [f"tag: new-{place}" if place in changed else line for place, line in enumerate(old)]
    wanted = "\n".join(unified_diff(old, new, "a/v.yaml", "b/v.yaml", n=0, lineterm=""))
    assert values_diff("\n".join(old).encode(), "\n".join(new).encode(), "v.yaml") == wanted


def test_a_line_that_was_added_is_alone_in_the_diff() -> None:
    diff = values_diff(b"a: 1\nc: 3\n", b"a: 1\nb: 2\nc: 3\n", "v.yaml")
    assert diff.splitlines()[2:] == ["@@ -1,0 +2 @@", "+b: 2"]


def test_the_same_values_have_no_diff() -> None:
    assert values_diff(BEFORE.encode(), BEFORE.encode(), "v.yaml") == ""


def test_objects_are_told_apart_by_kind_and_name() -> None:
    before = [deployment("a", replicas=1), deployment("gone"), deployment("same", replicas=2)]
    after = [deployment("a", replicas=2), deployment("new"), deployment("same", replicas=2)]
    found = object_changes(before, after)
    assert [(one.name, one.change) for one in found] == [("a", "changed"), ("gone", "removed"), ("new", "added")]
    assert found[0].fields == (FieldChange("spec.replicas", "1", "2"),)


def test_a_list_of_named_things_is_compared_by_the_names() -> None:
    level = {"name": "LEVEL", "value": "INFO"}
    assert fields(containers("x:1", level), containers("x:2", {"name": "NEW", "value": "1"}, level)) == (
        FieldChange("spec.containers[app].image", "x:1", "x:2"),
        FieldChange("spec.containers[app].env[NEW]", None, "2 entries"),
    )


@pytest.mark.parametrize("name", ["DB_PASSWORD", "API_TOKEN", "SPRING_DATASOURCE_PASSWORD", "client-secret"])
def test_of_a_value_with_a_secrets_name_only_the_change_is_shown(name: str) -> None:
    before, after = ({"name": name, "value": value} for value in ("invented-1", "invented-2"))
    (change,) = fields(containers("x", before), containers("x", after))
    assert (change.before, change.after) == (HIDDEN, HIDDEN)
    assert name in change.path


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        ("line\nline", "2 lines"),
        ({"a": 1, "b": 2}, "2 entries"),
        ("x" * 200, "x" * LONGEST + "..."),
        ("", ""),
        (0, "0"),
    ],
)
def test_a_value_is_shown_in_one_line(value: Any, shown: str) -> None:
    assert fields({"x": "before"}, {"x": value}) == (FieldChange("spec.x", "before", shown),)


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


@given(TREES, TREES)
def test_a_change_is_shown_where_and_only_where_objects_differ(before: Any, after: Any) -> None:
    found = object_changes([deployment(x=before)], [deployment(x=after)])
    assert bool(found) == (before != after and not _both_empty(before, after))
    assert object_changes([deployment(x=before)], [deployment(x=before)]) == ()


def _both_empty(before: Any, after: Any) -> bool:
    """A key whose value is null, and a key that is not there, are one to Kubernetes."""
    return bool(_without_null(before) == _without_null(after))


def _without_null(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_null(value) for key, value in tree.items() if value is not None}
    if isinstance(tree, list):
        found = [_without_null(value) for value in tree]
        while found and found[-1] is None:
            found.pop()
        return found
    return tree
