"""`python -m tests.support.stopped EFFECT NUMBER run ...`: a run that stops (SIGSTOP) around an effect, until SIGCONT.

EFFECT is a verb of `Effects`; NUMBER says before which of its calls, the first being 1; `-1` stops behind the first.
The run has looked at its lock by then: it is stopped between that look and its write.
"""

import signal
import sys

from tests.support.disturbed import run_with, signalling, words

if __name__ == "__main__":
    effect, number, rest = words()
    sys.exit(run_with(effect, signalling(signal.SIGSTOP, before=number, after=-number), rest))
