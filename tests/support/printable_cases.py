"""The texts of tests/cases/printable.json, for everybody who shows a stranger's text."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest


class Shown(NamedTuple):
    """A text, and how it is shown: as a text of lines, and as a name on one line."""

    text: str
    printable: str
    one_line: str


_ROWS = json.loads((Path(__file__).parents[1] / "cases" / "printable.json").read_text(encoding="utf-8"))

CASES = [pytest.param(Shown(**{key: row[key] for key in Shown._fields}), id=row["about"]) for row in _ROWS]
