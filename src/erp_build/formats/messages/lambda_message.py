"""Says what to do about Lambda's answers to an update: the code of a reason, and the message of a refused call."""

from typing import NamedTuple

from erp_build.errors import first_hint
from erp_build.formats.messages import catalogue


class Refusal(NamedTuple):
    """A refused call: what it is about, and what to do."""

    what: str
    next_step: str


def after_update(reason: str) -> str:
    """What to do about the reason of a failed update.

    Args:
        reason: `CODE: words`, as `FunctionState` has it.
    """
    code, _, words = reason.partition(":")
    otherwise = "see the reason; an image that Lambda cannot pull needs a repository policy for it"
    hint = first_hint(catalogue("lambda")["reason"], code, otherwise)
    return first_hint(catalogue("lambda")["image"], words, hint) if "image" in code.lower() else hint


def read_refusal(message: str) -> Refusal | None:
    """What a refused call is about, by its code and message; None where neither is known."""
    known = first_hint({part: part for part in catalogue("lambda")["refused"]}, message, "")
    return Refusal(*catalogue("lambda")["refused"][known]) if known else None
