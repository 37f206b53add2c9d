"""The critical path of a run: the chain of work that nothing else could have shortened."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from erp_build.model.images.image import BuildTimings, BuiltImage
from erp_build.run_record import RunReport, StageRecord

BUILD, WORKERS = "build images", "build on workers"
"""The stages in which work runs in parallel, here and on other machines."""

MIN_SEGMENT_S = 0.0005
"""Shorter segments are left out: a report shows milliseconds."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the path: its stage, what was done in it (empty: the stage itself), when it began, its seconds."""

    name: str
    part: str
    began: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of an image's build: what was done, its begin in seconds since the stage began, and its seconds."""

    work: Literal["Maven", "waits for a turn", "image", "waits to push", "push"]
    began: float
    seconds: float

    @property
    def is_wait(self) -> bool:
        """Whether nothing was done in it."""
        return self.work.startswith("waits")


def critical_path(report: RunReport) -> tuple[Segment, ...]:
    """Stages follow one another; of the build it is the image that was ready last, and what that one waited for."""
    return tuple(segment for stage in report.stages for segment in _of_stage(stage, report.images))


def last_made(images: Sequence[BuiltImage]) -> tuple[str, BuildTimings] | None:
    """The target and the timings of the image that decides how long the build takes; None: no image was made."""
    made = {image.target: image.timings for image in images if image.timings}
    last = last_to_end((target, timings.ended) for target, timings in made.items())
    return (last, made[last]) if last else None


def last_to_end(ended: Iterable[tuple[str, float]]) -> str:
    """The target whose image was ready last; of several in the same millisecond the first by name; empty: none."""
    return min(ended, key=lambda pair: (-round(pair[1], 3), pair[0]), default=("", 0.0))[0]


def phases_of(timings: BuildTimings) -> tuple[Phase, ...]:
    """An image's way from the begin of the stage to the end of its push, without a gap."""
    built, turn = timings.began + timings.image, timings.ended - timings.push
    return (
        Phase("Maven", 0.0, timings.ready),
        Phase("waits for a turn", timings.ready, timings.began - timings.ready),
        Phase("image", timings.began, timings.image),
        Phase("waits to push", built, turn - built),
        Phase("push", turn, timings.push),
    )


def _of_stage(stage: StageRecord, images: Sequence[BuiltImage]) -> Iterator[Segment]:
    last = last_made(images) if stage.name == BUILD else None
    if last is None:
        yield Segment(stage.name, "", stage.began, stage.seconds)
        return
    target, timings = last
    for phase in phases_of(timings):
        if phase.seconds > MIN_SEGMENT_S:
            part = "Maven" if phase.work == "Maven" else f"{target}: {phase.work}"
            yield Segment(stage.name, part, stage.began + phase.began, phase.seconds)
    if (tags := stage.seconds - timings.ended) > MIN_SEGMENT_S:
        yield Segment(stage.name, "tags", stage.began + timings.ended, tags)
