"""The schema of the report."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

SCHEMA = json.loads((files("erp_build") / "schemas" / "report-1.json").read_text(encoding="utf-8"))
"""Of the report."""


def objects_of(document: object) -> Iterator[dict[str, Any]]:
    """Every object of a JSON document, at any depth."""
    if isinstance(document, dict):
        yield document
        document = list(document.values())
    if isinstance(document, list):
        for inner in document:
            yield from objects_of(inner)


def schema_words() -> set[str]:
    """The words that the schema of the report lists as values."""
    return {str(word) for one in objects_of(SCHEMA) for word in one.get("enum", ())}
