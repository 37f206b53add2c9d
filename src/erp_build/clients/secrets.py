"""Values that must never be shown: once known here, they are masked wherever text leaves the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

MASK = "***"
SHORTEST = 6
"""A shorter value would mask half the log: `erp`, `dev`."""

NAMES = r"(?i)(pass|pwd|secret|token|credential|private|api_?key|access_?key)(?!.*name$)"
"""What is part of the name of a setting that holds a secret; `secretName` tells only which one is missing."""

PATTERNS = {
    # A password may hold `/` and `@`, so the last `@` counts; a digest behind a host with a port is no password.
    "://": r"(?<=://)[^/\s:@\"']*:[^\s\"'<>]+(?=@(?!sha256:))",
    "password=": r"(?i)(?<=password=)[^\s&;,'\"]+",
    "k8s-aws-v1.": r"k8s-aws-v1\.[\w-]+",
    "x-amz-signature=": r"(?i)(?<=X-Amz-Signature=)[0-9a-f]+",
    "akia": r"\bAKIA[0-9A-Z]{16}\b",
}
"""Secrets by their looks: user and password in a URI, tokens of a cluster, signatures, access keys.

A text is searched for a pattern only where it holds the word before it, so that a plan compiles none of them.
"""

NOT_ITSELF = (
    r"(?i)(name|ref|path|file|arn|store|enabled|version|interval|id|type|mount|dir|url|uri|provider|class|"
    r"seconds|expiration|ttl|length)$"
)
"""Ends of names of settings that only speak of a secret: `secretName`, `tokenPath`."""

ELSEWHERE = r"^(\{\{|\$\{|\$\(|arn:)"
"""Beginnings of values that only lead to a secret."""

PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----"


def looks_secret(name: str, value: str) -> bool:
    """Whether a setting holds a secret in plain text, by its name and by what it looks like."""
    import re

    if len(value) < SHORTEST or re.search(ELSEWHERE, value):
        return False
    if re.search(PRIVATE_KEY, value) or any(re.search(pattern, value) for pattern in PATTERNS.values()):
        return True
    return bool(re.search(NAMES, name)) and not re.search(NOT_ITSELF, name)


class Secrets:
    """The secret values of this run."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def add(self, value: str) -> None:
        """Keep a value from being shown, also as it is written in JSON, in a URI, or in HTML and XML."""
        if len(value) >= SHORTEST:
            import json
            from html import escape
            from urllib.parse import quote

            in_json = (json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
            in_html = (escape(value, quote=quoted) for quoted in (True, False))
            self._values.update((value, quote(value, safe=""), *in_json, *in_html))

    @staticmethod
    def hides(name: str) -> bool:
        """Whether the name of a setting says that it is a secret."""
        import re

        return re.search(NAMES, name) is not None

    def add_named(self, name: str, value: str) -> None:
        """Keep a setting from being shown whose name says that it is a secret, and the password of any URI."""
        import re

        if self.hides(name):
            self.add(value)
        if "://" in value and (found := re.search(PATTERNS["://"], value)):
            self.add(found[0].partition(":")[2])

    def mask(self, text: str) -> str:
        """The text without secrets; the longest value first, since one may contain another."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, MASK)
        lowered = text.lower()
        for word, pattern in PATTERNS.items():
            if word in lowered:
                import re  # a plan has nothing to search, and is not kept waiting for it

                text = re.sub(pattern, MASK, text)
        return text

    def mask_all(self, document: Any) -> Any:
        """A document of JSON whose texts are masked, wherever they stand in it."""
        if isinstance(document, str):
            return self.mask(document)
        if isinstance(document, dict):
            return {self.mask(name): self.mask_all(value) for name, value in document.items()}
        if isinstance(document, list | tuple):
            return [self.mask_all(value) for value in document]
        return document
