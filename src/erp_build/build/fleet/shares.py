"""How services are shared out: by the seconds that each took before, so that all workers end at about the same time."""

from collections.abc import Mapping, Sequence
from statistics import median

FEWEST_EACH = 3
"""Services that a worker gets at least: a machine that is made ready and clones takes as long as some builds."""


def number_of_workers(services: int, most: int) -> int:
    """How many workers are worth it for so many services; `most` is what the project allows."""
    return max(1, min(most, services // FEWEST_EACH))


def share_out(names: Sequence[str], seconds: Mapping[str, float], workers: int) -> tuple[tuple[str, ...], ...]:
    """Share names out, none of them twice; a share keeps the order of the names, and none is empty.

    The longest comes first, to the worker that has least to do. One that was never measured counts as the median of
    the others; where nothing was measured, all count the same.

    Args:
        names: of the services, each once.
        seconds: that each took before.
        workers: shares at most.
    """
    known = [seconds[name] for name in names if seconds.get(name, 0.0) > 0]
    usual = median(known) if known else 1.0
    cost = {name: seconds.get(name, 0.0) or usual for name in names}
    shares: list[list[str]] = [[] for _ in range(min(workers, len(names)))]
    loads = [0.0] * len(shares)
    for name in sorted(names, key=lambda name: -cost[name]):
        least = loads.index(min(loads))
        shares[least].append(name)
        loads[least] += cost[name]
    places = {name: place for place, name in enumerate(names)}
    return tuple(tuple(sorted(share, key=places.__getitem__)) for share in shares)
