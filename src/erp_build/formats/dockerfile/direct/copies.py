"""COPY and ADD as the steps of a recipe."""

import posixpath
import re
from collections.abc import Collection

from erp_build.formats.dockerfile.direct.recipe import Copy, Owner
from erp_build.formats.dockerfile.direct.sight import Sight
from erp_build.formats.dockerfile.globs import path_glob
from erp_build.formats.dockerfile.heredocs import heredoc_of
from erp_build.formats.dockerfile.parse import Instruction
from erp_build.formats.dockerfile.sources import REMOTE
from erp_build.formats.dockerfile.stages import NO_IMAGE

MODE = re.compile(r"0{0,9}[0-7]{1,3}")
NUMBER = re.compile(r"0{0,9}[0-9]{1,9}")
ONLY_IN_BUILDKIT = ("link", "parents", "exclude", "checksum", "keep-git-dir", "unpack")
ZIPS = (".jar", ".war")
"""Ends of names of files that ADD does not unpack, for they are zips."""


def copy_of(one: Instruction, sight: Sight, working_directory: str, stages: Collection[str]) -> Copy:
    """The step of an instruction.

    Args:
        one: the instruction.
        sight: reads its words.
        working_directory: that counts for it, absolute.
        stages: the names of all stages.

    Raises:
        ValueError: it cannot be done without an engine; the text says why, without a value.
        Unknown: only the base image tells.
    """
    _require_plain(one)
    from_image = _image(one.flag("from") or "", stages) if one.keyword == "COPY" else ""
    owner, mode = owner_of(sight.text(one.flag("chown") or "")), _mode(sight.text(one.flag("chmod") or ""))
    sources = tuple(sight.text(word) for word in one.words[:-1])
    into = sight.text(one.words[-1])
    _require_known(sources, is_add=one.keyword == "ADD")
    if not into:
        raise ValueError("the destination is empty once its variables are replaced")
    destination = absolute(into, working_directory)
    if into == "." or into.endswith(("/", "/.")):
        destination = f"{destination.rstrip('/')}/"
    if len(sources) > 1 and not destination.endswith("/"):
        raise ValueError("it has several sources, and a destination without `/` at its end")
    flags = (f"--{name}={value}" for name in ("from", "chown", "chmod") if (value := one.flag(name)))
    text = " ".join((one.keyword, *flags, *sources, into, "# buildkit"))
    return Copy(one.line, text, sources, destination, from_image, owner, mode, one.keyword == "ADD")


def owner_of(text: str) -> Owner | None:
    """The owner that `--chown` names by numbers, of which one stands for the group too; None for no text.

    Raises `ValueError` for the name of anybody but root: the numbers stand in a file of the image.
    """
    if not text:
        return None
    user, colon, group = text.partition(":")
    return Owner(_number(user), _number(group if colon else user))


def absolute(path: str, folder: str) -> str:
    """A path of the image without `.` and `..`; a relative one counts from a folder."""
    return "/" + posixpath.normpath(posixpath.join("/", folder, path)).lstrip("/")


def _require_plain(one: Instruction) -> None:
    for name in ONLY_IN_BUILDKIT:
        if any(value.lower() != "false" for value in one.flag_values(name)):
            raise ValueError(f"--{name} is left to BuildKit")
    if len(one.words) < 2:  # noqa: PLR2004 - a source and its destination
        raise ValueError("it has no destination")
    if one.heredocs or any(heredoc_of(word) is not None for word in one.words):
        raise ValueError("it has a text in place (`<<`)")


def _image(name: str, stages: Collection[str]) -> str:
    if "$" in name:
        raise ValueError("--from has a variable, which no builder replaces")
    if name.isdigit() or name.lower() in stages:
        raise ValueError("it takes files from another stage")
    if name.lower() == NO_IMAGE:
        raise ValueError("it takes files from nothing")
    return name


def _require_known(sources: tuple[str, ...], *, is_add: bool) -> None:
    for source in sources:
        if not source:
            raise ValueError("a source is empty once its variables are replaced")
        if REMOTE.match(source):
            raise ValueError("a source is an address of the network")
        if is_add and not source.endswith(ZIPS):
            raise ValueError("it may unpack what it takes, which COPY never does")
        _require_pattern(source)


def _require_pattern(source: str) -> None:
    try:
        path_glob(source)
    except ValueError:
        raise ValueError("a source is a pattern that is not closed") from None


def _number(text: str) -> int:
    if text == "root":
        return 0
    if not NUMBER.fullmatch(text):
        raise ValueError("--chown has a name, whose number stands in a file of the image")
    return int(text)


def _mode(text: str) -> int | None:
    """The mode of `--chmod`, in octal digits; builders disagree about more than nine bits."""
    if not text:
        return None
    if not MODE.fullmatch(text):
        raise ValueError("--chmod is no octal number up to 777")
    return int(text, 8)
