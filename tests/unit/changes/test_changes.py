from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.changes.rules import Rules, attribute
from erp_build.model.project import Chart, Project, Service
from tests.support.samples import CHART, EMPLOYEE, ERP, NOTIFICATION, PROCESSING, REQUEST

Form = Literal["NFC", "NFD"]
IMAGES = {REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE}
RULES = Rules(ERP._replace(config_path="erp-build.toml"))


def service(path: str) -> Service:
    name = path.rpartition("/")[2]
    return Service(name=name, path=path, repository=name, values_key=f"services.{name}")


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        pytest.param("backend/notification-service/pom.xml", {NOTIFICATION}, id="a service's file"),
        pytest.param("backend/notification-service", {NOTIFICATION}, id="its folder became a file or a submodule"),
        pytest.param("backend/employee-service/src/A.java", {EMPLOYEE}, id="the function's file"),
        pytest.param("helm-chart/templates/hpa.yaml", {CHART}, id="the chart alone"),
        pytest.param("backend/proto/approval.proto", IMAGES, id="a shared input builds all images, not the chart"),
        pytest.param("erp-build.toml", IMAGES, id="the build configuration is a shared input"),
        pytest.param("backend/notification-service-v2/pom.xml", set(), id="a sibling with the same beginning"),
        pytest.param("docs/backend/notification-service/readme", set(), id="the same path further down"),
        pytest.param("backend/Notification-Service/pom.xml", set(), id="another case is another folder"),
        pytest.param("docs/erp-build.toml", set(), id="the configuration's name elsewhere"),
        pytest.param("README.md", set(), id="nobody's file"),
        pytest.param("backend/notification-service/a b\t\n'\".txt", {NOTIFICATION}, id="odd characters"),
    ],
)
def test_a_path_has_owners(path: str, owners: set[str]) -> None:
    assert set(RULES.owners(path)) == owners


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        pytest.param(".gitattributes", IMAGES, id="attributes of the root"),
        pytest.param("backend/.gitattributes", IMAGES, id="attributes of a folder above"),
        pytest.param("backend/notification-service/.gitattributes", {NOTIFICATION}, id="a service's own attributes"),
        pytest.param("docs/.gitattributes", set(), id="attributes of another folder"),
        pytest.param("helm-chart/.gitattributes", {CHART}, id="the chart's own attributes"),
        pytest.param(".mvn/maven.config", IMAGES, id="Maven's settings of the root"),
        pytest.param("backend/.mvn/wrapper/a.properties", IMAGES, id="Maven's settings of a folder above"),
        pytest.param("backend/notification-service/.mvn/jvm.config", {NOTIFICATION}, id="a service's own settings"),
        pytest.param("docs/.mvn/jvm.config", set(), id="settings of another folder"),
        pytest.param("x.mvn/a", set(), id="a folder with the same end"),
    ],
)
def test_what_git_and_maven_read_from_above_is_an_input_of_what_lies_below(path: str, owners: set[str]) -> None:
    assert set(RULES.owners(path)) == owners


def test_attributes_count_for_an_input_of_another_folder() -> None:
    rules = Rules(Project(services=(service("backend/a")._replace(inputs=("common/lib/**",)), service("backend/b"))))
    assert set(rules.owners("common/.gitattributes")) == {"a"}
    assert set(rules.owners("common/.mvn/maven.config")) == set()


def test_the_rule_says_why_a_path_counts() -> None:
    assert RULES.owners("backend/proto/a.proto")[EMPLOYEE] == "shared: backend/proto/**"
    assert RULES.owners("erp-build.toml")[EMPLOYEE] == "build configuration: erp-build.toml"
    assert RULES.owners(".gitattributes")[EMPLOYEE] == "attributes: .gitattributes"
    assert RULES.owners("backend/.mvn/jvm.config")[EMPLOYEE] == "Maven's settings: backend/.mvn/**"
    assert RULES.owners("helm-chart/Chart.yaml") == {CHART: "helm-chart/**"}


@pytest.mark.parametrize("configured", ["NFC", "NFD"])
@pytest.mark.parametrize("committed", ["NFC", "NFD"])
def test_a_korean_name_is_the_same_composed_and_decomposed(configured: Form, committed: Form) -> None:
    project = Project(services=(service(normalize(configured, "backend/알림")),), shared=("공유/**",))
    rules = Rules(project)
    assert set(rules.owners(normalize(committed, "backend/알림/파일.java"))) == {normalize(configured, "알림")}
    assert set(rules.owners(normalize(committed, "공유/계약.proto"))) == {normalize(configured, "알림")}


def test_a_service_inside_another_service_changes_both() -> None:
    rules = Rules(Project(services=(service("backend/outer"), service("backend/outer/inner"))))
    assert set(rules.owners("backend/outer/inner/pom.xml")) == {"outer", "inner"}
    assert set(rules.owners("backend/outer/pom.xml")) == {"outer"}


def test_two_targets_in_one_folder_change_together() -> None:
    twin = service("backend/a")._replace(name="twin")
    rules = Rules(Project(services=(service("backend/a"), twin)))
    assert set(rules.owners("backend/a/pom.xml")) == {"a", "twin"}


def test_attribution_sorts_and_keeps_every_path() -> None:
    paths = ["docs/b", "backend/notification-service/b", "docs/a", "backend/notification-service/a"]
    found, unowned = attribute(RULES, paths)
    assert [change.path for change in found[NOTIFICATION]] == paths[3:0:-2]
    assert unowned == ("docs/a", "docs/b")


def test_a_path_that_is_named_twice_counts_once() -> None:
    found, unowned = attribute(RULES, ["helm-chart/a", "helm-chart/a", "x", "x"])
    assert len(found[CHART]) == 1
    assert unowned == ("x",)


def test_nothing_changed_is_nobodys_change() -> None:
    assert attribute(RULES, []) == ({}, ())


def test_a_chart_in_a_deeper_folder_owns_only_its_own() -> None:
    rules = Rules(Project(chart=Chart(path="deploy/chart")))
    assert set(rules.owners("deploy/chart/values.yaml")) == {CHART}
    assert not rules.owners("deploy/other")


SEGMENT = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(st.lists(st.lists(SEGMENT, min_size=1, max_size=4).map("/".join), max_size=12))
def test_every_changed_path_is_owned_or_listed_as_unowned(paths: list[str]) -> None:
    found, unowned = attribute(RULES, paths)
    owned = {change.path for changes in found.values() for change in changes}
    assert owned.isdisjoint(unowned)
    assert owned | set(unowned) == set(paths)


@given(suffix=st.text("abc-._0", min_size=1, max_size=8), target=st.sampled_from(ERP.targets))
def test_a_suffix_on_a_targets_folder_is_not_the_target(suffix: str, target: Service) -> None:
    assert target.name not in RULES.owners(f"{target.path}{suffix}/file")
