"""What differs between two Kubernetes objects: both callers are held to `tests/cases/object_differences.json`."""

from typing import Any

import pytest

from erp_build.changes.drift import object_drift, text_of
from erp_build.deployment.preview import object_changes
from tests.support.cases import table

CASES = pytest.mark.parametrize("case", table("object_differences"))


def deployment(spec: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"name": "app"}, "spec": spec}


@CASES
def test_drift_tells_what_is_live_and_was_not_wanted(case: dict[str, Any]) -> None:
    wanted, live = (deployment(case[side]) for side in ("before", "after"))
    assert [text_of(edit) for edit in object_drift(wanted, live)] == case["drift"]


@CASES
def test_a_preview_tells_what_will_be_another_value(case: dict[str, Any]) -> None:
    before, after = (deployment(case[side]) for side in ("before", "after"))
    fields = [field for change in object_changes([before], [after]) for field in change.fields]
    assert [[field.path, field.before, field.after] for field in fields] == case["preview"]
