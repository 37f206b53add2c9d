"""HEALTHCHECK: its command and its options."""

import re

from erp_build.formats.dockerfile.direct.forms import HEALTH_OPTIONS
from erp_build.formats.dockerfile.direct.recipe import Health
from erp_build.formats.dockerfile.parse import Instruction

UNITS_NS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
PART = re.compile(r"([0-9]{1,9})(?:\.([0-9]{0,9}))?([a-zµμ]{1,2})")
DURATION = re.compile(r"\+?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?(?:ns|us|µs|μs|ms|s|m|h)){1,9}")
SHORTEST_NS = 10**6
LONGEST_NS = 2**63 - 1
MOST_RETRIES = 2**31 - 1


def health_of(instruction: Instruction) -> Health:
    """What it sets; raises `ValueError` for what builders refuse or read in different ways."""
    kind, *words = instruction.words
    if kind.upper() == "NONE":
        if words or instruction.flags:
            raise ValueError("NONE stands with something else")
        return Health(("NONE",))
    if kind.upper() != "CMD" or not words:
        raise ValueError("it has neither CMD with a command nor NONE")
    values = {name: instruction.flag(name) or "" for name in HEALTH_OPTIONS}
    times = [nanoseconds(values[name]) for name in HEALTH_OPTIONS[:-1]]
    test = ("CMD" if instruction.is_json else "CMD-SHELL", *words)
    return Health(test, times[0], times[1], times[2], times[3], _retries(values["retries"]))


def nanoseconds(text: str) -> int:
    """A time as Go writes it, such as `1m30s` or `1.5s`; 0 for none; raises `ValueError` for less than 1ms."""
    if text in ("", "0"):
        return 0
    if not DURATION.fullmatch(text):
        raise ValueError("an option is no time, such as 30s")
    total = sum(_part(whole, fraction, unit) for whole, fraction, unit in PART.findall(text))
    if total and not SHORTEST_NS <= total <= LONGEST_NS:
        raise ValueError("an option is less than 1ms, or too long")
    return total


def _part(whole: str, fraction: str, unit: str) -> int:
    scale = UNITS_NS[unit]
    return int(whole) * scale + int(fraction.ljust(9, "0")) * scale // 10**9


def _retries(text: str) -> int:
    # Some builders refuse 0, for which others take the default.
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_RETRIES):
        raise ValueError("--retries is no number from 1 on")
    return int(text or "0")
