"""The order in which several workers play tests: each begins with some of those that take longest.

Otherwise the longest one begins near the end, and the other workers have nothing to do while it is played.
"""

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

LONGEST = (
    "tests/contract/signals/test_signals.py",
    "tests/contract/detect/test_property.py",
    "tests/unit/test_any_transient_answer.py",
    "tests/contract/maven/test_reactor.py",
    "tests/unit/test_two_runs.py",
    "tests/unit/gate/test_property.py",
    "tests/contract/detect/test_large.py",
    "tests/docs/test_docs_pages.py",
    "tests/unit/rules/test_patterns_are_quick.py",
    "tests/unit/report/test_files.py",
    "tests/unit/formats/test_values_edit.py",
    "tests/unit/changes/test_checkout_keys_property.py",
    "tests/contract/maven/test_modules.py",
    "tests/infra/test_vendor.py",
    "tests/docs/test_baselines_page.py",
)
"""Files with a test of many seconds, the longest first. One that is missing here only costs time."""

RANKS = {file: rank for rank, file in enumerate(LONGEST)}
UNRANKED = len(LONGEST)


def longest_first(tests: Iterable[tuple[str, T]], workers: int) -> list[T]:
    """Tests in the order in which they are given to workers, of which each takes a part of equal size (worksteal).

    Args:
        tests: each with its node's name, in the order in which they were collected.
        workers: how many.
    """
    ranked = [(RANKS.get(name.partition("::")[0], UNRANKED), test) for name, test in tests]
    long = sorted(((rank, test) for rank, test in ranked if rank != UNRANKED), key=lambda one: one[0])
    rest = iter([test for rank, test in ranked if rank == UNRANKED])
    ordered: list[T] = []
    for worker in range(workers):
        size = (len(ranked) - len(ordered)) // (workers - worker)
        head = [test for rank, test in long if rank % workers == worker]
        ordered += [*head, *islice(rest, max(0, size - len(head)))]
    return [*ordered, *rest]
