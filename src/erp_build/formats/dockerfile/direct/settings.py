"""The instructions that change the configuration of an image alone."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from erp_build.formats.dockerfile.direct.health import health_of
from erp_build.formats.dockerfile.direct.ports import ports_of
from erp_build.formats.dockerfile.direct.recipe import Setting
from erp_build.formats.dockerfile.direct.sight import Sight
from erp_build.formats.dockerfile.direct.signals import is_signal
from erp_build.formats.dockerfile.parse import Instruction, settings_of
from erp_build.formats.dockerfile.words import SPACES

BLANKS = "\t\n\f\r "
"""What the builder takes away behind ONBUILD."""


def setting_of(instruction: Instruction, sight: Sight) -> Setting:
    """What it sets.

    Raises:
        ValueError: builders refuse it, or read it in different ways; the text says why, without a value.
        Unknown: only the base image tells.
    """
    return READERS[instruction.keyword](instruction, sight)


def _pairs(one: Instruction, sight: Sight) -> Setting:
    pairs = tuple((sight.text(name), sight.text(value)) for name, value in settings_of(one))
    if not all(name for name, _ in pairs):
        raise ValueError("a name is empty once its variables are replaced")
    text = " ".join((one.keyword, *(f"{name}={value}" for name, value in pairs)))
    return Setting(one.line, text, one.keyword, pairs=pairs)


def _ports(one: Instruction, sight: Sight) -> Setting:
    # Builders sort the words first, which counts for nothing in the configuration.
    ports = tuple(port for word in one.words for each in sight.words(word) for port in ports_of(each))
    return _of_words(one, *ports)


def _volumes(one: Instruction, sight: Sight) -> Setting:
    volumes = tuple(sight.text(word.strip(SPACES)) for word in one.words)
    if not all(volumes):
        raise ValueError("a path is empty")
    return _of_words(one, *volumes)


def _user(one: Instruction, sight: Sight) -> Setting:
    return _of_words(one, sight.text(one.words[0]))


def _signal(one: Instruction, sight: Sight) -> Setting:
    name = sight.text(one.words[0])
    if not is_signal(name):
        raise ValueError("it is no signal of Linux")
    return _of_words(one, name)


def _command(one: Instruction, _: Sight) -> Setting:
    # The engine leaves variables to the shell.
    return Setting(one.line, _written(one), one.keyword, words=one.words, is_shell=not one.is_json)


def _shell(one: Instruction, _: Sight) -> Setting:
    if not one.is_json:
        raise ValueError("it is no JSON list")
    return _of_words(one, *one.words)


def _health(one: Instruction, _: Sight) -> Setting:
    return Setting(one.line, _written(one), one.keyword, health=health_of(one))


def _maintainer(one: Instruction, _: Sight) -> Setting:
    return _of_words(one, *one.words)


def _trigger(one: Instruction, _: Sight) -> Setting:
    if one.heredocs:
        raise ValueError("it has a text in place")
    return Setting(one.line, _written(one), one.keyword, words=(one.text[len(one.keyword) :].lstrip(BLANKS),))


def _of_words(one: Instruction, *words: str) -> Setting:
    return Setting(one.line, " ".join((one.keyword, *words)), one.keyword, words=words)


def _written(one: Instruction) -> str:
    """The instruction as it is written, in one line."""
    keyword, *rest = one.text.strip(SPACES).split(maxsplit=1)
    return " ".join((keyword.upper(), *rest))


READERS: Mapping[str, Callable[[Instruction, Sight], Setting]] = MappingProxyType({
    "ENV": _pairs,
    "LABEL": _pairs,
    "EXPOSE": _ports,
    "VOLUME": _volumes,
    "USER": _user,
    "STOPSIGNAL": _signal,
    "CMD": _command,
    "ENTRYPOINT": _command,
    "SHELL": _shell,
    "HEALTHCHECK": _health,
    "MAINTAINER": _maintainer,
    "ONBUILD": _trigger,
})  # fmt: skip
