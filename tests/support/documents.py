"""Comparing the shape of JSON documents: the keys of a contract, whatever their order."""

from typing import Any


def keys(document: Any) -> Any:
    """The keys of a document, with lists as the set of shapes of their items and every other value as its type."""
    if isinstance(document, dict):
        return {name: keys(value) for name, value in document.items()}
    if isinstance(document, list):
        shapes = [keys(item) for item in document]
        return [shape for place, shape in enumerate(shapes) if shape not in shapes[:place]]
    return type(document).__name__
