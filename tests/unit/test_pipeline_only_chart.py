"""The chart of a run of a part: it stays as it runs where it was left out, with its values and the charts beside it."""

import pytest

from erp_build.changes.live_state import commit_of, read_live_state
from erp_build.clients.files.private_folder import remove_private_folders
from erp_build.clients.site import Site
from erp_build.deployment.checks.kept_chart import chart_to_deploy, why_not_kept
from erp_build.deployment.stage import deploy
from erp_build.errors import ConfigurationError
from erp_build.model.stages.hooks import Pipeline
from tests.fakes.helm import values_text
from tests.fakes.registry import HOST
from tests.fakes.world import FakeWorld
from tests.support.samples import CHART, EMPLOYEE, ERP, NOTIFICATION, PROCESSING, REQUEST
from tests.unit.test_pipeline_only import description, only, rules_of, without

TEMPLATE = "templates/hpa.yaml"


def test_a_chart_that_was_not_chosen_stays_while_a_service_is_deployed(world: FakeWorld) -> None:
    first = world.change(CHART, text="first")
    world.run()
    head = world.change(CHART, NOTIFICATION, text="second")
    world.run(only(NOTIFICATION))
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    assert world.helm.charted[TEMPLATE] == "first\n"
    assert description(world).startswith(f"erp_build {first} chart ")
    assert description(world).endswith(f"with {NOTIFICATION} of {head[:7]}")
    assert commit_of(world.helm.revisions[-1], tuple(world.helm.revisions)) == first
    world.run()
    assert world.actions() == dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION, CHART), "redeploy")
    assert world.helm.charted[TEMPLATE] == "second\n"
    assert "with" not in description(world)


def test_the_values_of_a_chart_that_stays_are_those_of_its_commit(world: FakeWorld) -> None:
    """A new setting of the values file is a change of the chart."""
    world.commit({"helm-chart/values-dev.yaml": world.values.read_text().replace("replicaCount: 2", "replicaCount: 3")})
    head = world.change(NOTIFICATION)
    world.run(only(NOTIFICATION))
    assert "replicaCount: 2" in world.helm.charted["values-dev.yaml"]
    assert head[:7] in world.helm.charted["values-dev.yaml"]
    world.run()
    assert "replicaCount: 3" in world.helm.charted["values-dev.yaml"]


def test_the_values_of_a_chart_that_stays_are_gone_when_a_second_signal_ends_the_program_at_once(
    world: FakeWorld,
) -> None:
    world.change(CHART, NOTIFICATION)
    world.run(only(NOTIFICATION))
    plan = world.report.plan
    assert plan is not None
    with chart_to_deploy(world.site(), plan, read_live_state(world.site())) as site:
        assert site.chart_root != world.site().chart_root
        assert list(site.chart_root.rglob("values-dev.yaml")) != []
        remove_private_folders()
        assert not site.chart_root.exists()


