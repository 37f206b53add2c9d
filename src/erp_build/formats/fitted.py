"""Breaks the lines of a text for a terminal of some width. A terminal itself breaks words, and begins at the margin."""

import re

from erp_build.formats.printable import cells

STYLE = re.compile(r"\x1b\[[0-9;]*+m")
"""A change of colour, which takes no room."""

FURTHER = 2
"""Cells by which the rest of a broken line is further in than its beginning."""


def fitted(text: str, columns: int) -> str:
    """The text with its long lines broken between words; a word that is longer than a line stays whole.

    Args:
        text: printable, but for changes of colour.
        columns: the width of the terminal in cells, of which a Korean letter takes two.
    """
    return "\n".join(_fitted(line, columns) for line in text.split("\n"))


def _fitted(line: str, columns: int) -> str:
    if _width(line) <= columns:
        return line
    plain = STYLE.sub("", line)
    margin = len(plain) - len(plain.lstrip(" "))
    styled_margin = line[: line.index(" " * margin) + margin]
    rest = " " * min(margin + FURTHER, columns // 2)
    lines, width, gap = [styled_margin], margin, ""
    for word in line[len(styled_margin) :].split(" "):
        taken = len(gap) + _width(word)
        if gap and word and width + taken > columns:
            lines.append(rest + word)
            width, gap = len(rest) + _width(word), " "
        elif word:
            lines[-1] += gap + word
            width, gap = width + taken, " "
        else:
            gap += " "
    return "\n".join(lines)


def _width(text: str) -> int:
    return cells(STYLE.sub("", text))
