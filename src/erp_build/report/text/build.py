"""What it took to make the images: a table for a person, and the chain of work that decided how long it took."""

from collections.abc import Sequence

from erp_build.model.images.build_timings import Making
from erp_build.model.images.image import BuiltImage
from erp_build.report.text.table import table

SHORTEST = 0.1
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
    return lines + _critical_path(new)


def _row(image: BuiltImage) -> tuple[str, ...]:
    made = image.making
    if made is None:
        return (image.target, image.origin, "-", "-", "-", "-", "-", "-")
    how = "built in layers" if made.layered else "built"
    times = (f"{seconds:.1f} s" for seconds in (made.maven, made.image, made.push))
    sizes = (f"{number / 1e6:.1f} MB" for number in (made.sent, made.size, made.stored))
    return (image.target, how, *times, *sizes)


def _critical_path(images: Sequence[BuiltImage]) -> list[str]:
    """The work that nothing else could have shortened: the last image to end, and what it waited for."""
    made = [(image, image.making) for image in images if image.making]
    if not made:
        return []
    last, making = max(made, key=lambda pair: pair[1].ended)
    parts = [f"Maven {making.ready:.1f} s" if making.ready else "", f"{last.target}: {_phases(making)}"]
    return [f"Critical path: {', then '.join(part for part in parts if part)} = {making.ended:.1f} s"]


def _phases(making: Making) -> str:
    waited = making.ended - making.ready - making.image - making.push
    waits = f"waits {waited:.1f} s for a turn, " if waited >= SHORTEST else ""
    return f"{waits}image {making.image:.1f} s, push {making.push:.1f} s"
