"""A Dockerfile whose images have the names under which mirrors hold them; everything else in it stays."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from erp_build.formats.dockerfile.parse import Instruction, directives, images_of, instructions, resolved
from erp_build.formats.image_name import mirrored

SCRATCH = "scratch"


class _Word(NamedTuple):
    """A name of an image in an instruction: as it is written, with its variables replaced, and what stands before."""

    head: Instruction
    written: str
    image: str
    before: str = ""


def through_mirrors(text: str, mirrors: Mapping[str, str]) -> str:
    """Replace the name of each image that a build fetches from a host with a mirror, and of the frontend likewise.

    Args:
        text: the Dockerfile.
        mirrors: host -> host and prefix of its mirror.

    A name whose variable has no default stays: nobody knows its host.
    """
    lines = text.splitlines(keepends=True)
    for word in _words(text):
        instead = mirrored(word.image, mirrors)
        if "$" not in word.image and instead != word.image:
            for place in range(word.head.line - 1, min(word.head.end - 1, len(lines))):
                if f"{word.before}{word.written}" in lines[place]:
                    lines[place] = lines[place].replace(f"{word.before}{word.written}", f"{word.before}{instead}", 1)
                    break
    frontend = directives(text).get("syntax")
    if frontend and (instead := mirrored(frontend, mirrors)) != frontend:
        place = next(number for number, line in enumerate(lines) if frontend in line)
        lines[place] = lines[place].replace(frontend, instead, 1)
    return "".join(lines)


def fetched_images(text: str) -> tuple[str, ...]:
    """Every image that a build may fetch, each once: bases, what files are copied or mounted from, the frontend."""
    frontend = directives(text).get("syntax")
    named = (word.image for word in _words(text))
    return tuple(dict.fromkeys((*images_of(text), *named, *((frontend,) if frontend else ()))))


def _words(text: str) -> Iterator[_Word]:
    defaults: dict[str, str] = {}
    stages: set[str] = set()
    for one in instructions(text):
        if one.keyword == "ARG" and not stages:
            defaults.update(word.partition("=")[::2] for word in one.words if "=" in word)
        if one.keyword == "FROM" and one.words:
            image = resolved(one.words[0], defaults)
            if image.lower() not in {*stages, SCRATCH}:
                yield _Word(one, one.words[0], image)
            # A stage without a name counts as begun as well.
            stages.add(one.words[2].lower() if len(one.words) > 2 else "")  # noqa: PLR2004 - FROM image AS stage
        for name in _sources(one):
            if name and not name.isdigit() and name.lower() not in stages and name.lower() != SCRATCH:
                yield _Word(one, name, name, before="from=")


def _sources(one: Instruction) -> Iterator[str]:
    """The names behind `COPY --from=` and in `RUN --mount=...,from=`."""
    if one.keyword in ("COPY", "ADD"):
        yield one.flag("from") or ""
    if one.keyword == "RUN":
        for flag in one.flags:
            if flag.startswith("--mount="):
                parts = flag.removeprefix("--mount=").split(",")
                yield from (part.removeprefix("from=") for part in parts if part.startswith("from="))
