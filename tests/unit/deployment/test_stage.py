"""Deployment: what was cleared gets its tag, everything else keeps the one that it runs."""

import pytest

from erp_build.errors import FunctionUpdateFailed, ReleaseFailed
from erp_build.report.document import report_document
from erp_build.report.summary import warnings_of
from erp_build.report.text.run import report_text
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST


def test_what_is_local_comes_first_then_functions_then_the_release(world: FakeWorld) -> None:
    world.change(NOTIFICATION, EMPLOYEE)
    world.run()
    assert [verb for verb in world.verbs() if verb not in ("package", "build_image", "push", "tag")] == [
        "write_file",
        "update_function",
        "upgrade_release",
    ]


def test_a_function_that_cannot_be_updated_leaves_the_release_alone(world: FakeWorld) -> None:
    world.functions.fails_to_update(FUNCTION, "ImageAccessDenied")
    world.change(NOTIFICATION, EMPLOYEE)
    with pytest.raises(FunctionUpdateFailed, match="does not run the new image"):
        world.run()
    assert "upgrade_release" not in world.moved()


def test_a_values_file_that_is_right_already_is_not_written(world: FakeWorld) -> None:
    """The tags that run are committed: a chart change leaves not a byte to write."""
    values = world.values.read_text(encoding="utf-8")
    assert values.count("@sha256:") == 3
    world.commit({"helm-chart/values-dev.yaml": values + "# another line\n"})
    world.run()
    assert world.verbs() == ["upgrade_release"]


def test_only_the_tags_of_the_values_file_change(world: FakeWorld) -> None:
    before = world.checkout.git("show", "HEAD:helm-chart/values-dev.yaml") + "\n"
    head = world.change(NOTIFICATION)
    world.run()
    expected = before
    for name, tag in world.cluster.running().items():
        assert (tag == head[:7]) == (name == NOTIFICATION)
        expected = expected.replace('"latest"', f'"{tag}@{world.cluster.digest(name)}"', 1)
    assert world.values.read_text(encoding="utf-8") == expected


def test_the_tags_are_told_before_the_upgrade(world: FakeWorld) -> None:
    tag, head = world.cluster.running()[REQUEST], world.change(NOTIFICATION)
    world.run()
    start = world.progress.lines.index("== deploy") + 1
    assert world.progress.lines[start : start + 3] == [
        f"{REQUEST}: tag {tag}@{world.cluster.digest(REQUEST)[:19]}",
        f"{PROCESSING}: tag {tag}@{world.cluster.digest(PROCESSING)[:19]}",
        f"{NOTIFICATION}: tag {head[:7]}@{world.cluster.digest(NOTIFICATION)[:19]}",
    ]


def test_upgrade_and_rollout_share_the_charts_time(world: FakeWorld) -> None:
    chart = world.project.chart._replace(timeout=45.0)
    world.project = world.project._replace(chart=chart)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="not complete in time"):
        world.run()
    assert world.seconds("deploy") == 45


def test_a_service_without_a_tag_to_keep_stops_before_anything_moves(world: FakeWorld) -> None:
    world.cluster.is_set_by_hand(REQUEST)
    world.change(NOTIFICATION, EMPLOYEE)
    with pytest.raises(ReleaseFailed, match="has no running tag to keep") as caught:
        world.run()
    assert caught.value.where == REQUEST
    assert world.moved() == set()


def test_a_service_without_a_tag_to_keep_does_not_concern_a_function(world: FakeWorld) -> None:
    world.cluster.is_set_by_hand(REQUEST)
    world.change(EMPLOYEE)
    report = world.run()
    assert report.outcome == "deployed"
    assert report.deployment is not None
    assert report.deployment.tags_after[REQUEST] == ""


def test_a_pinned_release_names_tag_and_digest_and_the_next_run_keeps_both(world: FakeWorld) -> None:
    head = world.change(NOTIFICATION)
    world.run()
    digest = world.registry.tags[f"erp/{NOTIFICATION}", head[:7]]
    assert world.cluster.deployments[NOTIFICATION].image.endswith(f":{head[:7]}@{digest}")
    world.change(REQUEST)
    world.run()
    assert world.cluster.deployments[NOTIFICATION].image.endswith(f":{head[:7]}@{digest}")
    assert world.run().outcome == "nothing"


def test_a_chart_that_takes_no_digest_is_deployed_by_tag_and_every_report_warns(world: FakeWorld) -> None:
    world.helm.refuses_digests = True
    head = world.change(NOTIFICATION)
    report = world.run()
    assert world.cluster.deployments[NOTIFICATION].image.endswith(f":{head[:7]}")
    (warning,) = warnings_of(report_document(report))
    assert warning.startswith("the release names its images by tag, which a push can change: the chart refuses it")
    assert f"Warning: {warning}" in report_text(report)


def test_an_edit_by_hand_is_repaired_by_a_plain_run(world: FakeWorld) -> None:
    world.cluster.deployments[NOTIFICATION].replicas = 5
    world.run()
    assert world.actions() == {NOTIFICATION: "redeploy"}
    assert world.cluster.deployments[NOTIFICATION].replicas == 2


def test_a_lambda_and_its_alias_go_live_together(world: FakeWorld) -> None:
    function = world.project.functions[0]._replace(publish=True, alias="live")
    world.project = world.project._replace(functions=(function,))
    world.change(EMPLOYEE)
    world.run()
    assert world.verbs().count("publish") == 1
    assert world.functions.aliases[f"{FUNCTION}:live"] == world.functions.states[FUNCTION].digest
