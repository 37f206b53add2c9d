"""Values that are kept in the user's cache from one command to the next.

What is damaged is as good as nothing, and so is a folder that cannot be written. `marshal` belongs to one version of
Python: an entry says which one (`sys.implementation.cache_tag`). Imports only what the interpreter has loaded anyway.
"""

import binascii
import marshal
import os
from typing import Any

CHECKSUM = 4
"""Bytes before an entry. A damaged one could still be read, as another value."""


def kept_file(kind: str, of: str) -> str:
    """The file in which something of a folder or a file is kept.

    Args:
        kind: the beginning of its name.
        of: what it is kept of. Two of them may have one name, so that an entry must say what it was made of.
    """
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):
        # A relative one counts for nothing, by the specification of this variable.
        cache = os.path.join(home(), ".cache")
    return os.path.join(cache, "erp-build", f"{kind}-{binascii.crc32(os.fsencode(of)):08x}")


def home() -> str:
    """The user's folder; without one a path below which nothing can be: `~` would be a folder of the repository."""
    found = os.path.expanduser("~")
    return found if os.path.isabs(found) else os.devnull


def read_kept(file_name: str) -> Any:
    """The value that a file keeps, or None."""
    try:
        with open(file_name, "rb") as file:
            checksum, entry = file.read(CHECKSUM), file.read()
        if checksum != _checksum(entry):
            return None
        return marshal.loads(entry)  # noqa: S302 - our own file in the user's own folder
    except (OSError, ValueError, EOFError, TypeError):
        return None


def keep(file_name: str, value: Any) -> None:
    """Keep a plain value whole or not at all; a folder that cannot be written is no reason to fail."""
    part = f"{file_name}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(file_name), mode=0o700, exist_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            dumped = marshal.dumps(value)
            file.write(_checksum(dumped) + dumped)
        os.replace(part, file_name)
    except OSError:
        return


def forget(file_name: str) -> None:
    """Remove what a file keeps, if it does."""
    try:
        os.remove(file_name)
    except OSError:
        return


def _checksum(entry: bytes) -> bytes:
    return binascii.crc32(entry).to_bytes(CHECKSUM, "big")
