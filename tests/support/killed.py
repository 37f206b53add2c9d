"""`python -m tests.support.killed EFFECT NUMBER run ...`: a run that is killed (-9) right after an effect.

EFFECT is a verb of `Effects`; NUMBER says after which of its calls, the first being 1; `0` kills before the first one.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from erp_build import wiring
from erp_build.cli.app import main
from erp_build.wiring import LiveEffects


def killing(effect: str, number: int) -> type[LiveEffects]:
    """The live effects, with one that kills this process."""

    class Killing(LiveEffects):
        def __init__(self, **clients: Any) -> None:
            super().__init__(**clients)
            setattr(self, effect, kill_after(number, getattr(self, effect)))

    return Killing


def kill_after(number: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """The effect, which kills this process in its call of this number."""
    calls = 0

    def perform(*arguments: Any) -> Any:
        nonlocal calls
        if number == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*arguments)
        calls += 1
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return perform


if __name__ == "__main__":
    vars(wiring)["LiveEffects"] = killing(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
