"""The texts under `Attributes:` in the docstring of a class, where developers read them too."""

import inspect
import re
from typing import Any


def attributes_of(kind: Any) -> dict[str, str]:
    """Name -> the text behind it, on one line; names that share a text each have it."""
    text = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")[2]
    return {
        name: " ".join(about.split())
        for names, about in re.findall(r"^ {4}([a-z_, ]+): ((?:.|\n {5,})*)", text, flags=re.MULTILINE)
        for name in names.split(", ")
    }
