"""What it took to make the images: a table for a person, and the chain of work that decided how long it took."""

from collections import defaultdict
from collections.abc import Sequence

from erp_build.formats.printable import one_line
from erp_build.model.images.image import BuiltImage
from erp_build.report.critical_path import last_made, phases_of
from erp_build.report.summary import shortened
from erp_build.report.text.table import table

MIN_SHOWN_S = 0.1
"""Seconds of waiting that are worth a word."""

HEAD = ("target", "", "maven", "image", "push", "sent", "size", "stored")


def build_table(images: Sequence[BuiltImage]) -> list[str]:
    """A line per image, what was saved, and the critical path; nothing where no image was made or reused."""
    new = [image for image in images if image.origin != "running"]
    if not new:
        return []
    lines = table([HEAD, *(_row(image) for image in new)])
    reused = [image for image in new if image.origin == "reused"]
    if reused:
        megabytes = sum(image.saved for image in reused) / 1e6
        lines.append(f"{len(reused)} of {len(new)} reused: no Maven, no Docker, {megabytes:.1f} MB not sent")
    return [*lines, *_by_engine(new), *_critical_path(new)]


def _by_engine(images: Sequence[BuiltImage]) -> list[str]:
    """A line for each reason for which an engine made images."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for image in images:
        if image.timings and image.timings.because:
            names[image.timings.because].append(image.target)
    return [one_line(f"By an engine: {', '.join(targets)}: {shortened(because)}") for because, targets in names.items()]


def _row(image: BuiltImage) -> tuple[str, ...]:
    made = image.timings
    if made is None:
        return (image.target, image.origin, "-", "-", "-", "-", "-", "-")
    how = "built in layers" if made.layered else "built"
    times = (f"{seconds:.1f} s" for seconds in (made.maven, made.image, made.push))
    sizes = (f"{number / 1e6:.1f} MB" for number in (made.bytes_pushed, made.size, made.stored))
    return (image.target, how, *times, *sizes)


def _critical_path(images: Sequence[BuiltImage]) -> list[str]:
    last = last_made(images)
    if last is None:
        return []
    target, timings = last
    maven, *phases = phases_of(timings)
    waited = sum(phase.seconds for phase in phases if phase.is_wait)
    parts = [f"waits {waited:.1f} s for a turn"] if waited >= MIN_SHOWN_S else []
    parts += [f"{phase.work} {phase.seconds:.1f} s" for phase in phases if not phase.is_wait]
    jar = f"Maven {maven.seconds:.1f} s, then " if maven.seconds else ""
    return [f"Critical path: {jar}{target}: {', '.join(parts)} = {timings.ended:.1f} s"]
