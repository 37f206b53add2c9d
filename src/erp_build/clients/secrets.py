"""Secret values of a run: once added, they are masked in every text that leaves the program.

CodeBuild masks only the parameters of its own buildspec, and none that a program reads by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_build.formats.secret_names import LOOKS, is_secret_name

if TYPE_CHECKING:
    from typing import Any

MASK = "***"
MIN_MASKED_LENGTH = 6
"""Shorter values are not masked: `erp` or `dev` would make the log unreadable."""


class Secrets:
    """The secret values of this run."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def add(self, value: str) -> None:
        """Mask a value from now on, also in its forms in JSON, in a URI, and in HTML and XML."""
        if len(value) >= MIN_MASKED_LENGTH:
            import json
            from html import escape
            from urllib.parse import quote

            in_json = (json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
            in_xml = [escape(value, quote=quoted) for quoted in (True, False)]
            on_page = in_xml[0].replace("&#x27;", "&#39;").replace("&quot;", "&#34;")  # as Jinja2 writes quotes
            self._values.update((value, quote(value, safe=""), *in_json, *in_xml, on_page))

    def add_named(self, name: str, value: str) -> None:
        """Mask a setting's value if its name says that it may be a secret, and the password of any URI."""
        if is_secret_name(name):
            self.add(value)
        if "://" in value:
            import re

            if found := re.search(LOOKS["://"], value):
                self.add(found[0].partition(":")[2])

    def mask(self, text: str) -> str:
        """Return a text with secrets replaced by `***`."""
        # The longest value first, because one may contain another.
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, MASK)
        lowered = text.lower()
        for word, pattern in LOOKS.items():
            if word in lowered:
                import re  # imported here: a plan has nothing to mask and need not load it

                text = re.sub(pattern, MASK, text)
        return text

    def mask_all(self, document: Any) -> Any:
        """Return a JSON document with all of its texts masked, names included."""
        if isinstance(document, str):
            return self.mask(document)
        if isinstance(document, dict):
            return {self.mask(name): self.mask_all(value) for name, value in document.items()}
        if isinstance(document, list | tuple):
            return [self.mask_all(value) for value in document]
        return document
