"""Makes untrusted text safe for a terminal, a log or a page: names of files, output of children, findings."""

from __future__ import annotations

UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"
"""Replaces a character that is not shown."""


def printable(text: str) -> str:
    r"""Return a text without characters that move the cursor, change the direction of writing, or have no width.

    Line ends and tabs stay; a name, which must not begin a line of its own, goes through `one_line`. A byte of a file's
    name that is no UTF-8 becomes an escape such as `\udcb0`, so that the name can be told from others.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(map(_shown, text))


def one_line(text: str) -> str:
    """Do the same, with symbols for line ends and tabs, so that a name cannot imitate a line of this program."""
    return printable(text.replace("\n", "\N{SYMBOL FOR NEWLINE}").replace("\t", "\N{SYMBOL FOR HORIZONTAL TABULATION}"))


def _shown(char: str) -> str:
    if char.isprintable() or char in "\n\t":
        return char
    # Python reads a byte that is no UTF-8 as one of these, which no UTF-8 stream can write.
    return f"\\u{ord(char):x}" if "\udc80" <= char <= "\udcff" else UNPRINTABLE
