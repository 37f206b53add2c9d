"""`[chart]` and `[[chart]]`: one release, or several, and which service is of which."""

import pytest

from erp_build.config.load import parse_project
from erp_build.errors import ConfigurationError
from erp_build.model.project import Chart

TWO = """
[[chart]]
name = "erp"
path = "helm-chart"
values = ["base.yaml", "dev.yaml"]
release = "erp-microservices"
[[chart]]
name = "reports"
path = "charts/reports"
timeout = "2m"
[[service]]
path = "backend/order-service"
chart = "erp"
[[service]]
path = "backend/report-service"
chart = "reports"
values_key = "services.order"
[[service]]
path = "backend/employee-service"
kind = "lambda"
function = "employee"
chart = "reports"
"""


def test_each_chart_is_a_release_with_its_services_and_functions() -> None:
    project = parse_project(TWO)
    erp, reports = project.releases
    assert [one.name for one in erp.targets] == ["order-service", "erp"]
    assert [one.name for one in reports.targets] == ["report-service", "employee-service", "reports"]
    assert erp.chart == Chart(
        path="helm-chart", values="dev.yaml", below=("base.yaml",), release="erp-microservices", name="erp"
    )
    assert reports.chart == Chart(path="charts/reports", release="reports", name="reports", timeout=120.0)
    assert erp.more_charts == reports.more_charts == ()


def test_all_charts_are_targets_of_the_project_behind_its_images() -> None:
    names = [target.name for target in parse_project(TWO).targets]
    assert names == ["order-service", "report-service", "employee-service", "erp", "reports"]


@pytest.mark.parametrize(
    "text", ["", '[chart]\npath = "helm-chart"', '[[chart]]\npath = "helm-chart"'], ids=["none", "a table", "an array"]
)
def test_one_chart_is_one_unit_and_means_what_it_always_did(text: str) -> None:
    project = parse_project(text)
    assert project.releases == (project,)
    assert project.chart == Chart()


def test_a_single_chart_may_have_a_name_that_services_say() -> None:
    project = parse_project('[[chart]]\nname = "erp"\n[[service]]\npath = "a"\nchart = "erp"')
    assert project.chart == Chart(name="erp")
    assert project.services[0].chart == "erp"


@pytest.mark.parametrize(
    ("old", "new", "what", "hint"),
    [
        pytest.param(
            'chart = "erp"',
            "",
            "order-service does not say which chart it is of",
            'chart = "erp"',
            id="none of several",
        ),
        pytest.param(
            'chart = "erp"',
            'chart = "erq"',
            "of the chart `erq`, which is not there",
            "did you mean `erp`",
            id="misspelled",
        ),
        pytest.param('name = "erp"\n', "", "`name` is missing", "name", id="no name"),
        pytest.param('path = "charts/reports"\n', "", "`path` is missing", "path", id="no path"),
        pytest.param('name = "erp"', 'name = "reports"', "2 targets have the name `reports`", "of its own", id="twice"),
        pytest.param(
            'release = "erp-microservices"',
            'release = "reports"',
            "are the same release",
            "of its own",
            id="one release",
        ),
        pytest.param('chart = "erp"', "chart = 1", "`chart` must be a text", "chart", id="a number"),
        pytest.param('name = "erp"', 'name = "-erp"', "`name` cannot be `-erp`", "", id="no name of a target"),
    ],
)
def test_charts_that_contradict_each_other_are_refused(old: str, new: str, what: str, hint: str) -> None:
    assert old in TWO
    with pytest.raises(ConfigurationError) as caught:
        parse_project(TWO.replace(old, new, 1))
    assert what in caught.value.what
    assert hint in caught.value.next_step


def test_the_same_key_in_two_values_files_is_no_contradiction() -> None:
    """Each release has values files of its own."""
    with pytest.raises(ConfigurationError, match="2 services have the values_key"):
        parse_project(TWO.replace('chart = "reports"\nvalues_key', 'chart = "erp"\nvalues_key', 1))
    assert len(parse_project(TWO).services) == 2


def test_one_chart_in_a_service_of_a_file_without_charts_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="of the chart `erp`, which is not there"):
        parse_project('[[service]]\npath = "a"\nchart = "erp"')
