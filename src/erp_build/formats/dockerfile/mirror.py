"""A Dockerfile whose images have the names under which mirrors hold them; everything else in it stays."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from erp_build.formats.dockerfile.parse import Instruction, directives, escape_of, lines_of
from erp_build.formats.dockerfile.stages import images_of, is_image, seen, stages, taken_from
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
    return tuple(dict.fromkeys((*images_of(text), *((frontend,) if frontend else ()))))


def _words(text: str, arguments: Mapping[str, str]) -> Iterator[_Word]:
    escape, found = escape_of(text), stages(text, arguments)
    for one, number, values in seen(text, arguments):
        if one.keyword == "FROM" and found[number].base:
            yield _Word(one, one.words[0], found[number].base)
        for source in taken_from(one, values, escape):
            if is_image(source.name, found):
                yield _Word(one, source.written, source.name, before=source.key)
