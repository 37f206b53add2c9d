"""Reads the recipe of an image out of a Dockerfile, or says why there is none without an engine.

The engine is the measure. Where its two builders, the classic one and BuildKit, read a line in different ways, it is an
obstacle; where they make something else of the same reading, the step leaves it open. A stage that the final one does
not use counts for nothing, as to BuildKit: the classic builder builds it, and the image is the same.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from erp_build.formats.dockerfile.direct.copies import absolute, copy_of
from erp_build.formats.dockerfile.direct.recipe import MakeFolder, Obstacle, Recipe, Step
from erp_build.formats.dockerfile.direct.settings import READERS, setting_of
from erp_build.formats.dockerfile.direct.sight import Sight, Unknown
from erp_build.formats.dockerfile.direct.start import OF_THE_MACHINE, Start, environment_of, start_of
from erp_build.formats.dockerfile.parse import Instruction, escape_of
from erp_build.formats.dockerfile.stages import Seen, seen

NO_ARGUMENTS: Mapping[str, str] = MappingProxyType({})
PLATFORM = "linux/amd64"
NAME = re.compile(r"\w{1,200}", re.ASCII)


def obstacles_of(
    text: str, *, target: str = "", arguments: Mapping[str, str] = NO_ARGUMENTS, platform: str = PLATFORM
) -> tuple[Obstacle, ...]:
    """Why no image can be made of a Dockerfile without an engine, as far as its text tells; empty: nothing is known.

    Args:
        text: the Dockerfile.
        target: name of the final stage; empty: the last one.
        arguments: of the build.
        platform: of the image.
    """
    start = start_of(text, target, arguments, platform)
    return _obstacles(_read(text, start, None, arguments)) if isinstance(start, Start) else _obstacles(start)


def recipe_of(
    text: str,
    base: Mapping[str, Any],
    *,
    target: str = "",
    arguments: Mapping[str, str] = NO_ARGUMENTS,
    platform: str = PLATFORM,
) -> Recipe | tuple[Obstacle, ...]:
    """The recipe of an image, or why there is none.

    Args:
        text: the Dockerfile.
        base: the whole configuration of the image that `formats.dockerfile.stages.final_base` names; empty: none.
        target: name of the final stage; empty: the last one.
        arguments: of the build.
        platform: of the image.
    """
    start = start_of(text, target, arguments, platform)
    if not isinstance(start, Start):
        return _obstacles(start)
    found = tuple(_read(text, start, base, arguments))
    steps = tuple(one for one in found if not isinstance(one, Obstacle))
    return _obstacles(found) or Recipe(start.image, platform, steps)


def _obstacles(found: Iterable[Step | Obstacle]) -> tuple[Obstacle, ...]:
    obstacles = dict.fromkeys(one for one in found if isinstance(one, Obstacle))
    return tuple(sorted(obstacles, key=lambda one: one.line))


def _read(
    text: str, start: Start, base: Mapping[str, Any] | None, arguments: Mapping[str, str]
) -> Iterator[Step | Obstacle]:
    if ((base or {}).get("config") or {}).get("OnBuild"):
        yield Obstacle(start.line, "the base image has instructions for what is built on it (ONBUILD)")
    steps = _Steps(start, base, arguments, escape_of(text))
    for one in seen(text, arguments, start.variables, environment_of(base)):
        yield from steps.of(one)


class _Steps:
    """Makes steps of instructions, and knows what earlier ones have set."""

    def __init__(self, start: Start, base: Mapping[str, Any] | None, arguments: Mapping[str, str], escape: str) -> None:
        self._start = start
        self._arguments = arguments
        self._escape = escape
        self._is_known = base is not None
        config = (base or {}).get("config") or {}
        self._environment = set(environment_of(base) or ())
        self._outer = set(start.variables)
        self._directory = absolute(config.get("WorkingDir") or "/", "/")
        self._user = config.get("User") or ""

    def of(self, one: Seen) -> Iterator[Step | Obstacle]:
        """The step of an instruction, or what is in its way."""
        instruction = one.instruction
        sight = Sight(one.values, self._escape, is_known=self._is_known or one.stage < 0)
        try:
            if one.stage < 0 or (one.stage == self._start.stage and instruction.keyword == "ARG"):
                self._argument(instruction, sight, is_outer=one.stage < 0)
            elif one.stage == self._start.stage and instruction.keyword != "FROM":
                yield self._step(instruction, sight)
        except ValueError as error:
            yield Obstacle(instruction.line, f"{instruction.keyword}: {error}")
        except Unknown:
            return

    def _step(self, instruction: Instruction, sight: Sight) -> Step:
        keyword = instruction.keyword
        if keyword in ("COPY", "ADD"):
            return copy_of(instruction, sight, self._directory, self._start.names)
        if keyword == "WORKDIR":
            return self._folder(instruction, sight.text(instruction.words[0]))
        if keyword not in READERS:
            raise ValueError("it needs a container to run in")
        setting = setting_of(instruction, sight)
        if keyword == "USER":
            self._user = setting.words[0]
        self._environment.update(name for name, _ in setting.pairs if keyword == "ENV")
        return setting

    def _folder(self, instruction: Instruction, written: str) -> MakeFolder:
        if not written:
            raise ValueError("the path is empty once its variables are replaced")
        self._directory = absolute(written, self._directory)
        setting = written if written.startswith("/") else self._directory
        return MakeFolder(instruction.line, f"WORKDIR {setting}", self._directory, setting, self._user)

    def _argument(self, instruction: Instruction, sight: Sight, *, is_outer: bool) -> None:
        """Raise `ValueError` for an ARG whose value depends on the builder."""
        if OF_THE_MACHINE.search(" ".join(instruction.words)):
            raise ValueError("its value depends on the machine that builds")
        for place, word in enumerate(instruction.words):
            name, equals, default = word.partition("=")
            if not NAME.fullmatch(name):
                raise ValueError("a name has other characters than letters, digits and `_`")
            if place and "$" in default:
                raise ValueError("a default has a variable, and other arguments stand before it")
            is_set = bool(equals) or name in self._arguments
            if is_outer:
                self._outer.update((name,) if is_set else ())
            elif name in self._environment and (is_set or name in self._outer):
                raise ValueError(f"{name} has a value from ENV, and builders disagree about which of both counts")
            if name not in self._arguments:
                sight.text(default)
