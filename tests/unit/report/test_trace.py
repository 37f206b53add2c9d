"""A run as spans: names and attributes are those of OpenTelemetry's conventions, times those of the report."""

from dataclasses import replace

import pytest
from opentelemetry.semconv._incubating.attributes import cicd_attributes, vcs_attributes
from opentelemetry.semconv.attributes import error_attributes

from erp_build.errors import BuildFailed, ErpBuildError, Failure, GateBlocked, Interrupted
from erp_build.model.stages.span import Span
from erp_build.report.trace import run_resource, run_span
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION

CODEBUILD = {
    "CODEBUILD_BUILD_ID": "erp-unified-build:7",
    "CODEBUILD_INITIATOR": "codepipeline/erp-unified-pipeline",
    "CODEBUILD_BUILD_URL": "https://console/7",
}


def by_name(span: Span) -> dict[str, Span]:
    return {child.name: child for child in span.children}


def names(span: Span) -> set[str]:
    return {*span.attributes, *(name for child in span.children for name in names(child))}


@pytest.fixture
def deployed(world: FakeWorld) -> Span:
    world.change(NOTIFICATION)
    report = world.run()
    return run_span(report, report.seconds, "erp-unified-pipeline")


def test_the_run_is_named_after_its_pipeline_and_says_how_it_ended(deployed: Span) -> None:
    assert deployed.name == "RUN erp-unified-pipeline"
    assert deployed.attributes["cicd.pipeline.result"] == "success"
    assert deployed.attributes["erp_build.outcome"] == "deployed"


def test_every_stage_is_a_task_in_the_order_of_the_run(deployed: Span, world: FakeWorld) -> None:
    assert [child.name for child in deployed.children] == [stage.name for stage in world.report.stages]
    stages = by_name(deployed)
    assert stages["build images"].attributes["cicd.pipeline.task.type"] == "build"
    assert stages["judge images"].attributes["cicd.pipeline.task.type"] == "test"
    assert stages["deploy"].attributes["cicd.pipeline.task.type"] == "deploy"
    assert "cicd.pipeline.task.type" not in stages["make plan"].attributes
    assert {child.attributes["cicd.pipeline.task.run.result"] for child in deployed.children} == {"success"}


def test_stages_lie_one_after_the_other_within_the_run(deployed: Span) -> None:
    ends = [0.0]
    for child in deployed.children:
        assert ends[-1] <= child.begin <= child.end <= deployed.end
        ends.append(child.end)
    assert ends[-1] > 0


def test_a_service_has_a_span_in_the_stage_that_made_its_image(deployed: Span, world: FakeWorld) -> None:
    (made,) = by_name(deployed)["build images"].children
    assert made.name == f"build {NOTIFICATION}"
    assert made.attributes["erp_build.image"] == f"erp/{NOTIFICATION}@{world.report.images[0].digest}"
    assert [child.name for child in made.children] == ["image", "push"]


def test_the_conventions_names_are_used(deployed: Span, world: FakeWorld) -> None:
    known = {
        value
        for module in (cicd_attributes, vcs_attributes, error_attributes)
        for value in vars(module).values()
        if isinstance(value, str)
    }
    resource = run_resource(world.report, CODEBUILD, "")
    used = {name for name in names(deployed) | set(resource) if not name.startswith(("erp_build.", "service."))}
    assert used <= known
    assert len(used) == 10


def test_a_run_of_codebuild_is_named_by_it(world: FakeWorld) -> None:
    world.run()
    resource = run_resource(world.report, CODEBUILD, "2026-01-01")
    assert resource["cicd.pipeline.name"] == "erp-unified-pipeline"
    assert resource["cicd.pipeline.run.id"] == "erp-unified-build:7"
    assert resource["cicd.pipeline.run.url.full"] == "https://console/7"
    assert resource["vcs.ref.head.revision"] == world.checkout.head()


def test_another_run_is_named_by_its_beginning(world: FakeWorld) -> None:
    world.report = replace(world.report, plan=None)
    resource = run_resource(world.report, {}, "2026-01-01")
    assert resource == {
        "service.name": "erp_build",
        "cicd.pipeline.name": "erp_build",
        "cicd.pipeline.run.id": "2026-01-01",
    }


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (BuildFailed("x"), "failure"),
        (GateBlocked("x"), "failure"),
        (ErpBuildError("x"), "error"),
        (Interrupted(15, "SIGTERM"), "cancellation"),
    ],
)
def test_a_failure_is_told_by_the_class_of_its_error_alone(error: Failure, result: str, world: FakeWorld) -> None:
    world.report = replace(world.report, error=error)
    span = run_span(world.report, 1.0, "erp")
    assert span.error == type(error).__name__
    assert span.attributes["cicd.pipeline.result"] == result


def test_the_stage_that_failed_has_the_error_and_the_others_do_not(world: FakeWorld) -> None:
    world.effects.failures["push", NOTIFICATION] = BuildFailed("the pom holds s3cr3t")
    world.change(NOTIFICATION)
    with pytest.raises(BuildFailed, match="the pom holds"):
        world.run()
    *before, last = run_span(world.report, 9.0, "erp").children
    assert (last.name, last.error, last.attributes["cicd.pipeline.task.run.result"]) == (
        "build images",
        "BuildFailed",
        "failure",
    )
    assert {one.error for one in before} == {""}
    assert "s3cr3t" not in repr(run_span(world.report, 9.0, "erp"))
