"""A run of the command line, one of whose effects does something to the process around its calls."""

import itertools
import os
import sys
from collections.abc import Callable
from typing import Any

from erp_build import wiring
from erp_build.cli.app import main
from erp_build.wiring import LiveEffects

Around = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Makes of an effect another one that does something around it."""


def run_with(effect: str, around: Around, words: list[str]) -> int:
    """Run `erp-build` with these words and one changed effect, a verb of `Effects`; returns the exit code."""

    class Disturbed(LiveEffects):
        def __init__(self, **clients: Any) -> None:
            super().__init__(**clients)
            setattr(self, effect, around(getattr(self, effect)))

    vars(wiring)["LiveEffects"] = Disturbed
    return main(words)


def signalling(number: int, *, before: int = 0, after: int = 0) -> Around:
    """An effect that sends this process a signal before or after its call of this number, the first being 1."""

    def around(real: Callable[..., Any]) -> Callable[..., Any]:
        calls = itertools.count(1)

        def perform(*arguments: Any) -> Any:
            # Effects of several targets are performed in threads, beside each other.
            call = next(calls)
            if call == before:
                os.kill(os.getpid(), number)
            answer = real(*arguments)
            if call == after:
                os.kill(os.getpid(), number)
            return answer

        return perform

    return around


def words() -> tuple[str, int, list[str]]:
    """Of the command line: the effect, the number, and what follows them."""
    return sys.argv[1], int(sys.argv[2]), sys.argv[3:]
