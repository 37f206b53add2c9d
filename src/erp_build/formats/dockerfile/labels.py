"""A Dockerfile that gives its image all labels by one line.

The classic builder makes a step, with a container, of each label that a call asks for: 50 ms each, for the labels of a
service as much as for a layer.
"""

import re
from collections.abc import Mapping

from erp_build.formats.dockerfile.lint import copies
from erp_build.formats.dockerfile.parse import directives

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def with_labels(text: str, labels: Mapping[str, str], name: str) -> str | None:
    """The Dockerfile with a LABEL line at its end; None where that would be another image, so that the call must ask.

    Args:
        text: the Dockerfile.
        labels: names, which need no quotes, and values.
        name: what the result is called in the build context; an image that holds the context would hold it.
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
