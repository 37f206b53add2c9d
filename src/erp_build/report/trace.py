"""A run as spans, with the names of OpenTelemetry's conventions for CI/CD: the run, its stages, and their services."""

from collections.abc import Iterator, Mapping

from erp_build.config.codebuild import pipeline_that_started
from erp_build.errors import Failure
from erp_build.model.stages.span import Attribute, Span
from erp_build.run_record import RunReport, StageRecord

TASK_TYPES = {
    **dict.fromkeys(("build images", "build on workers"), "build"),
    **dict.fromkeys(
        ("check plan", "check builds", "run checks", "require checks", "judge images", "clear images"), "test"
    ),
    **dict.fromkeys(("take lock", "deploy", "prove", "bake", "take back", "move latest", "write back"), "deploy"),
}
"""Stage -> what the conventions call its type; stages that only read have none."""


def run_resource(report: RunReport, variables: Mapping[str, str], run_id: str) -> dict[str, Attribute]:
    """What all spans of a run have in common; `run_id` names a run that no CodeBuild has named."""
    build = variables.get("CODEBUILD_BUILD_ID", "")
    pipeline = pipeline_that_started(variables) or build.partition(":")[0]
    known = {
        "service.name": "erp_build",
        "cicd.pipeline.name": pipeline or "erp_build",
        "cicd.pipeline.run.id": build or run_id,
        "cicd.pipeline.run.url.full": variables.get("CODEBUILD_BUILD_URL", ""),
        "vcs.ref.head.revision": report.plan.head if report.plan else "",
    }
    return {name: value for name, value in known.items() if value}


def run_span(report: RunReport, seconds: float, name: str) -> Span:
    """The run with everything in it; `name` is that of the pipeline."""
    action = "BUILD" if report.images_only else "RUN"
    return Span(
        name=f"{action} {name}",
        begin=0.0,
        end=seconds,
        attributes={
            "cicd.pipeline.action.name": action,
            "cicd.pipeline.result": _result(report.error),
            "erp_build.outcome": report.outcome,
            "erp_build.exit_code": report.error.code if report.error else 0,
        },
        error=type(report.error).__name__ if report.error else "",
        children=tuple(_stage(report, place, stage) for place, stage in enumerate(report.stages)),
    )


def _result(error: Failure | None) -> str:
    """The convention's word for how a run or a stage ended."""
    if error is None:
        return "success"
    words = {70: "error", 129: "cancellation", 130: "cancellation", 143: "cancellation"}
    return words.get(error.code, "failure")


def _stage(report: RunReport, place: int, stage: StageRecord) -> Span:
    error = report.error if stage.status == "failed" else None
    attributes: dict[str, Attribute] = {
        "cicd.pipeline.task.name": stage.name,
        "cicd.pipeline.task.run.id": f"{place + 1}",
        "cicd.pipeline.task.run.result": _result(error) if error or stage.status == "done" else "failure",
    }
    if kind := TASK_TYPES.get(stage.name):
        attributes["cicd.pipeline.task.type"] = kind
    children = {"build images": _images, "build on workers": _workers, "run checks": _checks}.get(stage.name)
    return Span(
        name=stage.name,
        begin=stage.began,
        end=stage.began + stage.seconds,
        attributes=attributes,
        error=type(error).__name__ if error else "",
        children=tuple(children(report, stage)) if children else (),
    )


def _images(report: RunReport, stage: StageRecord) -> Iterator[Span]:
    """A span for each image that was made, and in it the engine's work and the push; its jar was made before."""
    for image in report.images:
        timings = image.timings
        if timings is None:
            continue
        begin = stage.began + timings.began
        built = begin + timings.image
        yield Span(
            name=f"build {image.target}",
            begin=begin,
            end=stage.began + timings.ended,
            attributes={
                "erp_build.target": image.target,
                "erp_build.image": f"{image.repository}@{image.digest}",
                "erp_build.maven.seconds": round(timings.maven, 3),
                "erp_build.push.bytes": timings.bytes_pushed,
            },
            children=(
                Span(name="image", begin=begin, end=built),
                Span(name="push", begin=built, end=built + timings.push),
            ),
        )


def _workers(report: RunReport, stage: StageRecord) -> Iterator[Span]:
    """A span for each worker that was begun in the stage; of several releases each has such a stage."""
    for one in report.workers:
        if not stage.began <= one.began <= stage.began + stage.seconds:
            continue
        facts: dict[str, Attribute] = {
            "erp_build.worker.build": one.build,
            "erp_build.worker.end": one.end,
            "erp_build.worker.made": ", ".join(one.made),
            "erp_build.worker.missing": ", ".join(one.missing),
            "erp_build.worker.rest": one.rest,
            "cicd.pipeline.task.run.url.full": one.log,
        }
        yield Span(
            name="worker",
            begin=one.began,
            end=one.began + one.seconds,
            attributes={name: value for name, value in facts.items() if value},
            error="" if one.end == "done" else one.end,
        )


def _checks(report: RunReport, stage: StageRecord) -> Iterator[Span]:
    """A span for each check of a service; they run one after the other."""
    begin = stage.began
    for one in report.checked:
        end = begin + one.run.seconds
        yield Span(
            name=f"check {one.check.name}",
            begin=begin,
            end=end,
            attributes={"erp_build.target": one.target, "erp_build.check.outcome": one.word},
            error="" if one.run.outcome == "passed" else one.run.outcome,
        )
        begin = end
