"""The stages of a Dockerfile: on which image each begins, which other stages it uses, and which variables it sees."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from erp_build.formats.dockerfile.parse import Instruction, escape_of, instructions, settings_of
from erp_build.formats.dockerfile.words import expanded

NO_IMAGE = "scratch"
PLATFORM = {"TARGETOS": "linux", "BUILDOS": "linux"}
"""What BuildKit sets by itself, as far as it is the same on every machine; the classic builder sets nothing."""

NAMED = 3
"""Words of `FROM image AS stage`."""


class Seen(NamedTuple):
    """An instruction with what it sees.

    Attributes:
        instruction: itself.
        stage: number of its stage, counted from 0; -1 before the first FROM.
        values: variable -> value, before the instruction. One that only the base image sets is not there.
    """

    instruction: Instruction
    stage: int
    values: Mapping[str, str]


class Stage(NamedTuple):
    """One stage.

    Attributes:
        name: in small letters; empty where it has none.
        base: the image that it begins with; empty: none, or another stage. A variable without a value stands in it.
        parent: number of the stage that it begins with; None: it begins with an image.
        froms: what COPY and RUN take files from, as it is written: a stage, its number, or an image.
    """

    name: str
    base: str
    parent: int | None
    froms: tuple[str, ...] = ()


class Taken(NamedTuple):
    """What COPY or RUN takes files from: a stage, its number, or an image.

    Attributes:
        key: what stands before it, such as `from=`.
        written: as it is written.
        name: with its variables replaced.
    """

    key: str
    written: str
    name: str


def seen(
    text: str,
    arguments: Mapping[str, str] | None = None,
    platform: Mapping[str, str] = PLATFORM,
    base: Mapping[str, str] | None = None,
) -> Iterator[Seen]:
    """The instructions of a Dockerfile with the variables that each sees.

    FROM sees the arguments that stand before the first FROM; in a stage they count once they are named again. A stage
    inherits what the one that it begins with has set.

    Args:
        text: the Dockerfile.
        arguments: of the build, which come before defaults.
        platform: what the builder sets by itself.
        base: what the images set that stages begin with. Then all is known, and what nothing sets is empty; otherwise
            it stays as it is written.
    """
    given, escape, is_known = arguments or {}, escape_of(text), base is not None
    outer = dict(platform)
    values = outer
    ends: dict[str, dict[str, str]] = {}
    names: list[str] = []
    for instruction in instructions(text):
        if instruction.keyword == "FROM":
            yield Seen(instruction, len(names), outer)
            image = expanded(instruction.words[0], outer, escape, blank=is_known).text if instruction.words else ""
            values = dict(ends.get(image.lower(), base or {}))
            names.append(stage_name(instruction))
            if names[-1]:
                ends[names[-1]] = values
            continue
        yield Seen(instruction, len(names) - 1, values)
        if instruction.keyword in ("ARG", "ENV"):
            _set(instruction, values, outer, given, escape, blank=is_known)


def stages(text: str, arguments: Mapping[str, str] | None = None) -> tuple[Stage, ...]:
    """The stages of a Dockerfile, in their order."""
    found: list[Stage] = []
    escape = escape_of(text)
    for instruction, number, values in seen(text, arguments):
        if instruction.keyword == "FROM":
            base = expanded(instruction.words[0], values, escape).text if instruction.words else ""
            parent = _numbers(found).get(base.lower())
            is_image = parent is None and base != NO_IMAGE
            found.append(Stage(stage_name(instruction), base if is_image else "", parent))
        elif number >= 0:
            froms = (*found[number].froms, *(one.name for one in taken_from(instruction, values, escape)))
            found[number] = found[number]._replace(froms=froms)
    return tuple(found)


def base_images(text: str, arguments: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the images that stages begin with, in the order of the Dockerfile."""
    return tuple(stage.base for stage in stages(text, arguments) if stage.base)


