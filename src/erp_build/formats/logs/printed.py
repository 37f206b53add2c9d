"""The lines of a log as the API of Kubernetes gives them: each with its time in front."""

import re

from erp_build.formats.logs.moments import read_moment
from erp_build.model.releases.logs import LogLine

COLOUR = re.compile(r"\x1b\[[0-9;:?]{0,60}+[A-Za-z]")
"""What colours a text on a terminal; it may stand in the middle of a word, or of a secret."""


def plain(text: str) -> str:
    """A line without colours and without the end of a line of Windows."""
    return COLOUR.sub("", text.rstrip("\r")) if "\x1b" in text else text.rstrip("\r")


def read_lines(text: str, begin: int) -> list[LogLine]:
    """The lines of a text; one without a time has that of the line before it.

    Args:
        text: with a time in front of each line.
        begin: the time of a first line that has none, nanoseconds.
    """
    lines, at = [], begin
    for line in text.removesuffix("\n").split("\n") if text else ():
        found = read_moment(line)
        at = found[0] if found else at
        lines.append(LogLine(at, plain(line[found[1] :].removeprefix(" ") if found else line)))
    return lines
