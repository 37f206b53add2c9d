"""`python -m erp_build`, and the program `erp-build`."""

import gc
import sys
from collections.abc import Callable

NEW_OBJECTS = 50_000
"""How many more there are before the garbage collector looks at them; by itself it does at 700."""


def command_line() -> int:
    """Run the command that this process was called with."""
    from erp_build.cli.app import main

    return main()


def program(command: Callable[[], int] = command_line) -> int:
    """Run a command that has the process for itself, and return its exit code.

    Classes and models of the SDKs are most of its objects, and they live as long as it does. Looking through them again
    and again takes a fifth of their import, and taking them apart at the end as long as a plan: the system does that.
    """
    gc.set_threshold(NEW_OBJECTS)
    try:
        return command()
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(program())
