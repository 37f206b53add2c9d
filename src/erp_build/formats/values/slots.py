"""A values file in which the places of tags are open, so that any tags are set without reading it once more.

A tag stands in double quotes and has none of the characters that mean something there. So a file that reads as it
should with one set of tags does so with every other set, if each tag has a place of its own.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple


def unknown_word(content: bytes) -> str:
    """A word that a file does not have, to name slots by."""
    word = "slot"
    while word.encode() in content:
        word += "-"
    return word


def slot_name(word: str, place: int) -> str:
    """The tag that holds the place of a tag."""
    return f"{word}{place}_"


class TagSlots(NamedTuple):
    """A file that is cut at its tags.

    Attributes:
        texts: what stands before, between and behind the tags.
        order: which of the tags stands in which place.
    """

    texts: tuple[bytes, ...]
    order: tuple[int, ...]

    @classmethod
    def cut(cls, content: bytes, word: str, number: int) -> "TagSlots | None":
        """Cut a file at so many slots that are named by a word; None unless each of them is there once."""
        parts = re.split(re.escape(word).encode() + rb"([0-9]++)_", content)
        order = tuple(map(int, parts[1::2]))
        return cls(tuple(parts[::2]), order) if sorted(order) == list(range(number)) else None

    def filled(self, tags: Sequence[str]) -> bytes:
        """The file with these tags, in the order of the slots."""
        inner = (tags[place].encode() + text for place, text in zip(self.order, self.texts[1:], strict=True))
        return b"".join((self.texts[0], *inner))
