"""`python -m tests.support.killed EFFECT NUMBER run ...`: a run that is killed (-9) right after an effect.

EFFECT is a verb of `Effects`; NUMBER says after which of its calls, the first being 1; `0` kills before the first one.
"""

import signal
import sys

from tests.support.disturbed import run_with, signalling, words

if __name__ == "__main__":
    effect, number, rest = words()
    around = signalling(signal.SIGKILL, after=number) if number else signalling(signal.SIGKILL, before=1)
    sys.exit(run_with(effect, around, rest))
