"""Options that a script writes out in full, read without argparse, whose import takes a tenth of a plan's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from erp_build.cli.verb import OptionsT

FLAG = "bool"
VALUES = ("str", "str | None")
"""Types of the options with a value; one of another type is argparse's to read."""


def read_written_out(arguments: Sequence[str], options: type[OptionsT]) -> OptionsT | None:
    """The options as argparse would read them, or None where anything is left for argparse to judge.

    Args:
        arguments: the command line behind the verb.
        options: the verb's class, whose attributes are named as its options are.
    """
    types = {name: text for kind in options.__mro__ for name, text in vars(kind).get("__annotations__", {}).items()}
    found = options()
    flagged = False
    words = iter(arguments)
    for word in words:
        name, joined, value = word[2:].partition("=")
        if not word.startswith("--"):
            return None
        if types.get(name) == FLAG and not (joined or flagged):
            # Two flags may exclude each other.
            flagged = True
            setattr(found, name, True)
        elif types.get(name) in VALUES:
            given = value if joined else next(words, "-")
            if not given or (not joined and given.startswith("-")):
                return None
            setattr(found, name, given)
        else:
            return None
    return found
