"""What a registry says of a refusal (`{"errors": [{"code", "message"}]}`), and what must not be shown of it."""

import re
from typing import NamedTuple

from erp_build.formats.json_text import parsed_json
from erp_build.formats.printable import one_line

MISSING_PARTS = frozenset({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"})
LOST_UPLOADS = frozenset({"BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "RANGE_INVALID"})

QUERY = re.compile(r"\?[^\s'\"<>)\]]++")
"""Behind an address; the state of an upload and the signature of a download stand there, and both are secrets."""

EXPIRED = "authorization token has expired"
"""ECR's words, behind the status 403."""
IMMUTABLE = "immutable"
"""In the words of every registry that has immutable tags: ECR, Harbor, Azure."""

LONGEST_TEXT = 400


class Refusal(NamedTuple):
    """Code and message; both are empty where the answer has another form."""

    code: str = ""
    message: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, self))


def refusal_of(body: bytes) -> Refusal:
    """Read a refusal; of several the first one."""
    try:
        document = parsed_json(body)
    except ValueError:
        return Refusal()
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return Refusal()
    return Refusal(_shown(first.get("code")), _shown(first.get("message")))


def without_queries(text: str) -> str:
    """A text whose addresses end before their queries."""
    return QUERY.sub("?...", text)


def _shown(value: object) -> str:
    return without_queries(one_line(value[:LONGEST_TEXT])) if isinstance(value, str) else ""
