"""What is shared out, and how: by the seconds that each took before, so that all workers end at about the same time."""

from collections.abc import Mapping, Sequence
from statistics import median

from erp_build.changes.rebuilds.reasons import is_built_anew
from erp_build.model.build_options import FanOut
from erp_build.model.packaging import OWN
from erp_build.model.plan import Plan, Step

OWN_PACKAGERS = frozenset(packaging.name for packaging in OWN)

FEWEST_EACH = 3
"""Services that a worker gets at least: a machine that is made ready and clones takes as long as some builds."""


def shareable(options: FanOut, plan: Plan) -> tuple[Step, ...]:
    """The builds that a worker can make and hand over: by a key, and from the files of the commit alone."""
    return tuple(
        step
        for step in plan.builds
        if step.key
        and not step.is_dirty
        # An older image has the key of one that is built anew on purpose.
        and not is_built_anew(step)
        # The line that a worker runs knows no packagers of a program of yours; a buildspec of yours may.
        and (options.buildspec or getattr(step.target, "package", "") in OWN_PACKAGERS)
    )


def pays(options: FanOut, number: int, of_all: int = 0) -> bool:
    """Whether workers are begun for so many builds of a plan.

    `of_all` is the number in all releases of the run. Where only that is large enough, a release still needs enough of
    its own for two workers: a single one is no sooner than the run itself.
    """
    least = max(options.least, 1)
    return options.workers > 0 and (number >= least or (of_all >= least and number >= 2 * FEWEST_EACH))


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
