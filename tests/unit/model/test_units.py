"""What of a project stands and falls as one: releases, and functions by themselves where that is wanted."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.clients.kubernetes.leases import lease_name
from erp_build.config.load import parse_project
from erp_build.model.project import Project
from erp_build.model.releases.release import Release
from erp_build.model.releases.units import name_of, units_of

SERVICES = """
[[service]]
path = "backend/order-service"
[[service]]
path = "backend/employee-service"
kind = "lambda"
function = "employee"
[[service]]
path = "backend/payroll-service"
kind = "lambda"
function = "payroll"
"""
CHARTS = '[[chart]]\nname = "erp"\npath = "a"\n[[chart]]\nname = "reports"\npath = "b"\n'
SEVERAL = CHARTS + SERVICES.replace('order-service"', 'order-service"\nchart = "erp"').replace(
    "kind", 'chart = "reports"\nkind'
)
APART = '[deploy]\nunits = "apart"\n'


def targets(project: Project) -> dict[str, list[str]]:
    return {name_of(unit): [target.name for target in unit.targets] for unit in units_of(project)}


@pytest.mark.parametrize("deploy", ["", '[deploy]\nunits = "together"\n'], ids=["by default", "as it is written"])
def test_together_one_chart_and_its_functions_are_one_unit(deploy: str) -> None:
    project = parse_project(SERVICES + deploy)
    assert units_of(project) == (project,)


def test_together_several_charts_are_units_each_with_its_functions() -> None:
    assert targets(parse_project(SEVERAL)) == {
        "erp": ["order-service", "erp"],
        "reports": ["employee-service", "payroll-service", "reports"],
    }


def test_apart_each_function_is_a_unit_without_a_chart_and_comes_before_its_release() -> None:
    assert list(targets(parse_project(SERVICES + APART)).items()) == [
        ("employee-service", ["employee-service"]),
        ("payroll-service", ["payroll-service"]),
        ("helm-chart", ["order-service", "helm-chart"]),
    ]
    assert list(targets(parse_project(SEVERAL + APART))) == ["erp", "employee-service", "payroll-service", "reports"]


def test_apart_without_functions_is_as_together() -> None:
    text = '[[service]]\npath = "backend/order-service"\n'
    assert targets(parse_project(text + APART)) == {"helm-chart": ["order-service", "helm-chart"]}


def test_a_unit_is_not_taken_apart_again() -> None:
    for unit in units_of(parse_project(SEVERAL + APART)):
        assert units_of(unit) == (unit,)


def test_the_lock_of_a_function_is_no_release_s() -> None:
    assert lease_name(Release("c", "erp-dev", "erp")) == "erp-build-erp"
    assert lease_name(Release("c", "erp-dev", "erp", "employee")) == "erp-build.function.employee"
    assert str(Release("c", "erp-dev", "erp", "employee")) == "function employee, lock in namespace erp-dev"


FUNCTION_NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
OBJECT_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
"""What the API takes for a name: a DNS subdomain."""


@given(FUNCTION_NAMES | st.just("arn:aws:lambda:ap-northeast-2:123456789012:function:erp"), FUNCTION_NAMES)
def test_every_function_has_a_lock_of_its_own_that_the_api_takes(one: str, other: str) -> None:
    names = [lease_name(Release("c", "n", "erp", function)) for function in (one, other)]
    assert all(re.fullmatch(OBJECT_NAME, name) and len(name) <= 253 for name in names)
    assert (names[0] == names[1]) == (one == other)
