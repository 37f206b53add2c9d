"""`python -m tests.support.killed EFFECT NUMBER run ...`: a run that is killed (-9) right after an effect.

EFFECT is a verb of `Effects`; NUMBER says after which of its calls, the first being 1; `0` kills before the first one.
"""

import os
import signal
import sys
from typing import Any

from erp_build import wiring
from erp_build.cli.app import main
from erp_build.clients.live_effects import LiveEffects


def killing(effect: str, number: int) -> type[LiveEffects]:
    """The live effects, with one that kills this process."""

    class Killing(LiveEffects):
        calls = 0

    real: Any = getattr(LiveEffects, effect)

    def perform(self: Killing, *arguments: Any) -> Any:
        if number == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(self, *arguments)
        Killing.calls += 1
        if Killing.calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(Killing, effect, perform)
    return Killing


if __name__ == "__main__":
    vars(wiring)["LiveEffects"] = killing(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
