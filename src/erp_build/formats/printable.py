"""Makes untrusted text safe for a terminal, a log or a page: names of files, output of children, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def cells(text: str) -> int:
    """The cells of a terminal that a printable text takes: a Korean letter has two, a combining mark has none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # imported here: most texts are ASCII

    return sum(2 if east_asian_width(char) in "WF" else not combining(char) for char in text)


def padded(text: str, width: int) -> str:
    """The text with blanks behind it, so that it takes at least so many cells."""
    return text + " " * (width - cells(text))


def few_names(names: Sequence[str], limit: int = 3) -> str:
    """The first names in one line, and the number of those that are left out."""
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def json_text(document: object, indent: int | None = None) -> str:
    r"""Return a document as JSON whose texts are the same for a program, and harmless where a person looks at them.

    What `printable` replaces is an escape such as `\u202e` here, and stays what it is.
    """
    import json  # imported here: a plan is seldom printed as JSON

    text = json.dumps(document, ensure_ascii=False, indent=indent)
    # JSON itself escapes what ASCII has of them; the line ends are the document's own.
    return text if text.isascii() and "\x7f" not in text else "".join(map(_escaped, text))


def _escaped(char: str) -> str:
    if char.isprintable() or char == "\n":
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _shown(char: str) -> str:
    if char.isprintable() or char in "\n\t":
        return char
    # Python reads a byte that is no UTF-8 as one of these, which no UTF-8 stream can write.
    return f"\\u{ord(char):x}" if "\udc80" <= char <= "\udcff" else UNPRINTABLE
