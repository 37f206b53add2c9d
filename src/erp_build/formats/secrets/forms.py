"""The forms in which other programs write a value: encoded, escaped, quoted, a line at a time.

A secret is masked in each of them. Most values have about a dozen, because most forms of a plain word are the same.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from erp_build.formats.printable import one_line, printable
from erp_build.formats.secrets.names import MIN_MASKED_LENGTH, is_maskable

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT_IN_URLS = ("", "/", "!*'()", "*")
"""Characters that encoders of URLs leave as they are: of Python (two ways), of JavaScript, of Java."""

BASE64_LINES = (64, 76)
"""Characters of a line, as `openssl` and `base64` cut a long text."""

LONG, PIECE = 64, 32
"""Characters of a value that is known by its pieces too, and of a piece."""


def forms_of(value: str) -> set[str]:
    """Every form of a secret that is long enough to be one; nothing of a value that is too short or too common."""
    if not is_maskable(value):
        return set()
    forms = {form for text in _parts(value) for form in _written(text)}
    forms.update(_pieces(value.strip()), _lines_of_base64(value))
    return {form for form in forms if len(form) >= MIN_MASKED_LENGTH}


def _parts(value: str) -> Iterator[str]:
    """The value as it is, without the blanks around it, and each of its lines that is long enough to be secret.

    A tab or another control character ends a line as well: on its way to a person it may become anything.
    """
    yield value
    yield value.strip()
    if not value.isprintable():
        blanked = "".join(char if char.isprintable() else "\n" for char in value)
        yield blanked.replace("\n", "")
        yield from (line.strip() for line in blanked.split("\n") if is_maskable(line))


def _pieces(value: str) -> Iterator[str]:
    """Pieces of a long value: a text may have been cut or wrapped within it."""
    if len(value) > LONG:
        yield from (value[start : start + PIECE] for start in range(0, len(value), PIECE))


def _written(text: str) -> Iterator[str]:
    """A text as other programs write it."""
    yield text
    yield from (printable(text), one_line(text))
    yield from _in_json(text)
    yield from _in_url(text)
    yield from _in_source(text)
    yield from _in_shell(text)
    yield from _in_markup(text)
    raw = text.encode("utf-8", "surrogatepass")
    yield from _in_base64(raw)
    yield from (raw.hex(), raw.hex().upper())


def _in_json(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        once = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield re.sub(r"\\u[0-9a-f]{4}", lambda found: f"\\u{found[0][2:].upper()}", once)  # as Java writes it
        yield from (once, once.replace("/", "\\/"), json.dumps(once, ensure_ascii=ascii_only)[1:-1])


def _in_url(text: str) -> Iterator[str]:
    raw = text.encode("utf-8", "surrogatepass")
    for kept in KEPT_IN_URLS:
        for encoded in (quote(raw, safe=kept), quote_plus(raw, safe=kept)):
            yield encoded
            yield encoded.replace("~", "%7E")
            yield re.sub("%..", lambda found: found[0].lower(), encoded)


def _in_source(text: str) -> Iterator[str]:
    """As Python shows a text or its bytes; the quotes around it decide which quote in it is escaped."""
    raw = text.encode("utf-8", "surrogatepass")
    for shown in (repr(text)[1:-1], ascii(text)[1:-1], repr(raw)[2:-1]):
        yield from (shown, shown.replace("'", "\\'"), shown.replace("\\'", "'"))


def _in_shell(text: str) -> Iterator[str]:
    # A text that needs no quotes comes back without any.
    yield shlex.quote(text).removeprefix("'").removesuffix("'")
    yield text.replace("'", "'\"'\"'")
    yield text.replace("'", "'\\''")
    yield re.sub(r'(["\\$`])', r"\\\1", text)
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)


def _in_markup(text: str) -> Iterator[str]:
    """As XML and HTML write it; quotes have several names."""
    for quoted in (False, True):
        escaped = escape(text, quote=quoted)
        yield from (escaped, escaped.replace("&#x27;", "&#39;").replace("&quot;", "&#34;"))
        yield escaped.replace("&#x27;", "&apos;")


def _in_base64(raw: bytes) -> Iterator[str]:
    """As a part of a longer text in base64, at each of the three places where it may begin; both alphabets."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).rstrip(b"=").decode()
        # The characters at both ends hold bits of what stands beside the value.
        whole = encoded[(0, 2, 3)[before] : (before + len(raw)) // 3 * 4 + (0, 1, 2)[(before + len(raw)) % 3]]
        yield from (whole, whole.replace("+", "-").replace("/", "_"))


def _lines_of_base64(value: str) -> Iterator[str]:
    """The lines of a long value in base64; what is left for the last line is short enough to tell nothing."""
    encoded = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()
    for width in BASE64_LINES:
        if len(encoded) > width:
            yield from (encoded[start : start + width] for start in range(0, len(encoded), width))
