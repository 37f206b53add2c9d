"""`build`: images under their keys and nothing else, so that a later run finds them and deploys them."""

import pytest

from erp_build.errors import BuildFailed, GateBlocked, PushFailed
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import CheckRun
from erp_build.report.document import report_document
from erp_build.report.markdown import report_markdown
from tests.fakes.registry import scan
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST

IMAGES = (REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE)
STYLE = Check(name="style", command=("true",))


class Untouchable:
    """What runs, for a run that may not even look at it."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} was asked")


def verbs_of(world: FakeWorld) -> set[str]:
    return set(world.verbs())


def test_it_builds_and_pushes_what_is_named_and_ends_there(world: FakeWorld) -> None:
    before = world.cluster.running()
    world.change(NOTIFICATION, PROCESSING)
    report = world.build(NOTIFICATION)
    assert report.outcome == "built"
    assert world.actions() == {NOTIFICATION: "build"}
    assert [image.target for image in report.images] == [NOTIFICATION]
    assert verbs_of(world) == {"package", "build_image", "push", "tag"}
    assert world.cluster.running() == before
    assert [stage.name for stage in report.stages] == [
        "read environment",
        "plan images",
        "find reusable",
        "check builds",
        "build images",
    ]


def test_without_a_name_every_image_is_made(new_world: FakeWorld) -> None:
    report = new_world.build()
    assert [image.target for image in report.images] == list(IMAGES)


def test_neither_cluster_nor_lambda_nor_helm_nor_a_lock_is_asked(new_world: FakeWorld) -> None:
    for name in ("cluster", "functions", "helm", "leases", "alarms"):
        setattr(new_world, name, Untouchable())
    assert new_world.build().outcome == "built"


def test_no_scan_is_asked_for(new_world: FakeWorld) -> None:
    new_world.build()
    assert new_world.registry.started == []
    assert new_world.report.judgement is None


def test_a_second_time_it_builds_nothing_and_moves_no_tag(new_world: FakeWorld) -> None:
    new_world.build()
    tags = dict(new_world.registry.tags)
    report = new_world.build()
    assert report.outcome == "nothing"
    assert {image.origin for image in report.images} == {"reused"}
    assert verbs_of(new_world) == {"tag"}
    assert new_world.registry.tags == tags


def test_what_runs_already_needs_no_image(world: FakeWorld) -> None:
    assert world.build().outcome == "nothing"


def test_a_run_afterwards_builds_nothing_and_deploys_those_images(world: FakeWorld) -> None:
    head = world.change(NOTIFICATION, EMPLOYEE)
    built = {image.target: image.digest for image in world.build(NOTIFICATION, EMPLOYEE).images}
    report = world.run()
    assert world.actions() == {NOTIFICATION: "reuse", EMPLOYEE: "reuse"}
    assert verbs_of(world).isdisjoint({"package", "build_image", "push"})
    assert {proof.target: proof.running for proof in report.proofs} == built
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    assert world.functions.states[FUNCTION].digest == built[EMPLOYEE]


def test_an_image_that_it_made_is_judged_before_it_is_deployed(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.build(NOTIFICATION)
    world.registry.answers(world.report.images[0].digest, scan(CRITICAL=1))
    with pytest.raises(GateBlocked, match="over the policy"):
        world.run()


def test_what_does_not_compile_is_named_and_the_others_are_there_for_a_run(new_world: FakeWorld) -> None:
    new_world.effects.does_not_compile(REQUEST)
    with pytest.raises(BuildFailed, match="Maven failed"):
        new_world.build()
    assert new_world.report.outcome == "failed"
    new_world.effects.failures.clear()
    new_world.build()
    assert new_world.actions() == {REQUEST: "build", **dict.fromkeys(IMAGES[1:], "reuse")}


def test_a_missing_repository_is_told_before_anything_is_built(new_world: FakeWorld) -> None:
    new_world.registry.repositories.remove(f"erp/{REQUEST}")
    with pytest.raises(PushFailed, match="1 repositories do not exist"):
        new_world.build()
    assert new_world.verbs() == []


def test_a_check_that_fails_stops_it_because_a_run_does_not_check_what_it_finds(new_world: FakeWorld) -> None:
    new_world.project = new_world.project._replace(checks=(STYLE,))
    new_world.effects.check_runs["style", NOTIFICATION] = CheckRun(outcome="failed")
    with pytest.raises(GateBlocked, match="1 of 1 checks failed"):
        new_world.build(NOTIFICATION)
    assert new_world.verbs() == ["check"]


def test_a_check_that_passes_comes_before_the_image(new_world: FakeWorld) -> None:
    new_world.project = new_world.project._replace(checks=(STYLE,))
    new_world.build(NOTIFICATION)
    assert new_world.verbs()[:2] == ["check", "package"]


def test_it_rebuilds_what_it_is_told_to(new_world: FakeWorld) -> None:
    new_world.build(NOTIFICATION)
    report = new_world.build(NOTIFICATION, rebuild=(NOTIFICATION,))
    assert report.outcome == "built"
    assert "build_image" in new_world.verbs()


def test_a_rehearsal_says_what_would_be_built(new_world: FakeWorld) -> None:
    report = new_world.build(rehearse=True)
    assert report.outcome == "rehearsed"
    assert {effect.state for effect in report.effects} == {"assumed"}
    assert new_world.registry.tags.keys().isdisjoint({(f"erp/{REQUEST}", report.images[0].tag)})


def test_files_of_no_commit_get_a_tag_that_says_so_and_no_key(new_world: FakeWorld) -> None:
    new_world.uncommitted = {"backend/notification-service/src/App.java": "class App { int other; }"}
    (image,) = new_world.build(NOTIFICATION).images
    assert image.tag.endswith("-dirty")
    assert [tag for tag in new_world.registry.tags_of(image.digest) if tag.startswith("key-")] == []


def test_the_plan_says_why_the_others_are_left_alone(new_world: FakeWorld) -> None:
    report = new_world.build(NOTIFICATION)
    assert report.plan is not None
    said = {step.target.name: step.because[0].rule for step in report.plan.steps}
    assert said[REQUEST] == "left out by --only"
    assert said[CHART] == "`build` deploys nothing"
    assert said[NOTIFICATION] == "no baseline: `build` asks the registry alone"


def test_the_report_tells_a_build_from_a_run(new_world: FakeWorld) -> None:
    new_world.build()
    first = report_document(new_world.report)
    new_world.build()
    second = report_document(new_world.report)
    assert [(one["verb"], one["outcome"]) for one in (first, second)] == [("build", "built"), ("build", "nothing")]
    assert "built, not deployed" in report_markdown(first)
    assert "Nothing to do: every image is there." in report_markdown(second)
