r"""A key that leads into values: `services.a`, `jobs[0]` or `jobs[name=a]` in a list, `a\.b` for a name with a dot.

Dots, places and backslashes are those of Helm's `--set`; an entry of a list may be named by its `name` as well.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

DOT = re.compile(r"(?<!\\)\.")
ENTRY = re.compile(r"\[(?:(?P<place>[0-9]{1,6})|name=(?P<name>[^\[\]]{1,253}))\]")
ENTRIES = re.compile(r"(?:\[(?:[0-9]{1,6}|name=[^\[\]]{1,253})\])++\Z")


class Entry(NamedTuple):
    """An entry of a list: by its place, or by what its key `name` says."""

    place: int = -1
    name: str = ""

    def __str__(self) -> str:
        """As a key has it."""
        return f"[name={self.name}]" if self.name else f"[{self.place}]"

    def find(self, names: list[Any]) -> int | None:
        """The place in a list whose entries have these names; None: there is no such entry, or more than one."""
        if not self.name:
            return self.place if self.place < len(names) else None
        found = [place for place, name in enumerate(names) if name == self.name]
        return found[0] if len(found) == 1 else None


Step = str | Entry


def steps_of(key: str) -> tuple[Step, ...]:
    """The steps of a key, from the top of the file."""
    steps: list[Step] = []
    for part in DOT.split(key):
        entries = ENTRIES.search(part)
        name = part[: entries.start()] if entries else part
        steps.append(name.replace("\\.", "."))
        if entries:
            found = ENTRY.finditer(entries[0])
            steps += [Entry(place=int(one["place"])) if one["place"] else Entry(name=one["name"]) for one in found]
    return tuple(steps)


def key_of(steps: tuple[Step, ...]) -> str:
    """The key of some steps."""
    parts = (str(step) if isinstance(step, Entry) else "." + step.replace(".", "\\.") for step in steps)
    return "".join(parts).removeprefix(".")


def image_key(values_key: str) -> str:
    """The key of a service's image: below its own key, or what that names itself where it ends with `image.tag`.

    The second form is for a file that is about one service, with its image at the top.
    """
    steps = steps_of(values_key)
    return key_of(steps[:-1]) if steps[-2:] == ("image", "tag") else f"{values_key}.image"


def tag_key(values_key: str) -> str:
    """The key of the tag of a service's image."""
    return f"{image_key(values_key)}.tag"


def look_up(values: Any, key: str) -> Any:
    """The value that a key leads to in plain values; None: it leads to nothing."""
    for step in steps_of(key):
        if isinstance(step, Entry):
            entries = values if isinstance(values, list) else []
            place = step.find([one.get("name") if isinstance(one, Mapping) else None for one in entries])
            values = None if place is None else entries[place]
        else:
            values = values.get(step) if isinstance(values, Mapping) else None
    return values
