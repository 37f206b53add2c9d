"""`python -m tests.support.stopped EFFECT NUMBER run ...`: a run that stops (SIGSTOP) around an effect, until SIGCONT.

EFFECT is a verb of `Effects`; NUMBER says before which of its calls, the first being 1; `-1` stops behind the first.
The run has looked at its lock by then: it is stopped between that look and its write.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from erp_build import wiring
from erp_build.cli.app import main
from erp_build.wiring import LiveEffects


def stopping(effect: str, number: int) -> type[LiveEffects]:
    """The live effects, with one that stops this process."""

    class Stopping(LiveEffects):
        def __init__(self, **clients: Any) -> None:
            super().__init__(**clients)
            setattr(self, effect, stop_around(number, getattr(self, effect)))

    return Stopping


def stop_around(number: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """The effect, which stops this process before its call of this number, or behind it."""
    calls = 0

    def perform(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            os.kill(os.getpid(), signal.SIGSTOP)
        answer = real(*arguments)
        if calls == -number:
            os.kill(os.getpid(), signal.SIGSTOP)
        return answer

    return perform


if __name__ == "__main__":
    vars(wiring)["LiveEffects"] = stopping(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
