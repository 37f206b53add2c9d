"""The rights of the role inside of the cluster: they are made of the sample's chart, and name nothing by a wildcard."""

from typing import Any

import pytest
import yaml

from erp_build.deployment.rights.assumed import assumed_resources, is_own
from erp_build.deployment.rights.needs import kind_of, needs_of
from erp_build.model.releases.rights import Kind, Resource, Right
from sandbox.cluster.custom_resources import KINDS
from scripts import access_file


@pytest.fixture(scope="module")
def objects() -> list[Any]:
    return list(yaml.safe_load_all(access_file.RENDERED.read_text(encoding="utf-8")))


def test_the_file_is_what_the_code_makes_of_the_samples_chart(objects: list[Any]) -> None:
    assert access_file.ACCESS.read_text(encoding="utf-8") == access_file.text_of(objects), (
        "python -m scripts.access_file writes it anew"
    )


def test_the_chart_is_the_one_that_the_file_was_made_of() -> None:
    first = access_file.RENDERED.read_text(encoding="utf-8").splitlines()[0]
    assert first.endswith(f" {access_file.chart_digest()}"), "python -m scripts.access_file renders it anew"


def test_the_file_gives_every_right_that_a_run_asks_for_and_no_wildcard(objects: list[Any]) -> None:
    text = access_file.ACCESS.read_text(encoding="utf-8")
    given = {
        Right("erp-dev" if one["kind"] == "Role" else "", group, resource, verb)
        for one in yaml.safe_load_all(text)
        for rule in one.get("rules", ())
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    known = assumed_resources({kind_of(one) for one in objects})
    assert given == {need.right for need in needs_of(objects, (), known, "erp-dev")}
    assert "*" not in text


def test_the_custom_kinds_of_the_chart_are_called_as_the_cluster_calls_them(objects: list[Any]) -> None:
    served = {
        Kind(f"{one.group}/{version}", one.name): Resource(one.plural, one.scope == "Namespaced")
        for one in KINDS
        for version in one.versions
    }
    custom = {kind for one in objects if not is_own(kind := kind_of(one))}
    assert {kind: served[kind] for kind in custom} == assumed_resources(custom)
    assert custom
