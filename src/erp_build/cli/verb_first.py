"""A command line whose verb is not its first word: options stand before it, or it asks for help or the version."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WITH_VALUE = ("--repo", "--config")
PLAIN = ("--verbose", "--quiet")
"""Options of every verb; `tests/unit/cli/test_verb_first.py` compares them with those that `CommonOptions` declares."""

LETTERS = frozenset("vq")
"""The same as one letter, of which several may stand behind one dash."""

HELP = ("help", "-h", "--help")
VERSION = ("version", "--version")
OTHERS = {"help": "what there is; with a verb, its options", "version": "the version of erp_build"}
"""What may stand in the place of a verb."""


def verb_first(arguments: Sequence[str]) -> list[str]:
    """The same words with the first that is no option of every verb in front; none where all of them are.

    `help VERB` becomes `VERB --help`.

    Args:
        arguments: the words behind the program's name.
    """
    place = 0
    while place < len(arguments) and _is_of_every_verb(arguments[place]):
        place += 2 if arguments[place] in WITH_VALUE else 1
    before, rest = list(arguments[:place]), list(arguments[place:])
    if rest[:1] == ["help"] and len(rest) > 1 and rest[1] not in OTHERS:
        rest = [rest[1], "--help", *rest[2:]]
    return [rest[0], *before, *rest[1:]] if rest else []


def _is_of_every_verb(word: str) -> bool:
    name, joined, _ = word.partition("=")
    if joined:
        return name in WITH_VALUE
    letters = word[1:] if word[:1] == "-" and word[1:2] != "-" else ""
    return word in (*WITH_VALUE, *PLAIN) or (bool(letters) and LETTERS.issuperset(letters))
