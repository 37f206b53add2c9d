"""Where a new key goes in a mapping of YAML, and how it is written there. Who inserts it proves it by reading again."""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node

New = Mapping[str, Union[str, "New"]]
"""Key -> a text or a mapping."""

PLAIN_KEY = re.compile(r"(?!(?i:y|n|yes|no|on|off|true|false|null)\Z)[A-Za-z_][A-Za-z0-9_.-]*")
"""A key that YAML 1.1 reads as a text without quotes."""

ALIAS = re.compile(r"[ \t]*+:[ \t]++\*[^\s,\[\]{}]++[ \t]*+(?:#[^\r\n]*+)?")
"""What stands behind a key whose value is an alias."""


class Edit(NamedTuple):
    """A place in a text, and what it is replaced by."""

    start: int
    end: int
    new: str


def insertion(text: str, mapping: "MappingNode | None", new: New) -> Edit:
    """The edit that adds keys to a mapping; None is the mapping of a file without values."""
    newline = "\r\n" if "\r\n" in text else "\n"
    if mapping is None:
        start = "" if not text or text.endswith("\n") else newline
        return Edit(len(text), len(text), f"{start}{_block(new, 0, newline)}{newline}")
    if mapping.flow_style:
        return _in_braces(text, mapping, new)
    name, value = mapping.value[-1]
    column = mapping.value[0][0].start_mark.column
    lines = _block(new, column, newline)
    behind = _end_of_line(text, name, value)
    if behind is None:
        # The last value is of several lines: what is new stands above its key.
        start = name.start_mark.index
        return Edit(start, start, f"{lines}{newline}{' ' * column}")
    return Edit(behind, behind, f"{newline}{' ' * column}{lines}")


def _in_braces(text: str, mapping: "MappingNode", new: New) -> Edit:
    end = mapping.end_mark.index - 1
    before = text[:end].rstrip()
    comma = "" if not mapping.value else " " if before.endswith(",") else ", "
    has_quotes = bool(mapping.value) and mapping.value[0][0].style == '"'
    return Edit(len(before), len(before), f"{comma}{_flow(new, has_quotes=has_quotes)}")


def _end_of_line(text: str, name: "Node", value: "Node") -> int | None:
    """The end of the line on which a value ends; None for one that takes lines of its own."""
    from ruamel.yaml.nodes import CollectionNode, ScalarNode

    if value.start_mark.index < name.start_mark.index:
        alias = ALIAS.match(text, name.end_mark.index)
        return alias.end() if alias else None
    if isinstance(value, ScalarNode):
        if value.style in ("|", ">"):
            return None
        is_empty = value.start_mark.index == value.end_mark.index
        end = name.end_mark.index if is_empty else value.end_mark.index
    elif isinstance(value, CollectionNode) and value.flow_style:
        end = value.end_mark.index
    else:
        return None
    line = text.find("\n", end)
    line = len(text) if line < 0 else line
    return line - 1 if text[line - 1] == "\r" else line


def _block(new: New, column: int, newline: str) -> str:
    """Lines of keys; the first one without its indent."""
    lines = []
    for name, value in new.items():
        if isinstance(value, str):
            lines.append(f'{_key(name)}: "{value}"')
        else:
            lines.append(f"{_key(name)}:{newline}{' ' * (column + 2)}{_block(value, column + 2, newline)}")
    return f"{newline}{' ' * column}".join(lines)


def _flow(new: New, *, has_quotes: bool) -> str:
    parts = []
    for name, value in new.items():
        key = json.dumps(name, ensure_ascii=False) if has_quotes else _key(name)
        inner = f'"{value}"' if isinstance(value, str) else f"{{{_flow(value, has_quotes=has_quotes)}}}"
        parts.append(f"{key}: {inner}")
    return ", ".join(parts)


def _key(name: str) -> str:
    return name if PLAIN_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
