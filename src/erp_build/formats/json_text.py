"""Parses JSON of any shape."""

import json
from typing import Any


def parsed_json(text: str | bytes) -> Any:
    """Return the value of a JSON text; raises `ValueError` for what is none, or is nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
