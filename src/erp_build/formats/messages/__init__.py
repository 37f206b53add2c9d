"""Catalogues of the messages of other tools, one TOML file for each tool: how each is recognised, and what to do."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def catalogue(tool: str) -> dict[str, Any]:
    """Return the catalogue of a tool's messages; it is read when a message is first looked up."""
    return tomllib.loads((files(__name__) / f"{tool}.toml").read_text(encoding="utf-8"))
