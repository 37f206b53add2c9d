"""Reads TOML tables strictly: an error names the file, the line of the key, and what to write instead."""

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin

from erp_build.config.grammar import broken_rules, leads_out
from erp_build.config.read_file import read_file
from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.formats.printable import one_line

Value = TypeVar("Value", bound=NamedTuple)

DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)")
MAX_SHOWN = 80
"""Characters of a wrong value that an error shows."""

MAX_KEY_PARTS = 100
LONG_KEY = re.compile(rf"""(?<![\w-])(?:(?:"[^"\n]*"|'[^'\n]*'|[\w-]+)[ \t]*\.[ \t]*){{{MAX_KEY_PARTS}}}""")
"""The beginning of a dotted key of more parts than any configuration has."""

UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: str) -> float | None:
    """A duration such as `90s`, `5m` or `1h` in seconds; None when the text is none."""
    match = DURATION.fullmatch(text)
    return float(match[1]) * UNIT_SECONDS[match[2]] if match else None


def parsed_toml(text: str) -> dict[str, Any]:
    """Return the top table of a TOML text; raises `ValueError` for what is none, or is nested too deeply to be read."""
    # Python's reader takes the square of a key's parts, and checks no bound.
    if LONG_KEY.search(text):
        raise ValueError(f"a key has more than {MAX_KEY_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _short(text: str) -> str:
    """A text as an error shows it: without control characters, and not without end."""
    shown = one_line(text)
    return shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}..."


