"""Compares two renderings of a Kubernetes object leaf by leaf; items of a list are matched by their names, if any."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

Difference = tuple[str, Any, Any]
"""A path, such as `spec.containers[app].image`, and the values there; None where there is none."""


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """The leaves that differ, in the order of the first object; fields of both count."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after, path)
    elif before != after:
        yield path, before, after


def _of_lists(before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    old, new = ({_name(item): item for item in items} for items in (before, after))
    if "" not in old and "" not in new and len(old) == len(before) and len(new) == len(after):
        for name, item in old.items():
            yield from differences(item, new.get(name), f"{path}[{name}]")
        for name, item in new.items():
            if name not in old:
                yield f"{path}[{name}]", None, item
    else:
        for place, pair in enumerate(zip_longest(before, after)):
            yield from differences(*pair, f"{path}[{place}]")


def _name(item: Any) -> str:
    return str(item.get("name", "")) if isinstance(item, Mapping) else ""
