"""Work that must not change how a run ends."""

from collections.abc import Callable


def attempt(work: Callable[[], object]) -> Exception | None:
    """Do some work and return what it raises, for the caller to say; a signal is raised as it came."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - returned; what the run fails with, or its success, counts for more
        return error
    return None
