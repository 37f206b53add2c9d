"""What the objects of a release give to programs as settings: variables of containers, entries of ConfigMaps."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def settings_in(objects: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Name and value of each text in the objects, at any depth; a variable, which has a `name`, is called by it."""
    for item in objects:
        yield from _settings("", item)


def _settings(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        own = value.get("name")
        for key, inner in value.items():
            yield from _settings(own if key == "value" and isinstance(own, str) else str(key), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _settings(name, inner)
    elif isinstance(value, str):
        yield name, value