def images_of(text: str, arguments: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return every image that a build may take files from, each once: of FROM, of COPY --from and of mounts."""
    found = stages(text, arguments)
    others = (name for stage in found for name in stage.froms if is_image(name, found))
    return tuple(dict.fromkeys((*(stage.base for stage in found if stage.base), *others)))


def final_base(text: str, target: str = "", arguments: Mapping[str, str] | None = None) -> str:
    """The image that the final stage begins with, by way of other stages too; empty where there is none.

    Args:
        text: the Dockerfile.
        target: name or number of the final stage; empty: the last one.
        arguments: of the build.
    """
    found = stages(text, arguments)
    place = _target(found, target)
    while place is not None and (parent := found[place].parent) is not None:
        place = parent
    return "" if place is None else found[place].base


def used_stages(text: str, target: str = "", arguments: Mapping[str, str] | None = None) -> frozenset[int]:
    """The numbers of the stages that certainly are built: the final one, and those that it uses."""
    found = stages(text, arguments)
    place = _target(found, target)
    open_, used = [place] if place is not None else [], set[int]()
    while open_:
        number = open_.pop()
        if number not in used:
            used.add(number)
            stage = found[number]
            ways = (stage.parent, *(_stage_of(name, found) for name in stage.froms))
            open_ += [way for way in ways if way is not None]
    return frozenset(used)


def _target(found: tuple[Stage, ...], target: str) -> int | None:
    return _stage_of(target, found) if target else len(found) - 1 if found else None


def stage_name(instruction: Instruction) -> str:
    """The name that a FROM gives to its stage, in small letters; empty where it gives none."""
    words = instruction.words
    return words[2].lower() if len(words) == NAMED and words[1].lower() == "as" else ""


def _numbers(found: list[Stage] | tuple[Stage, ...]) -> dict[str, int]:
    """Name -> number. Of two stages with one name the later counts: BuildKit overwrites the first."""
    return {stage.name: number for number, stage in enumerate(found) if stage.name}


def _stage_of(name: str, found: tuple[Stage, ...]) -> int | None:
    """The number of the stage that a name means; letters of either size are the same."""
    if _is_number(name):
        return int(name) if int(name) < len(found) else None
    return _numbers(found).get(name.lower())


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()


def taken_from(instruction: Instruction, values: Mapping[str, str], escape: str) -> Iterator[Taken]:
    """What an instruction takes files from: `COPY --from=` and each `RUN --mount=...,from=`."""
    if instruction.keyword == "COPY":
        # No builder replaces variables here.
        yield from (Taken("from=", name, name) for name in instruction.flag_values("from") if name)
    elif instruction.keyword == "RUN":
        for name, value in (part for mount in instruction.flag_values("mount") for part in _parts(mount)):
            if name.lower() == "from" and value:
                yield Taken(f"{name}=", value, expanded(value, values, escape).text)


def is_image(name: str, found: tuple[Stage, ...]) -> bool:
    """Whether files that are taken from a name come from an image: not from a stage, nor from nothing."""
    return not _is_number(name) and name != NO_IMAGE and _stage_of(name, found) is None


def mounts_of(instruction: Instruction, values: Mapping[str, str], escape: str) -> Iterator[dict[str, str]]:
    """The settings of each `--mount` of RUN, with their variables replaced."""
    for mount in instruction.flag_values("mount"):
        yield {name.lower(): expanded(value, values, escape).text for name, value in _parts(mount)}


def _parts(mount: str) -> Iterator[tuple[str, str]]:
    for part in mount.split(","):
        name, _, value = part.strip('"').partition("=")
        yield name, value


def _set(
    instruction: Instruction,
    values: dict[str, str],
    outer: Mapping[str, str],
    given: Mapping[str, str],
    escape: str,
    *,
    blank: bool,
) -> None:
    """Set what an ARG or ENV sets; the settings of one ENV do not see each other."""

    def read(word: str) -> str:
        return expanded(word, values, escape, blank=blank).text

    if instruction.keyword == "ENV":
        values.update([(read(name), read(value)) for name, value in settings_of(instruction)])
        return
    for word in instruction.words:
        name, equals, default = word.partition("=")
        if name in given:
            values[name] = given[name]
        elif equals:
            values[name] = read(default)
        elif name in outer:
            values[name] = outer[name]
