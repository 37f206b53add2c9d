"""A document is filled from the attributes of what it describes, and has the keys of its type."""

from dataclasses import dataclass
from typing import Annotated, TypedDict

import pytest

from erp_build.report.json.filled import filled


class PartDocument(TypedDict):
    """A part."""

    name: str


class WholeDocument(TypedDict):
    """A whole."""

    seconds: Annotated[float, {"minimum": 0}]
    parts: list[PartDocument]
    counts: dict[str, int]
    next: str | None


@dataclass(frozen=True)
class Part:
    """A part, and what no document has."""

    name: str
    secret: str = "not told"


@dataclass(frozen=True)
class Whole:
    """A whole in another order."""

    parts: tuple[Part, ...] = (Part("a"), Part("b"))
    counts: tuple[tuple[str, int], ...] = (("LOW", 2),)
    seconds: float = 1.23456


def test_it_has_the_keys_of_its_type_in_their_order_and_no_others() -> None:
    document = filled(WholeDocument, Whole(), next=None)
    assert list(document) == ["seconds", "parts", "counts", "next"]
    assert document == {
        "seconds": 1.235,
        "parts": [{"name": "a"}, {"name": "b"}],
        "counts": {"LOW": 2},
        "next": None,
    }


def test_a_key_that_nothing_gives_is_an_error() -> None:
    with pytest.raises(AttributeError, match="next"):
        filled(WholeDocument, Whole())
