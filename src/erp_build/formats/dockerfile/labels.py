"""Adds one LABEL line with all labels to a Dockerfile.

The classic builder turns each label of an API call into a step with a container of its own, 50 ms each; one line is one
step.
"""

import re
from collections.abc import Mapping

from erp_build.formats.dockerfile.lint import copies
from erp_build.formats.dockerfile.parse import directives

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def with_labels(text: str, labels: Mapping[str, str], name: str) -> str | None:
    """Return the Dockerfile with a LABEL line at its end; None if that could change the image in other ways.

    Args:
        text: the Dockerfile.
        labels: names, which need no quotes, and values.
        name: name of the result in the build context; an instruction that copies the whole context would copy it too.
    """
    escape = directives(text).get("escape", "\\")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    is_continued = bool(lines) and lines[-1].endswith(escape)
    if not labels or is_continued or copies(text, name) or CONTROL.search("".join(labels.values())):
        return None
    pairs = (f'{key}="{_quoted(value, escape)}"' for key, value in labels.items())
    return "\n".join((text.rstrip("\n"), f"LABEL {' '.join(pairs)}", ""))


def _quoted(value: str, escape: str) -> str:
    return "".join(f"{escape}{char}" if char in ('"', "$", escape) else char for char in value)