def test_a_chart_with_uncommitted_files_is_not_deployed_when_it_was_left_out(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.uncommitted = {f"helm-chart/{TEMPLATE}": "not committed\n"}
    world.run(only(NOTIFICATION))
    assert TEMPLATE not in world.helm.charted


def test_the_charts_beside_a_chart_that_stays_are_those_of_its_commit_too(world: FakeWorld) -> None:
    """They are named with `file://`, and lie outside of the chart's folder and of its content key."""
    beside = "dependencies:\n  - {name: common, version: 1.0.0, repository: 'file://../charts/common'}\n"
    world.commit(
        {
            "helm-chart/Chart.yaml": f"name: erp\n{beside}",
            "charts/common/Chart.yaml": "name: common\nversion: 1.0.0\n",
            "charts/common/values.yaml": "text: first\n",
        }
    )
    world.run()
    world.change(CHART, NOTIFICATION)
    world.commit({"charts/common/values.yaml": "text: second\n"})
    seen: list[str] = []

    def look(site: Site, *_: object, **__: object) -> None:
        seen.append((site.chart_root / "charts/common/values.yaml").read_text())

    world.pipeline = Pipeline().at(deploy).before(look)
    world.run(only(NOTIFICATION))
    assert seen == ["text: first\n"]


def test_values_outside_of_a_chart_that_stays_are_those_of_its_commit(world: FakeWorld) -> None:
    world.project = ERP._replace(chart=ERP.chart._replace(values="../values-dev.yaml"))
    text = world.values.read_text()
    world.commit({"values-dev.yaml": text})
    world.run()
    world.commit({"values-dev.yaml": text.replace("replicaCount: 2", "replicaCount: 3")})
    head = world.change(NOTIFICATION)
    world.run(only(NOTIFICATION))
    assert world.helm.manifest(world.site().release)[0]["spec"]["replicas"] == 2
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    world.run()
    assert world.helm.manifest(world.site().release)[0]["spec"]["replicas"] == 3


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param("", "names no commit", id="not by this program"),
        pytest.param(f"erp_build {'c' * 40} chart {'d' * 40}", "cannot be read in this clone", id="a lost commit"),
        pytest.param("erp_build {head}", "names no commit and content key", id="no key"),
        pytest.param(f"erp_build {{head}} chart {'d' * 40}", "has not the content key dddddddddddd", id="another key"),
    ],
)
def test_a_chart_that_nobody_can_tell_is_not_left_out(world: FakeWorld, words: str, why: str) -> None:
    tags = str(world.helm.values_of(world.site().release, ["services.notification.image.tag"]))
    values = world.values.read_text().replace('"latest"', f'"{world.cluster.running()[NOTIFICATION]}"')
    world.helm.was_deployed(values, words.format(head=world.checkout.head()))
    assert world.cluster.running()[NOTIFICATION] in tags
    world.change(CHART, NOTIFICATION)
    revisions = len(world.helm.revisions)
    with pytest.raises(ConfigurationError, match="the chart cannot be left out") as caught:
        world.run(only(NOTIFICATION))
    assert why in caught.value.why
    plan = world.report.plan
    assert plan is not None
    (told,) = why_not_kept(world.site(), plan, read_live_state(world.site()))
    assert told.startswith("the chart cannot be left out")
    assert "choose helm-chart as well" in caught.value.next_step
    assert len(world.helm.revisions) == revisions
    assert world.moved() == set()


def test_a_chart_alone_deploys_every_service_again_with_the_image_that_it_runs(world: FakeWorld) -> None:
    before = world.cluster.running()
    head = world.change(CHART, REQUEST, EMPLOYEE)
    world.run(only(CHART))
    assert world.actions() == dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION, CHART), "redeploy")
    assert world.cluster.running() == before
    assert rules_of(world, REQUEST)[0] == "left out by --only"
    assert rules_of(world, PROCESSING) == [f"chart: {rule}" for rule in rules_of(world, CHART)]
    assert description(world).startswith(f"erp_build {head} chart ")
    assert description(world).endswith(f"without {REQUEST}")
    world.run()
    assert world.actions() == {REQUEST: "build", EMPLOYEE: "build"}


def new_service(world: FakeWorld) -> None:
    """One more service, of the chart and of the configuration, that does not run yet."""
    fourth = ERP.services[0]._replace(
        name="report-service", path="backend/report-service", repository="report-service", values_key="services.report"
    )
    world.project = ERP._replace(services=(*ERP.services, fourth))
    world.registry.repositories.add("erp/report-service")
    keys = {one.values_key.partition(".")[2]: f"{HOST}/erp/{one.repository}" for one in world.project.services}
    world.commit({"helm-chart/values-dev.yaml": values_text(keys), "backend/report-service/src/App.java": "class A {}"})


def test_a_new_service_stays_away_with_the_chart_that_would_bring_it(world: FakeWorld) -> None:
    new_service(world)
    head = world.change(NOTIFICATION)
    world.run(only(NOTIFICATION))
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    assert "report-service" not in world.cluster.running()
    world.run()
    assert world.cluster.running()["report-service"] == head[:7]


def test_a_new_service_cannot_be_left_out_of_the_chart_that_brings_it(world: FakeWorld) -> None:
    """It would run the tag that the values file happens to have, which nobody has cleared."""
    new_service(world)
    with pytest.raises(ConfigurationError, match="report-service cannot be left out: it does not run yet"):
        world.run(without("report-service"))
    assert world.moved() == set()
