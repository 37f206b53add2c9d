"""The critical path of a run: the chain of work that nothing else could have shortened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from erp_build.model.images.build_timings import Making
from erp_build.model.images.image import BuiltImage
from erp_build.run_record import RunReport, StageRecord

BUILD = "build images"
"""The one stage in which several things go on at once."""

SHORTEST = 0.0005
"""Seconds; what is shorter is none in a report, which has milliseconds."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the path: the stage, what was done in it (empty: the stage itself), when it began, its seconds."""

    stage: str
    part: str
    began: float
    seconds: float


def critical_path(report: RunReport) -> tuple[Segment, ...]:
    """Stages follow one another; of the build it is the image that was ready last, and what that one waited for."""
    return tuple(segment for stage in report.stages for segment in _of_stage(stage, report.images))


def _of_stage(stage: StageRecord, images: Sequence[BuiltImage]) -> Iterator[Segment]:
    made = [(image.target, image.making) for image in images if image.making]
    if stage.name != BUILD or not made:
        yield Segment(stage.name, "", stage.began, stage.seconds)
        return
    target, making = max(made, key=lambda pair: pair[1].ended)
    for part, began, seconds in _parts(target, making, stage.seconds):
        if seconds > SHORTEST:
            yield Segment(stage.name, part, stage.began + began, seconds)


def _parts(target: str, making: Making, whole: float) -> Iterator[tuple[str, float, float]]:
    built, turn = making.began + making.image, making.ended - making.push
    yield "Maven", 0.0, making.ready
    yield f"{target}: waits for a turn", making.ready, making.began - making.ready
    yield f"{target}: image", making.began, making.image
    yield f"{target}: waits to push", built, turn - built
    yield f"{target}: push", turn, making.push
    yield "tags", making.ended, whole - making.ended
