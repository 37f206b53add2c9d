"""Lines that make a bad pattern slow: of the pattern's own words and classes, again and again."""

import re
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import accumulate, product
from types import FrameType
from typing import Any

PARSER: Any = import_module("re._parser")
"""The only reader of patterns; the type checker does not know it."""

SHORT, LONG = 2_000, 8_000
"""Characters of the lines that are compared: a time that grows with the length is four times as long, not sixteen."""

CERTAIN = 16
"""How much longer the lines are that confirm a suspicion: the processor's time is measured in steps of milliseconds."""

MAX_GROWTH = 8
NOTICED_S, MAX_S = 0.001, 0.5
"""Seconds under which a growth says nothing, and over which nothing else needs to be known."""

SAMPLES = 'a0 ./-@"'
"""A character of each class that patterns ask for."""

Tokens = list[tuple[Any, Any]]


class TooSlow(Exception):
    """A pattern took longer than it may."""


def hostile_parts(pattern: str) -> Iterator[tuple[str, str, str]]:
    """What a line begins with, repeats and ends with, so that a pattern begins or repeats for long and then fails."""
    every = [*_words(PARSER.parse(pattern))] or ["a"]
    words, begins = [*dict.fromkeys(every)], [*accumulate(every[:12])]
    units = {*words[:8], *begins, "".join(words), *SAMPLES}
    units |= {word + sample for word, sample in product(words[:3], SAMPLES)}
    for unit in sorted(units):
        yield "", unit, ""
        yield "", unit, words[-1]
    for begin, unit in product({*begins[:4], "".join(words)}, {*SAMPLES, *words[:4]}):
        yield begin, unit, "\0"
    if re.search(r"[+*}]\)[+*{]|[+*}]\)\)[+*{]", pattern):
        # A repetition within a repetition: one text may be read in very many ways.
        named = sorted({char for word in words for char in word if not char.isalnum()})[:5]
        units = {"".join(unit) for unit in product(("a", *named), repeat=3)}
        yield from ((begin, unit, "\0") for begin in ("", begins[0]) for unit in sorted(units))


def _words(tokens: Any) -> Iterator[str]:
    """The words of a pattern: its runs of fixed characters, with one character for each class between them."""
    word = ""
    for kind, value in tokens:
        name = str(kind)
        if name == "LITERAL":
            word += chr(value)
        elif name == "IN":
            word += next((char for char in SAMPLES if _fits(value, char)), "a")
        else:
            if word:
                yield word
            word = ""
            yield from (found for inner in _inner(name, value) for found in _words(inner))
    if word:
        yield word


def _inner(name: str, value: Any) -> Iterator[Tokens]:
    """The parts of a group, a repetition, a branch or an assertion."""
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        yield value[2]
    elif name == "SUBPATTERN":
        yield value[3]
    elif name == "BRANCH":
        yield from value[1]
    elif name in ("ASSERT", "ASSERT_NOT"):
        yield value[1]
    elif name == "ATOMIC_GROUP":
        yield value


def _fits(one_of: Any, char: str) -> bool:
    found = False
    for kind, value in one_of:
        name = str(kind)
        found |= (
            (name == "LITERAL" and chr(value) == char)
            or (name == "RANGE" and value[0] <= ord(char) <= value[1])
            or (name == "CATEGORY" and _is_of(str(value), char))
        )
    return found != (str(one_of[0][0]) == "NEGATE")


def _is_of(category: str, char: str) -> bool:
    fits = {"DIGIT": char.isdigit(), "SPACE": char.isspace(), "WORD": char.isalnum() or char == "_"}
    name = category.removeprefix("CATEGORY_")
    return not fits[name.removeprefix("NOT_")] if name.startswith("NOT_") else fits[name]


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` when the block uses the processor for longer; the matcher of `re` looks for signals."""

    def late(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        raise TooSlow

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def slow_unit(pattern: "re.Pattern[str]", how: str) -> str:
    """What makes a line on which the pattern's time grows faster than the line; empty if nothing does.

    Args:
        pattern: what is tried.
        how: the method by which the program uses it.
    """
    for parts in hostile_parts(pattern.pattern):
        if _grows(pattern, how, parts):
            return parts[1]
    return ""


def _grows(pattern: "re.Pattern[str]", how: str, parts: tuple[str, str, str]) -> bool:
    def use(length: int, limit: float) -> tuple[float, float]:
        """The seconds that a line of some length takes, on the wall and of the processor."""
        first, unit, last = parts
        line = f"{first}{unit * (length // len(unit))}{last}"
        with limited(limit):
            wall, own = time.perf_counter(), time.process_time()
            deque(pattern.finditer(line), 0) if how == "finditer" else getattr(pattern, how)(line)
            return time.perf_counter() - wall, time.process_time() - own

    try:
        long = use(LONG, MAX_S)[0]
        if long < NOTICED_S or long < MAX_GROWTH * min(use(SHORT, MAX_S)[0] for _ in range(3)):
            return False
        # The machine may have done something else meanwhile.
        use(LONG * CERTAIN, MAX_GROWTH * max(use(SHORT * CERTAIN, MAX_S)[1], MAX_S / 10))
    except TooSlow:
        return True
    return False
