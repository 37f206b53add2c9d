"""What the final stage of a Dockerfile begins with."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from erp_build.formats.dockerfile.direct.forms import malformed
from erp_build.formats.dockerfile.direct.recipe import Obstacle
from erp_build.formats.dockerfile.direct.sight import Sight
from erp_build.formats.dockerfile.parse import Instruction, directives, escape_of, instructions
from erp_build.formats.dockerfile.stages import NO_IMAGE, seen, stage_name

FRONTEND = re.compile(r"(?:docker\.io/)?docker/dockerfile:1(?:\.[0-9]{1,3}){0,2}")
"""Programs that read a Dockerfile as the engine's own does."""

OF_THE_MACHINE = re.compile(r"\b(?:BUILD(?:PLATFORM|OS|OSVERSION|ARCH|VARIANT)|TARGETSTAGE|TARGETOSVERSION)\b")
"""Arguments that BuildKit sets by the machine that it runs on, or only some versions of it."""

STEERING = re.compile(r"BUILDKIT_\w{1,100}|SOURCE_DATE_EPOCH", re.ASCII)
"""Build arguments that change how BuildKit works."""

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What every builder sets where the base image has no PATH."""


class Start(NamedTuple):
    """What the final stage begins with.

    Attributes:
        line: of its FROM.
        stage: its number, counted from 0.
        image: by its name; empty: `scratch`.
        names: of all stages, in small letters.
        variables: what BuildKit sets for this platform.
    """

    line: int
    stage: int
    image: str
    names: frozenset[str]
    variables: Mapping[str, str]


class _Head(NamedTuple):
    """A FROM, with what it sees."""

    instruction: Instruction
    name: str
    values: Mapping[str, str]


def start_of(text: str, target: str, arguments: Mapping[str, str], platform: str) -> Start | tuple[Obstacle, ...]:
    """What the final stage begins with, or what is in the way of every image of this Dockerfile."""
    variables = _platform_variables(platform)
    obstacles = (*_of_directives(text), *_of_arguments(arguments), *_of_forms(text))
    heads = [
        _Head(one.instruction, stage_name(one.instruction), dict(one.values))
        for one in seen(text, arguments, variables, {})
        if one.instruction.keyword == "FROM"
    ]
    names = [head.name for head in heads]
    place = names.index(target.lower()) if target and target.lower() in names else len(names) - 1
    if not heads:
        return obstacles or (Obstacle(1, "there is no FROM"),)
    line = heads[place].instruction.line
    if target and names[place] != target.lower():
        obstacles += (Obstacle(0, f"there is no stage with the name {target}"),)
    if len(set(filter(None, names))) < len([*filter(None, names)]):
        obstacles += (Obstacle(line, "two stages have the same name"),)
    if obstacles:
        return obstacles
    try:
        image = _image(heads[place], escape_of(text), platform, names[:place])
    except ValueError as error:
        return (Obstacle(line, f"FROM: {error}"),)
    return Start(line, place, image, frozenset(filter(None, names)), variables)


def environment_of(base: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    """The variables of a base image's configuration, PATH always among them; None where the image is not known."""
    if base is None:
        return None
    entries = (entry.partition("=") for entry in (base.get("config") or {}).get("Env") or ())
    found = {name: value for name, _, value in entries}
    return {**found, "PATH": found.get("PATH", DEFAULT_PATH)}


def _image(head: _Head, escape: str, platform: str, stages: list[str]) -> str:
    instruction, sight = head.instruction, Sight(head.values, escape, is_known=True)
    if OF_THE_MACHINE.search(" ".join((*instruction.flags, *instruction.words))):
        raise ValueError("it depends on the machine that builds")
    asked = instruction.flag("platform")
    if asked is not None and sight.text(asked) != platform:
        raise ValueError(f"--platform is not {platform}")
    image = sight.text(instruction.words[0])
    if not image:
        raise ValueError("the image's name is empty once its variables are replaced")
    if image.lower() in stages:
        raise ValueError("the stage begins with another stage")
    return "" if image == NO_IMAGE else image


def _of_forms(text: str) -> Iterator[Obstacle]:
    has_begun = False
    for one in instructions(text):
        has_begun = has_begun or one.keyword == "FROM"
        if not has_begun and one.keyword != "ARG":
            yield Obstacle(one.line, f"{one.keyword} stands before the first FROM")
        yield from (Obstacle(one.line, what) for what in malformed(one))


def _of_arguments(arguments: Mapping[str, str]) -> Iterator[Obstacle]:
    for name in arguments:
        if STEERING.fullmatch(name):
            yield Obstacle(0, f"the build argument {name} is for BuildKit")


def _of_directives(text: str) -> Iterator[Obstacle]:
    found = directives(text)
    if text.startswith("#!"):
        yield Obstacle(1, "the first line names a program")
    if not FRONTEND.fullmatch(found.get("syntax", "docker/dockerfile:1").strip()):
        yield Obstacle(1, "`# syntax=` names another program than docker/dockerfile:1")
    if "check" in found:
        yield Obstacle(1, "`# check=` may end the build")


def _platform_variables(platform: str) -> dict[str, str]:
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    values = (platform, system, architecture, variant)
    return dict(zip(("TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT"), values, strict=True))