class Table:
    """One table of a TOML file, with its position for errors.

    Args:
        values: the parsed table.
        name: its name as written, such as `[[service]]`; empty for the top level.
        source: the whole text, to find the line of a key.
        path: the file, for errors.
        place: number of tables with the same name before it.
    """

    def __init__(self, values: Mapping[str, Any], name: str, source: str, path: str, place: int = 0) -> None:
        self._values = values
        self._name = name
        self._source = source
        self._path = path
        self._place = place

    @classmethod
    def of_file(cls, path: Path, what: str, next_step: str) -> "Table":
        """Read the top table of a file; an error says `what` cannot be read, and the next step."""
        try:
            text = read_file(path).decode("utf-8-sig")
            return cls(parsed_toml(text), "", text, str(path))
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"the {what} cannot be read", where=str(path), why=str(error), next_step=next_step
            ) from error

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def only(self, *known: str) -> None:
        """Refuse keys that are not known."""
        for key in self._values:
            if key not in known:
                hint = did_you_mean(key, known, f"known keys: {', '.join(known)}")
                raise self.error(key, f"unknown key `{key}`", hint)

    def read(self, kind: type[Value], *known: str, **given: Any) -> Value:
        """Read a named tuple: each field from the key of its name, checked by the type of the field.

        Args:
            kind: its class; a key is required where the field has no default.
            known: the keys that the table may have; the names of all fields if none is given.
            given: values of fields that the caller has read, because they need more than their type.
        """
        known = known or kind._fields
        self.only(*known)
        for field, hint in kind.__annotations__.items():
            if field in known and field not in given:
                given[field] = self._typed(field, hint, kind._field_defaults.get(field))
        self.keep_to_grammar(kind)
        make: Callable[..., Value] = kind
        return make(**given)

    def keep_to_grammar(self, kind: type) -> None:
        """Refuse a name that breaks the rule of its key in a class (`config.grammar`)."""
        for key, text, rule in broken_rules(kind.__name__, self._values):
            raise self.error(
                key,
                f"`{key}` cannot be `{_short(text)}`",
                f'such as {key} = "{rule.example}"',
                why=f"it must be {rule.words}" + (f", at most {rule.longest} characters" * (len(text) > rule.longest)),
            )

    def keep_inside(self, key: str, folder: str, path: str) -> None:
        """Refuse the path of a key that leads from a folder of the repository out of the repository."""
        if leads_out(folder, path):
            why = f"from {folder} it leads out of the repository, where no change of it would be seen"
            raise self.error(key, f"`{key}` cannot be `{_short(path)}`", "keep the file in the repository", why=why)

    def text(self, key: str, default: str | None = None) -> str:
        """A string that is not empty; without a default the key is required."""
        if key not in self._values and default is not None:
            return default
        value = self._values.get(key)
        if value is None:
            raise self.error(key, f"`{key}` is missing", f'add {key} = "..." to {self._name}')
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, f"`{key}` must be a text that is not empty", f'write {key} = "..."')
        return value

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of strings."""
        value = self._values.get(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.error(key, f"`{key}` must be a list of texts", f'write {key} = ["..."]')
        return tuple(value)

    def text_or_texts(self, key: str, default: str | None = None) -> tuple[str, ...]:
        """A text, or a list of texts with at least one; none is empty. Without a default the key is required."""
        if default is not None and key not in self._values:
            return (default,)
        if not isinstance(self._values.get(key), list):
            return (self.text(key).strip(),)
        found = tuple(text.strip() for text in self.texts(key))
        if not found or not all(found):
            raise self.error(key, f"`{key}` must name something", f'write {key} = "..."')
        return found

    def choice(self, key: str, known: tuple[str, ...], default: str) -> str:
        """One of the known strings."""
        if not isinstance(self._values.get(key, default), str):
            raise self.error(key, f"`{key}` must be a text", f"one of: {', '.join(known)}")
        return self._known(key, self.text(key, default), known)

    def choices(self, key: str, known: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of known strings, in any case; returned in capitals."""
        return tuple(self._known(key, value.upper(), known) for value in self.texts(key, default))

    def words(self, key: str, known: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of known strings, case-sensitive."""
        return tuple(self._known(key, value, known) for value in self.texts(key, default))

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"`{key}` must be true or false", f"write {key} = true")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        """A whole number, not below zero; without a default the key is required."""
        value = self._values.get(key, default)
        # `true` is an int to Python.
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.error(key, f"`{key}` must be a number, not below zero", f"write {key} = 5")
        return value

    def date(self, key: str) -> date:
        """A day: a TOML date, or a text such as `"2026-12-31"`."""
        value = self._values.get(key)
        try:
            found = date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            found = None
        # A TOML date with a time is a datetime, which is a date as well.
        if not isinstance(found, date) or isinstance(found, datetime):
            raise self.error(key, f"`{key}` must be a day of the calendar", f"write {key} = 2026-12-31")
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The keys that are there."""
        return tuple(self._values)

    def error(self, key: str, what: str, next_step: str, why: str = "") -> ConfigurationError:
        """An error about a key of this table, with its place."""
        table = f" in {self._name}" if self._name else ""
        place = f"{self._path}{self._line(key)}"
        return ConfigurationError(f"{what}{table}", where=place, why=why, next_step=next_step)

    def seconds(self, key: str, default: float) -> float:
        """A duration such as `"90s"`, `"5m"` or `"1h"`, in seconds."""
        if key not in self._values:
            return default
        seconds = duration(self.text(key))
        if not seconds:
            raise self.error(key, f"`{key}` must be a duration", f'write {key} = "90s", "5m" or "1h"')
        return seconds

    def path(self, key: str, default: str | None = None) -> str:
        """A path below the repository's root, in its plain form."""
        if key not in self and default is not None:
            return default
        value = self.text(key, default).strip("/")
        if not value or any(part in ("", ".", "..") for part in value.split("/")):
            raise self.error(key, f"`{key}` must be a path below the repository's root", 'such as "backend/a-service"')
        return value

    def table(self, key: str) -> "Table":
        """A table below this one; an absent one is empty."""
        value = self._values.get(key, {})
        name = f"{self._name.strip('[]')}.{key}" if self._name else key
        if not isinstance(value, dict):
            raise self.error(key, f"`{key}` must be a table", f"write [{name}]")
        return type(self)(value, f"[{name}]", self._source, self._path)

    def texts_by_name(self, key: str) -> dict[str, str]:
        """The table below this one whose values are texts, which may be empty; an absent one is empty."""
        self.table(key)
        given = self._values.get(key, {})
        for name, value in given.items():
            if not isinstance(value, str):
                what = f"`{_short(name)}` of `{key}` must be a text"
                raise self.error(key, what, f'write {key} = {{ NAME = "..." }}')
        return dict(given)

    def is_list(self, key: str) -> bool:
        """Whether a key is an array of tables, `[[key]]`, and not a table."""
        return isinstance(self._values.get(key), list)

    def tables(self, key: str) -> tuple["Table", ...]:
        """An array of tables below this one."""
        value = self._values.get(key, [])
        name = f"[[{self._name.strip('[]')}.{key}]]" if self._name else f"[[{key}]]"
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(key, f"`{key}` must be an array of tables", f"write {name}")
        return tuple(type(self)(item, name, self._source, self._path, place) for place, item in enumerate(value))

    def _typed(self, key: str, hint: Any, default: Any) -> Any:
        """The value of a key by the type of its field; a duration is the only type of number that a field has."""
        if get_origin(hint) is Literal:
            return self.choice(key, get_args(hint), default)
        if hint is bool:
            return self.flag(key, default=default)
        if hint is float:
            return self.seconds(key, default)
        return self.text(key, default) if hint is str else self.texts(key, default)

    def _known(self, key: str, value: str, known: tuple[str, ...]) -> str:
        if value not in known:
            hint = did_you_mean(value, known, f"one of: {', '.join(known)}")
            raise self.error(key, f"`{key}` cannot be `{value}`", hint)
        return value

    def _line(self, key: str) -> str:
        """The line of a key in this table; if the key is missing, the line of the table's header."""
        pattern = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[=\].]")
        lines = self._own_lines()
        head = lines[0][0] if lines and self._name else None
        number = next((number for number, line in lines if pattern.match(line)), head)
        return f":{number}" if number else ""

    def _own_lines(self) -> list[tuple[int, str]]:
        """The numbered lines from this table's head to the next; all lines for the top level."""
        lines = list(enumerate(self._source.splitlines(), 1))
        if not self._name:
            return lines
        heads = [index for index, (_, line) in enumerate(lines) if line.lstrip().startswith("[")]
        own = [index for index in heads if lines[index][1].replace(" ", "").startswith(self._name)]
        if len(own) <= self._place:
            return []
        start = own[self._place]
        return lines[start : next((index for index in heads if index > start), None)]
