"""Which settings are secret: every caller is held to the cases of `tests/cases/secret_names.json`."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from erp_build.clients.secrets import MASK, Secrets
from erp_build.deployment.preview import HIDDEN, object_changes
from erp_build.formats.dockerfile.lint import secrets_in
from erp_build.formats.secrets.names import MIN_MASKED_LENGTH, holds_secret, is_secret_name
from erp_build.formats.values.file import named_values
from tests.fakes.clinic import Clinic
from tests.support.cases import rows, table

if TYPE_CHECKING:
    from tests.fakes.world import FakeWorld

RULE = "secret_names"
ROWS = rows(RULE)
SHOWN = "some tool says hunter2-hunter2"


@pytest.mark.parametrize("case", table(RULE))
def test_the_rule_itself(case: dict[str, Any]) -> None:
    assert is_secret_name(case["name"]) == case["masked"]
    assert holds_secret(case["name"], case["value"]) == case["held"]


@pytest.mark.parametrize("case", table(RULE))
def test_a_log_masks_what_has_a_secrets_name(case: dict[str, Any]) -> None:
    secrets = Secrets()
    secrets.add_named(case["name"], "hunter2-hunter2")
    assert (MASK in secrets.mask(SHOWN)) == case["masked"]


@pytest.mark.parametrize("case", table(RULE))
def test_a_preview_hides_what_has_a_secrets_name(case: dict[str, Any]) -> None:
    before, after = ({"kind": "ConfigMap", "data": {case["name"]: value}} for value in ("invented-1", "invented-2"))
    ((change,),) = (one.fields for one in object_changes([before], [after]))
    assert (change.after == HIDDEN) == case["masked"]


@pytest.mark.parametrize("case", table(RULE))
@pytest.mark.parametrize("keyword", ["ARG", "ENV"])
def test_a_dockerfile_with_a_secret_is_refused(keyword: str, case: dict[str, Any]) -> None:
    name, quoted = case["name"], "'{}'".format(case["value"])
    expected = [(2, f"{keyword} {name} has a value")] if case["held"] else []
    assert [found[:2] for found in secrets_in(f"FROM jre\n{keyword} {name}={quoted}\n")] == expected


@pytest.mark.parametrize("is_pair", [False, True], ids=["a key and a value", "a pair of name and value"])
def test_doctor_tells_the_places_of_secrets_in_a_values_file(*, is_pair: bool, world: "FakeWorld") -> None:
    settings = [_setting(case, is_pair=is_pair) for case in ROWS]
    (world.root / "helm-chart" / "values-cases.yaml").write_text(json.dumps({"env": settings}), encoding="utf-8")
    last = {True: "value"}
    places = [
        f"values-cases.yaml: env.{place}.{last.get(is_pair, case['name'])}"
        for place, case in enumerate(ROWS)
        if case["held"] and len(case["value"]) >= MIN_MASKED_LENGTH
    ]
    assert Clinic(world).find("plain-secrets").found.splitlines()[1:] == places


@pytest.mark.parametrize("is_pair", [False, True], ids=["a key and a value", "a pair of name and value"])
def test_what_a_values_file_keeps_secret_is_masked(*, is_pair: bool) -> None:
    settings = [_setting({**case, "value": f"hunter2-{place}-"}, is_pair=is_pair) for place, case in enumerate(ROWS)]
    content = json.dumps({"env": settings}, ensure_ascii=False).encode()
    assert YAML(typ="safe", pure=True).load(content)["env"] == settings
    secrets = Secrets()
    for _, name, value in named_values(content, where="values.yaml"):
        secrets.add_named(name, value)
    masked = [secrets.mask(f"hunter2-{place}-") == MASK for place in range(len(ROWS))]
    assert masked == [case["masked"] for case in ROWS]


def test_a_short_value_in_a_values_file_is_a_placeholder(world: "FakeWorld") -> None:
    (world.root / "helm-chart" / "values-cases.yaml").write_text("password: short\n", encoding="utf-8")
    assert Clinic(world).find("plain-secrets").state == "ok"
    assert secrets_in("FROM jre\nENV DB_PASSWORD=root\n") != ()


def _setting(case: dict[str, Any], *, is_pair: bool) -> dict[str, str]:
    name, value = case["name"], case["value"]
    return {"name": name, "value": value} if is_pair else {name: value}
