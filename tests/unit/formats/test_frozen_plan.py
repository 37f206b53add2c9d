"""The file of a saved plan: it says what was frozen, and nobody can change it unseen."""

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erp_build.clients.secrets import Secrets
from erp_build.errors import PlanMoved
from erp_build.formats.frozen_plan import plan_text, read_plan
from erp_build.model.environment import Place
from erp_build.model.releases.frozen_plan import (
    FrozenFinding,
    FrozenPlan,
    FrozenRunning,
    FrozenTarget,
    FrozenUnit,
    FrozenWaiver,
)
from erp_build.model.releases.preview import FieldChange, ObjectChange, Preview, Unprobed
from scripts.report_schema import plan_text as schema_text

SCHEMA = json.loads((files("erp_build") / "schemas" / "plan-1.json").read_text(encoding="utf-8"))
PASSWORD = "correct-horse-battery-staple"
DIGEST = "sha256:" + "1" * 64

PLAN = FrozenPlan(
    program="0.3.0",
    made="2026-11-29T10:00:00+00:00",
    place=Place(project="erp", environment="dev", account="1" * 12, region="ap-northeast-2", cluster="erp-dev"),
    head="a" * 40,
    tree="b" * 40,
    stage="cleared",
    waivers=(FrozenWaiver(id="CVE-1", packages=("a",), reason="검토함", owner="kim", until="2026-12-31", counts=True),),
    units=(
        FrozenUnit(
            name="helm-chart",
            where="release erp, namespace erp",
            revision=7,
            targets=(
                FrozenTarget(
                    name="notification-service",
                    kind="eks",
                    action="build",
                    because=("backend/\udcff.java: backend/**",),
                    running=FrozenRunning(tag="0ld1234", digest=DIGEST),
                    tag="aaaaaaa",
                    image=DIGEST,
                    findings=(FrozenFinding(name="CVE-2", severity="LOW"),),
                ),
            ),
            changes=Preview(
                values=f"-password: {PASSWORD}",
                objects=(
                    ObjectChange(
                        kind="Deployment", name="a", change="changed", fields=(FieldChange("spec", None, PASSWORD),)
                    ),
                ),
                unprobed=(Unprobed(name="a", seconds=90.0),),
                objects_seal="f" * 64,
            ),
        ),
    ),
)

UNPROBED = st.builds(Unprobed, seconds=st.floats(0, 1e6))
PREVIEWS = st.builds(Preview, unprobed=st.lists(UNPROBED, max_size=2).map(tuple))
RELEASES = st.builds(FrozenUnit, changes=st.none() | PREVIEWS)
PLANS = st.builds(FrozenPlan, units=st.lists(RELEASES, max_size=2).map(tuple))


def read(text: str) -> FrozenPlan:
    return read_plan(text.encode("utf-8", "surrogatepass"), "plan.json").plan


@settings(max_examples=50)
@given(PLANS)
def test_what_is_read_is_what_was_written(plan: FrozenPlan) -> None:
    text = plan_text(plan)
    assert read(text) == plan
    assert plan_text(read(text)) == text


@settings(max_examples=30)
@given(PLANS)
def test_every_plan_is_as_the_schema_says(plan: FrozenPlan) -> None:
    jsonschema.validate(json.loads(plan_text(plan)), SCHEMA)


def test_names_that_are_no_utf_8_come_back_as_they_were() -> None:
    text = plan_text(PLAN)
    assert text.encode("utf-8")
    assert "검토함" in text
    assert read(text) == PLAN


def test_the_schema_is_made_from_the_values() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert (files("erp_build") / "schemas" / "plan-1.json").read_text(encoding="utf-8") == schema_text()
    assert SCHEMA["required"] == list(json.loads(plan_text(PLAN)))


def leaves(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to every value of a document."""
    if isinstance(node, dict | list):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        return [found for key, value in items for found in leaves(value, (*way, key))]
    return [way]


@pytest.mark.parametrize("way", leaves(json.loads(plan_text(PLAN))), ids=lambda way: ".".join(map(str, way)))
def test_whoever_changes_one_value_of_the_file_is_found_out(way: tuple[Any, ...]) -> None:
    document = json.loads(plan_text(PLAN))
    place = document
    for key in way[:-1]:
        place = place[key]
    place[way[-1]] = "something else"
    with pytest.raises(PlanMoved, match="the file of the plan is not as it was written") as caught:
        read(json.dumps(document))
    assert caught.value.where == "plan.json"
    assert caught.value.code == 13


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Expecting value"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "it is no JSON object"),
        (b"null", "it is no JSON object"),
        (b'{"schema": 2, "digest": "sha256:0"}', "its schema is 2, and this version of erp_build reads 1"),
        (b'{"schema": 1, "targets": []}', "it has no digest: it is none of the files that --save writes"),
        (b'{"schema": 1, "digest": ""}', "its digest says nothing"),
        (b'{"schema": 1, "digest": {"a": 1}}', "its digest says {'a': 1}"),
        (b'{"schema": 1, "digest": "' + b"a" * 1_000_000 + b'"}', f"its digest says {'a' * 80}, and"),
        (plan_text(PLAN).encode()[:-20], "Unterminated string"),
        (b"\xff\xfe\xfd", "can't decode"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(content: bytes, why: str) -> None:
    with pytest.raises(PlanMoved, match="not as it was written") as caught:
        read_plan(content, "plan.json")
    assert why in caught.value.why
    assert "make the plan anew" in caught.value.next_step


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("head", 7, "plan.head is 7"),
        ("stage", "approved", "plan.stage is 'approved'"),
        ("units", {}, "plan.units is {}"),
        ("place", None, "plan.place is None"),
        ("surprise", 1, "plan: 'surprise' is no key of a plan"),
    ],
)
def test_a_file_of_another_form_is_refused_although_its_digest_is_right(key: str, value: object, why: str) -> None:
    text = plan_text(PLAN, lambda document: {**document, key: value})
    with pytest.raises(PlanMoved, match="not as it was written") as caught:
        read(text)
    assert caught.value.why == why


def test_white_space_and_the_order_of_keys_are_no_change() -> None:
    document = json.loads(plan_text(PLAN))
    turned = dict(reversed(document.items()))
    assert read(json.dumps(turned, indent=7)) == PLAN


def test_a_secret_is_masked_before_the_digest_is_taken() -> None:
    secrets = Secrets()
    secrets.add(PASSWORD)
    text = plan_text(PLAN, secrets.mask_all)
    assert PASSWORD not in text
    (release,) = read(text).units
    assert release.changes
    assert "***" in release.changes.values


def test_units_of_one_commit_stand_beside_each_other() -> None:
    other = replace(PLAN, units=(FrozenUnit(name="billing", where="release billing, namespace erp"),))
    both = PLAN.beside(other)
    assert [one.name for one in both.units] == ["helm-chart", "billing"]
    assert both.unit("billing") is other.units[0]
    assert both.unit("nobody") is None
    assert (both.is_empty, other.is_empty) == (False, True)
