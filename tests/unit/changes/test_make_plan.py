import pytest

from erp_build.changes.make_plan import make_plan
from erp_build.model.change import ChangeSet
from erp_build.model.plan import LiveState
from tests.support.samples import (
    CHART,
    EMPLOYEE,
    ERP,
    EVERYTHING,
    HEAD,
    NOTIFICATION,
    PROCESSING,
    REQUEST,
    baselines,
    change_set,
    plan_of,
    running,
)

EKS = (REQUEST, PROCESSING, NOTIFICATION)
POM = "backend/x/pom.xml"

# (changed, without a baseline, not healthy) -> the targets that are not `none`
SITUATIONS = [
    pytest.param({}, {}, {}, {}, id="nothing changed: nothing is done"),
    pytest.param({NOTIFICATION: POM}, {}, {}, {NOTIFICATION: "build"}, id="one service changed: it is built alone"),
    pytest.param({EMPLOYEE: POM}, {}, {}, {EMPLOYEE: "build"}, id="the function changed: no service is touched"),
    pytest.param(
        {CHART: "helm-chart/values-dev.yaml"},
        {},
        {},
        dict.fromkeys((*EKS, CHART), "redeploy"),
        id="the chart changed: services are redeployed without building",
    ),
    pytest.param(
        {CHART: "helm-chart/values-dev.yaml", REQUEST: POM},
        {},
        {},
        {REQUEST: "build", PROCESSING: "redeploy", NOTIFICATION: "redeploy", CHART: "redeploy"},
        id="the chart and a service changed: one is built, the others redeployed",
    ),
    pytest.param(
        {CHART: "helm-chart/values-dev.yaml", EMPLOYEE: POM},
        {},
        {},
        {EMPLOYEE: "build", **dict.fromkeys((*EKS, CHART), "redeploy")},
        id="the chart and the function changed: the function is built, services redeployed",
    ),
    pytest.param(
        dict.fromkeys((*EKS, EMPLOYEE), POM),
        {},
        {},
        dict.fromkeys((*EKS, EMPLOYEE), "build"),
        id="a shared input changed: all images are built",
    ),
    pytest.param(
        {},
        dict.fromkeys(EVERYTHING, "first run"),
        {},
        {**dict.fromkeys((*EKS, EMPLOYEE), "build"), CHART: "redeploy"},
        id="nothing was ever deployed: everything is built",
    ),
    pytest.param({}, {PROCESSING: "lost"}, {}, {PROCESSING: "build"}, id="one baseline is lost: that one is built"),
    pytest.param(
        {},
        {CHART: "the release is failed"},
        {},
        dict.fromkeys((*EKS, CHART), "redeploy"),
        id="the release failed last time: it is deployed again without building",
    ),
    pytest.param(
        {},
        {},
        {NOTIFICATION: "1 of 2 ready"},
        {NOTIFICATION: "redeploy"},
        id="a rollout is not complete: the service is redeployed",
    ),
    pytest.param(
        {},
        {},
        {EMPLOYEE: "the last update failed"},
        {EMPLOYEE: "build"},
        id="a function is not well: it is built, it has no release to redeploy",
    ),
    pytest.param(
        {NOTIFICATION: POM},
        {},
        {NOTIFICATION: "1 of 2 ready"},
        {NOTIFICATION: "build"},
        id="a changed service that is not well is built",
    ),
]


@pytest.mark.parametrize(("changed", "without", "trouble", "expected"), SITUATIONS)
def test_a_situation_has_its_actions(
    changed: dict[str, str], without: dict[str, str], trouble: dict[str, str], expected: dict[str, str]
) -> None:
    plan = plan_of(changed, without, trouble)
    assert {step.target.name: step.action for step in plan.steps if step.action != "none"} == expected


@pytest.mark.parametrize(("changed", "without", "trouble", "expected"), SITUATIONS)
def test_every_target_has_a_step_and_every_action_a_reason(
    changed: dict[str, str], without: dict[str, str], trouble: dict[str, str], expected: dict[str, str]
) -> None:
    plan = plan_of(changed, without, trouble)
    assert tuple(step.target.name for step in plan.steps) == EVERYTHING
    for step in plan.steps:
        assert bool(step.because) == (step.target.name in expected)


def test_a_chart_change_redeploys_without_building() -> None:
    plan = plan_of({CHART: "helm-chart/values-dev.yaml"})
    assert plan.builds == ()
    assert tuple(step.target.name for step in plan.redeploys) == EKS
    assert plan.redeploys[0].because[0].rule == "chart: a rule"
    assert plan.redeploys[0].because[0].path == "helm-chart/values-dev.yaml"
    assert plan.upgrades_release


def test_a_function_alone_does_not_upgrade_the_release() -> None:
    plan = plan_of({EMPLOYEE: POM})
    assert not plan.upgrades_release
    assert [step.target.name for step in plan.functions] == [EMPLOYEE]


def test_an_upgrade_knows_all_services_also_the_unchanged_ones() -> None:
    plan = plan_of({NOTIFICATION: POM})
    assert plan.upgrades_release
    assert tuple(step.target.name for step in plan.services) == EKS
    assert plan.services[0].running is not None
    assert plan.services[0].running.tag == "0ld1234"


def test_an_empty_plan_says_so() -> None:
    assert plan_of({}).is_empty
    assert not plan_of({EMPLOYEE: POM}).is_empty


def test_the_tag_is_the_first_seven_digits_of_head() -> None:
    assert plan_of({}).tag == HEAD[:7]


def test_a_lost_baseline_is_the_reason_that_is_shown() -> None:
    step = next(step for step in plan_of({}, {PROCESSING: "it was pruned"}).steps if step.action == "build")
    assert [reason.rule for reason in step.because] == ["no baseline: it was pruned"]


def test_changes_against_a_lost_baseline_do_not_hide_its_loss() -> None:
    changes = change_set({PROCESSING: POM})._replace(baselines=baselines({PROCESSING: "pruned"}))
    step = next(step for step in make_plan(ERP, changes, running()).steps if step.target.name == PROCESSING)
    assert [reason.rule for reason in step.because] == ["no baseline: pruned"]


def test_what_nobody_owns_and_what_is_doubtful_reaches_the_plan() -> None:
    changes = ChangeSet(head=HEAD, baselines=baselines(), changes={}, unowned=("README.md",), warnings=("careful",))
    plan = make_plan(ERP, changes, LiveState())
    assert plan.unowned == ("README.md",)
    assert plan.warnings == ("careful",)
    assert plan.is_empty
