"""What a document becomes where something else than its API has answered: a part missing, or of another kind."""

import copy
from collections.abc import Iterator
from typing import Any

OTHERS: tuple[Any, ...] = (None, 7, "x", [], {}, [None], {"x": [7]})
"""What may stand in the place of any part."""


def foreign(document: Any) -> Iterator[tuple[str, Any]]:
    """Where, and the document with something else in that place, or with nothing."""
    for place in places(document):
        name = ".".join(map(str, place)) or "all of it"
        for other in OTHERS:
            yield f"{name}: {other!r}", _changed(document, place, other)
        if place:
            yield f"{name}: missing", _without(document, place)


def places(document: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a document, the whole of it first."""
    yield above
    parts = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for name, part in parts:
        yield from places(part, (*above, name))


def _changed(document: Any, place: tuple[Any, ...], other: Any) -> Any:
    if not place:
        return other
    made = copy.deepcopy(document)
    _part(made, place[:-1])[place[-1]] = copy.deepcopy(other)
    return made


def _without(document: Any, place: tuple[Any, ...]) -> Any:
    made = copy.deepcopy(document)
    del _part(made, place[:-1])[place[-1]]
    return made


def _part(document: Any, place: tuple[Any, ...]) -> Any:
    for name in place:
        document = document[name]
    return document
