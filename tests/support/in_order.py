"""Effects one after the other, which a run performs at once: then each call has the same number every time."""

from collections.abc import Iterator
from contextlib import contextmanager

from erp_build.deployment import latest, stage


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Perform effects in the block one after the other, in the thread of the run."""
    before = latest.MOVES_AT_ONCE, stage.FUNCTIONS_AT_ONCE
    latest.MOVES_AT_ONCE = stage.FUNCTIONS_AT_ONCE = 1
    try:
        yield
    finally:
        latest.MOVES_AT_ONCE, stage.FUNCTIONS_AT_ONCE = before
