"""Finds secrets in a text by their looks: where each one stands. The time grows with the text's length and no faster.

No pattern here may begin at a place that an earlier attempt has passed: each begins at a word that it consumes, and its
repetitions are possessive (`++`), so that a line of a megabyte is read once, whatever it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Span = tuple[int, int]
    """Where a part of a text begins and ends."""

LOOKS = {
    "password=": r"(?i)(?<=password=)[^\s&;,'\"]++",
    "k8s-aws-v1.": r"k8s-aws-v1\.[\w-]++",
    "x-amz-signature=": r"(?i)(?<=X-Amz-Signature=)[0-9a-f]++",
    "x-amz-security-token=": r"(?i)(?<=X-Amz-Security-Token=)[^\s&\"'<>]++",
    "akia": r"(?<![0-9A-Za-z])AKIA[0-9A-Z]{16}(?![0-9A-Z])",
    "asia": r"(?<![0-9A-Za-z])ASIA[0-9A-Z]{16}(?![0-9A-Z])",
}
"""Secrets by their looks: tokens of a cluster, signatures, access keys, values of a `password=`.

The key is a lower-case word of every text with such a secret: a text without it needs no search.
"""

PLAIN_WORD = r"(?![a-z]{1,15}+[^\w\s]?(?:\s|$))"
"""Stands before a token, so that "a bearer token" and "basic scanning" stay as they are."""

PROBABLE = {
    "bearer": rf"(?i)(?<=\bbearer)(?:[ \t]++|%20|\+){PLAIN_WORD}(?P<token>[\w.~+/=-]{{6,}}+)",
    "basic": rf"(?i)(?<=\bbasic)(?:[ \t]++|%20|\+){PLAIN_WORD}(?P<token>[A-Za-z0-9+/]{{8,}}+={{0,2}}+)(?![\w.-])",
    "eyj": r"(?<![\w-])(?P<token>eyJ[\w-]{5,}+\.eyJ[\w-]++(?:\.[\w-]*+)?)",
    # An address without its scheme; what stands behind the `@` is a host with a domain or a port.
    "@": r"(?<![\w.%+:/@-])(?!mailto:)[\w.%+-]++:(?P<token>[^\s:@/\"'<>]{3,}+)@(?!sha256:)(?=[\w-]++[.:])",
}
"""What probably is one: tokens of an Authorization, signed ones (JWT), `user:password@host`.

They are masked, but no reason for a refusal.
"""

CREDENTIAL = (
    r"(?<![\w.%+:/@-])(?!mailto:|npm:)[\w.%+-]++:(?P<token>[^\s:@/\"'<>$]{3,}+)@(?!sha256:)"
    r"(?=tcp\(|[a-zA-Z][\w.-]*+:[0-9]|[0-9]{1,3}+(?:\.[0-9]{1,3}+){3})"
)
"""A user and a password before a host with a port, as drivers take them: `erp:hunter2@db:5432/erp`. Certainly one."""

WORD_OF_ADDRESS = "://"
ADDRESS = r"[^\s\"'<>]++"
"""What may be an address: its password may hold `/` and `@`, but none of these."""

USER = r"[^/:@]*+:"
"""The user of an address and the colon behind it."""

DIGEST = "@sha256:"
"""What stands behind an image with a host and a port is no password's host."""

FRAME = r"-----(BEGIN|END) ([^\n-]{0,64}+)-----"
"""The first or the last line of a block of PEM."""

DASHES = "-----"
PUBLIC = ("CERTIFICATE", "PUBLIC KEY")
"""Blocks of PEM that hold no secret, by the ends of their names."""

BASE64_LINES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n\t "


def secret_spans(text: str) -> list[Span]:
    """Where secrets stand by their looks; the spans may overlap."""
    lowered = text.lower()
    found = [span for word, pattern in LOOKS.items() if word in lowered for span in _matches(pattern, text)]
    found += [
        span for word, pattern in PROBABLE.items() if word in lowered for span in _matches(pattern, text, "token")
    ]
    if WORD_OF_ADDRESS in text:
        found += address_spans(text)
    if DASHES in text:
        found += pem_spans(text)
    return found


def address_spans(text: str) -> Iterator[Span]:
    """Where users with passwords stand in addresses (`://user:password@`); the last `@` of an address counts."""
    import re  # imported here, as below: a plan asks, but never has such a text

    user = re.compile(USER)
    for address in re.finditer(ADDRESS, text):
        if (last := _last_at(address[0])) < 0:
            continue
        last += address.start()
        place = text.find(WORD_OF_ADDRESS, address.start(), last)
        while place >= 0:
            begin = place + len(WORD_OF_ADDRESS)
            found = user.match(text, begin, last)
            if found and found.end() < last:
                yield begin, last
                break
            place = text.find(WORD_OF_ADDRESS, begin, last)


def pem_spans(text: str) -> Iterator[Span]:
    """Where blocks of PEM stand that are not public; of a block that is cut off, what is left of it."""
    import re

    begin, is_secret, behind = -1, False, 0
    for frame in re.finditer(FRAME, text):
        private = not frame[2].endswith(PUBLIC)
        if frame[1] == "BEGIN":
            if not is_secret:
                begin, is_secret = frame.start(), private
            continue
        if is_secret or private:
            yield begin if begin >= 0 else _begin_of_rest(text, behind, frame.start()), frame.end()
        begin, is_secret, behind = -1, False, frame.end()
    if is_secret:
        yield begin, len(text)


def _begin_of_rest(text: str, behind: int, end: int) -> int:
    """Where the lines of a block begin whose first line is not there; what is `behind` is another's."""
    kept = behind + len(text[behind:end].rstrip(BASE64_LINES))
    line = text.find("\n", kept, end)
    return line + 1 if kept > behind and line >= 0 else kept


def _last_at(address: str) -> int:
    """The place of the last `@` that has no digest behind it; -1: there is none."""
    place = address.rfind("@")
    while place >= 0 and address.startswith(DIGEST, place):
        place = address.rfind("@", 0, place)
    return place


def _matches(pattern: str, text: str, group: str | int = 0) -> list[Span]:
    import re

    return [found.span(group) for found in re.finditer(pattern, text)]
