"""Texts in place (`<<EOF`): which words open one, and where it ends."""

import re

from erp_build.formats.dockerfile.words import read_words

HEREDOC = re.compile(r"\d*<<(-?)([^<]+)")


def heredoc_of(word: str) -> str | None:
    """The delimiter of a word such as `<<EOF`; None if it is another word."""
    match = HEREDOC.fullmatch(word)
    try:
        words = read_words(match[2], keep=True).words if match else ()
    except ValueError:
        return None
    return words[0] if len(words) == 1 else None


def heredocs_of(logical: str) -> tuple[tuple[str, bool], ...]:
    """The delimiters that a line opens, and whether tabs may stand before each; none where its quotes do not close."""
    try:
        words = read_words(logical, raw=True, keep=True).words
    except ValueError:
        return ()
    found = ((heredoc_of(word), word) for word in words)
    return tuple((name, "<<-" in word) for name, word in found if name is not None)


def behind_heredoc(lines: list[str], place: int, delimiter: str, *, is_indented: bool) -> tuple[int, bool]:
    """The place behind the end of a text in place, and whether there is none."""
    while place < len(lines):
        line = lines[place].lstrip("\t") if is_indented else lines[place]
        place += 1
        if line == delimiter:
            return place, False
    return place, True
