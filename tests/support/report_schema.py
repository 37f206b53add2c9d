"""The schema of the report."""

import json
from collections.abc import Iterator
from importlib.resources import files

SCHEMA = json.loads((files("erp_build") / "schemas" / "report-1.json").read_text(encoding="utf-8"))
"""Of the report."""


def schema_words() -> set[str]:
    """The words that the schema of the report lists as values."""

    def found(schema: object) -> Iterator[str]:
        if isinstance(schema, dict):
            yield from (str(word) for word in schema.get("enum", ()))
            schema = list(schema.values())
        if isinstance(schema, list):
            for inner in schema:
                yield from found(inner)

    return set(found(SCHEMA))
