"""Ports of EXPOSE, such as `8080`, `53/udp` and `8000-8010`."""

import re
from collections.abc import Iterator

PORTS = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?(?:/(tcp|udp|sctp)?)?", re.IGNORECASE)
LAST = 65535


def ports_of(word: str) -> Iterator[str]:
    """Each port of a word with its protocol, such as `8080/tcp`; raises `ValueError` for what is none.

    A port of the host before it (`80:8080`), which builders read and leave out, is refused.
    """
    match = PORTS.fullmatch(word)
    first = int(match[1]) if match else LAST + 1
    last = int(match[2] or match[1]) if match else 0
    if not match or not first <= last <= LAST:
        raise ValueError("it has something that is no port")
    protocol = (match[3] or "tcp").lower()
    yield from (f"{port}/{protocol}" for port in range(first, last + 1))
