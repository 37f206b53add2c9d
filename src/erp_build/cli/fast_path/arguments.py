"""Options that a script writes out in full, read without argparse, whose import takes a quarter of a plan's time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

COMMON = ("repo", "config")
"""Common options with a value; each verb has them."""


def read_written_out(
    arguments: Sequence[str], values: Collection[str], flags: Collection[str]
) -> SimpleNamespace | None:
    """The options as argparse would read them, or None where anything is left for argparse to judge.

    Args:
        arguments: the command line behind the verb.
        values: names of the verb's options with a value.
        flags: names of its options without one, of which two at once are argparse's to judge.
    """
    found: dict[str, object] = {
        **dict.fromkeys(values),
        **dict.fromkeys(flags, False),
        "repo": ".",
        "config": None,
        "verbose": 0,
        "quiet": 0,
    }
    words = iter(arguments)
    for word in words:
        name, joined, value = word[2:].partition("=")
        if not word.startswith("--") or (name in flags and (joined or True in found.values())):
            return None
        if name in flags:
            found[name] = True
        elif name in values or name in COMMON:
            found[name] = value if joined else next(words, "-")
            if not joined and str(found[name]).startswith("-"):
                return None
        else:
            return None
    return SimpleNamespace(**found)
