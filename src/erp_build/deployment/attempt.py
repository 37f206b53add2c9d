"""Work whose failure must not change how a run ends."""

from collections.abc import Callable


def attempt(work: Callable[[], object]) -> Exception | None:
    """Do the work and return the error that it raises, for the caller to report. Signals are raised as they are."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - returned: the run's own result counts for more
        return error
    return None
