"""Digests as registries write them."""

import hashlib
import re

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_of(content: bytes) -> str:
    """The digest of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def is_digest(text: str) -> bool:
    """Whether a text is a digest that can be checked here."""
    return bool(DIGEST.fullmatch(text))
