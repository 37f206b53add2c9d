"""The lines of a Maven run: without colours, how each module of a reactor ended, which jar was made executable."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

Status = Literal["SUCCESS", "FAILURE", "SKIPPED"]

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
USER_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+@")
LEVEL = re.compile(r"^\[(?:ERROR|INFO|WARNING)\] ?")
MODULE = re.compile(r"(\S.*?) \.* ?(SUCCESS|FAILURE|SKIPPED)(?: \[ *(?:(\d+):)?([\d.]+) *(s|min|h)\])?")
VERSION = re.compile(r" \d[\w.+-]*$")
REPACKAGED = re.compile(r"Replacing main artifact (.+?) with repackaged archive")


class Module(NamedTuple):
    """How a module of a reactor ended, and after how many seconds."""

    status: Status
    seconds: float


def reactor_summary(lines: Iterable[str]) -> dict[str, Module]:
    """How the modules of a reactor ended, by the name that the summary gives them; empty for a single project."""
    found = dict[str, Module]()
    inside = False
    for line in map(plain, lines):
        text = LEVEL.sub("", line)
        inside = text.startswith("Reactor Summary") or (inside and not text.startswith("BUILD"))
        match = MODULE.fullmatch(text) if inside else None
        if match:
            name, status, larger, number, unit = match.groups()
            found[VERSION.sub("", name)] = Module(_status(status), _seconds(larger, number, unit))
    return found


def repackaged_jar(line: str) -> str | None:
    """The path in Spring Boot's line of a jar that it made executable, None for every other line."""
    match = REPACKAGED.search(plain(line))
    return match[1] if match else None


def plain(line: str) -> str:
    """A line without colours, control characters, and users of addresses."""
    return USER_IN_ADDRESS.sub("***@", CONTROL.sub("", ANSI.sub("", line))).rstrip()


def _status(word: str) -> Status:
    return "SUCCESS" if word == "SUCCESS" else "FAILURE" if word == "FAILURE" else "SKIPPED"


def _seconds(larger: str | None, number: str | None, unit: str | None) -> float:
    """`[  1.525 s]`, `[01:05 min]`, `[01:02 h]`; nothing for a module that was skipped."""
    small = {"s": 1, "min": 1, "h": 60}[unit or "s"]
    return float(number or 0) * small + float(larger or 0) * small * 60
