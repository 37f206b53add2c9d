"""A Dockerfile whose images have the names under which mirrors hold them; everything else in it stays."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from erp_build.formats.dockerfile.parse import Instruction, directives, escape_of, lines_of
from erp_build.formats.dockerfile.stages import NO_IMAGE, images_of, seen
from erp_build.formats.dockerfile.words import expanded
from erp_build.formats.image_name import mirrored

NO_ARGUMENTS: Mapping[str, str] = MappingProxyType({})


class _Word(NamedTuple):
    """A name of an image in an instruction: as it is written, with its variables replaced, and what stands before."""

    head: Instruction
    written: str
    image: str
    before: str = ""


def through_mirrors(text: str, mirrors: Mapping[str, str], arguments: Mapping[str, str] = NO_ARGUMENTS) -> str:
    """Replace the name of each image that a build fetches from a host with a mirror, and of the frontend likewise.

    Args:
        text: the Dockerfile.
        mirrors: host -> host and prefix of its mirror.
        arguments: of the build, in place of the defaults of ARG.

    A name whose variable has no default stays: nobody knows its host.
    """
    lines = lines_of(text)
    for word in _words(text, arguments):
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


def _words(text: str, arguments: Mapping[str, str] = NO_ARGUMENTS) -> Iterator[_Word]:
    escape = escape_of(text)
    stages: set[str] = set()
    for one, _, values in seen(text, arguments):
        if one.keyword == "FROM" and one.words:
            image = expanded(one.words[0], values, escape).text
            if image.lower() not in {*stages, NO_IMAGE}:
                yield _Word(one, one.words[0], image)
            # A stage without a name counts as begun as well.
            stages.add(one.words[2].lower() if len(one.words) > 2 else "")  # noqa: PLR2004 - FROM image AS stage
        for name in _sources(one):
            if name and not name.isdigit() and name.lower() not in stages and name.lower() != NO_IMAGE:
                yield _Word(one, name, name, before="from=")


def _sources(one: Instruction) -> Iterator[str]:
    """The names behind `COPY --from=` and in `RUN --mount=...,from=`."""
    if one.keyword == "COPY":
        yield one.flag("from") or ""
    if one.keyword == "RUN":
        for mount in one.flag_values("mount"):
            parts = (part.strip('"') for part in mount.split(","))
            yield from (part.removeprefix("from=") for part in parts if part.startswith("from="))
