"""Cases as files: a folder of JSON files is a table of tests, named after the files."""

import json
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parents[1] / "cases"


def cases(folder: str) -> list[Any]:
    """The cases of a folder, as parameters of a test."""
    files = sorted((CASES / folder).glob("*.json"))
    assert files, f"there are no cases in {CASES / folder}"
    return [pytest.param(json.loads(file.read_text(encoding="utf-8")), id=file.stem) for file in files]


def table(rule: str) -> list[Any]:
    """The cases of a rule, `tests/cases/<rule>.json`, as parameters of a test: every caller is held to all of them."""
    return [pytest.param(row, id=row.get("id") or " ".join(map(str, row.values()))) for row in rows(rule)]


def rows(rule: str) -> list[Any]:
    """The cases of a rule as they stand in its file."""
    found: list[Any] = json.loads((CASES / f"{rule}.json").read_text(encoding="utf-8"))["cases"]
    assert found, f"there are no cases of {rule}"
    return found


def transient(of: str) -> list[Any]:
    """The cases of `tests/cases/transient.json` of one kind of answer."""
    return [pytest.param(row, id=row["id"]) for row in rows("transient") if row["of"] == of]
