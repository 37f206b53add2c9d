"""Writes docs/configuration.md: `python -m scripts.configuration_page`.

A project is read by the very code that reads a user's file, from tables that note what they are asked for. What a key
is for stands in the docstrings of `model/project.py` and `model/build_options.py`, where developers read it too.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_type_hints

from erp_build.config.load import project_of
from erp_build.config.toml_table import Table
from erp_build.config.waivers import waivers_of
from erp_build.model import build_options
from erp_build.model import project as values
from erp_build.model.images.finding import Waiver
from scripts.attributes import attributes_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"

EVERYTHING = """\
parameters = "/erp/dev"
[[service]]
path = "backend/a-service"
[[service]]
path = "backend/b-service"
kind = "lambda"
function = "b"
[build.codeartifact]
domain = "erp"
[[build.allow]]
finding = "secret"
name = "a"
reason = "r"
[[check]]
name = "a"
maven = ["verify"]
secrets = { TOKEN = "token" }
"""
"""A file with every key that is only looked at where it is there."""

SEVERAL = """\
[[chart]]
name = "a"
path = "a"
[[chart]]
name = "b"
path = "b"
"""
"""A file with several charts."""

ABOUT_SEVERAL = """\
In place of `[chart]`, one for each release; the keys of `[chart]` are its keys too. Each `[[service]]` then names its
`chart`. Each release is [deployed by itself](deploy.md#several-releases).
"""
"""What stands above the keys of `[[chart]]`."""

WAIVER = {"id": "CVE-2021-44228", "package": "a", "reason": "r", "owner": "o", "until": date(2026, 12, 31)}
"""A row of a waiver file."""

OTHER_NAMES = {"blocks": "on_failure", "targets": "services", "packages": "package", "passed": "pass", "least": "from"}
"""Field -> the key that it is read from, where the two differ."""

KIND = {"kind": "What it runs on: a Deployment of the chart, or a Lambda function."}
"""The key that chooses between two values and so is a field of neither."""

INTRODUCTION = """\
# Configuration

<!-- Written by scripts/configuration_page.py from the code that reads the file: `make generated`. -->

`erp-build.toml` at the root of your repository; [`erp-build init`](init.md) writes one from what is there. Without it,
the layout of the ERP is the default where the planned commit has its directories; anywhere else that is exit code 2.

A service needs only its `path`. Paths are relative to the root and match whole segments, `**` matches any number of
them. An unknown key or a wrong value ends the command with exit code 2, the line, and the key that was probably meant.
A name keeps to the grammar of the service that knows it, and no path leads out of the repository.

A commented file with every key stands [at the end](#a-commented-file) of this page.
"""

END = """\
## A commented file

```{literalinclude} ../examples/erp/erp-build.toml
:language: toml
```
"""


@dataclass
class Noted:
    """A key as the reader asks for it."""

    key: str
    kind: str
    default: str
    known: tuple[str, ...] = ()


@dataclass
class Notes:
    """What was asked of all tables of one name, and which keys a table allows."""

    keys: dict[str, Noted] = field(default_factory=dict)
    allowed: dict[str, None] = field(default_factory=dict)


class NotingTable(Table):
    """A table that notes what it is asked for. Tables are made by tables, so the notes are the class's own."""

    notes: dict[str, Notes] = {}  # noqa: RUF012 - shared on purpose

    def only(self, *known: str) -> None:
        self._notes.allowed.update(dict.fromkeys(known))
        super().only(*known)

    def text(self, key: str, default: str | None = None) -> str:
        self._note(key, "text", _text(default))
        return super().text(key, default)

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        self._note(key, "list of texts", _list(default))
        return super().texts(key, default)

    def text_or_texts(self, key: str, default: str | None = None) -> tuple[str, ...]:
        self._note(key, "text or list", _text(default))
        return super().text_or_texts(key, default)

    def choice(self, key: str, known: tuple[str, ...], default: str) -> str:
        self._note(key, "text", f'`"{default}"`', known)
        return super().choice(key, known, default)

    def choices(self, key: str, known: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
        self._note(key, "list", _list(default), known)
        return super().choices(key, known, default)

    def words(self, key: str, known: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
        self._note(key, "list", _list(default), known)
        return super().words(key, known, default)

    def flag(self, key: str, *, default: bool) -> bool:
        self._note(key, "true or false", f"`{str(default).lower()}`")
        return super().flag(key, default=default)

    def number(self, key: str, default: int | None = None) -> int:
        self._note(key, "number", "none" if default is None else f"`{default}`")
        return super().number(key, default)

    def date(self, key: str) -> date:
        self._note(key, "day", "required")
        return super().date(key)

    def seconds(self, key: str, default: float) -> float:
        self._note(key, "duration", f'`"{_duration(default)}"`')
        return super().seconds(key, default)

    def path(self, key: str, default: str | None = None) -> str:
        self._note(key, "path", _text(default))
        return super().path(key, default)

    def table(self, key: str) -> Table:
        self._note(key, "table", "empty")
        return super().table(key)

    def tables(self, key: str) -> tuple[Table, ...]:
        self._note(key, "tables", "none")
        return super().tables(key)

    @property
    def _notes(self) -> Notes:
        return self.notes.setdefault(self._name, Notes())

    def _note(self, key: str, kind: str, default: str, known: tuple[str, ...] = ()) -> None:
        # A method may ask for the same key by another; the first one knows best.
        self._notes.keys.setdefault(key, Noted(key, kind, default, known))


def page() -> str:
    """The whole page."""
    NotingTable.notes = {}
    project_of(NotingTable(tomllib.loads(EVERYTHING), "", EVERYTHING, "erp-build.toml"))
    notes = NotingTable.notes
    parts = [INTRODUCTION, *(_section(name, notes[name], _described(name)) for name in notes if notes[name].allowed)]
    NotingTable.notes = {}
    project_of(NotingTable(tomllib.loads(SEVERAL), "", SEVERAL, "erp-build.toml"))
    several = NotingTable.notes["[[chart]]"]
    several.allowed = dict.fromkeys(("name", "path", "release"))
    parts.append(_section("[[chart]]", several, describe([values.Chart]), ABOUT_SEVERAL))
    NotingTable.notes = {}
    waivers_of(NotingTable({"waiver": [WAIVER]}, "", "", "waivers.toml"))
    waiver = NotingTable.notes["[[waiver]]"]
    parts.append(_section("[[waiver]]", waiver, describe([Waiver]), "In the file that `waivers` of `[gate]` names."))
    parts.append(END)
    return "\n".join(parts)


def _section(name: str, notes: Notes, described: Mapping[str, str], about: str = "") -> str:
    if name == "[gate.limits]":
        severities = ", ".join(f"`{severity}`" for severity in notes.allowed)
        return f"## `[gate.limits]`\n\nSeverity -> how many findings of it may pass: {severities}.\n"
    rows = ["| key | type | default | |", "|---|---|---|---|"]
    for key in notes.allowed:
        noted = notes.keys[key]
        kind = " or ".join(f'`"{word}"`' for word in noted.known) if noted.known else noted.kind
        if len(noted.known) > 3 or (noted.known and noted.kind == "list"):  # noqa: PLR2004 - as many as fit into a line
            kind = f"{noted.kind} of " + ", ".join(f"`{word}`" for word in noted.known)
        rows.append(f"| `{key}` | {kind} | {_default(key, noted, name)} | {_about(noted, described)} |")
    title = f"## `{name}`" if name else "## At the top"
    return "\n".join((title, "", *((about, "") if about else ()), *rows, ""))


def _about(noted: Noted, described: Mapping[str, str]) -> str:
    below = {"table": f"See `[{noted.key}]`.", "tables": f"See `[[{noted.key}]]`."}
    return described.get(noted.key) or below[noted.kind]


def _default(key: str, noted: Noted, table: str) -> str:
    """The default, also where it follows from another key."""
    derived = {
        ("[[service]]", "name"): "last part of `path`",
        ("[[service]]", "repository"): "`name`",
        ("[[service]]", "context"): "`path`",
        ("[[service]]", "values_key"): "`services.` and the name in camelCase, without `-service`",
        ("[[chart]]", "release"): "`name`",
        ("[[service]]", "chart"): "required where there are several",
        ("[[service]]", "function"): 'required for `"lambda"`',
        ("[[build.allow]]", "finding"): "required",
        ("[notify]", "topic"): "project, environment, and `alarms`, joined by `-`",
    }
    return derived.get((table, key), noted.default)


def _described(name: str) -> dict[str, str]:
    """Key -> what it is for, from the docstrings of the values that a table is read into."""
    key = name.strip("[]")
    hints = get_type_hints(values.Project)
    if not key:
        return describe([values.Project])
    if key == "service":
        return KIND | describe([values.Function, values.Service])
    if key == "build.allow":
        return describe([build_options.Allowance])
    nested = {"build.codeartifact": build_options.CodeArtifact, "build.fan_out": build_options.FanOut}
    kind = hints.get(key) or hints.get(f"{key}s") or nested.get(key)
    # `tuple[Check, ...]` or `GatePolicy`.
    return describe(get_args(kind)[:1] or [kind])


def describe(kinds: Iterable[Any]) -> dict[str, str]:
    """Key -> the text behind it under `Attributes:` in the docstrings of some classes."""
    found: dict[str, str] = {}
    for kind in kinds:
        for name, about in attributes_of(kind).items():
            found[OTHER_NAMES.get(name, name)] = _sentence(about)
    return found


def _sentence(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return escaped[:1].upper() + escaped[1:]


def _text(default: str | None) -> str:
    """What a text is by default; an empty default stands for none."""
    if default is None:
        return "required"
    return f'`"{default}"`' if default else "none"


def _list(items: Iterable[str]) -> str:
    return "`[" + ", ".join(f'"{item}"' for item in items) + "]`"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f}m" if seconds >= 60 and seconds % 60 == 0 else f"{seconds:.0f}s"  # noqa: PLR2004 - a minute


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
