"""Figures of traces, and the expression by which X-Ray finds those of a service."""

from collections.abc import Iterable
from math import ceil

from erp_build.model.releases.traces import Trace, TraceComparison, TraceFigures

MEDIAN, SLOW = 0.5, 0.95
"""Shares of the traces that are as quick as a figure says."""


MIN_TRACES = 20
"""Traces of each time below which a difference says nothing."""

MORE_FAULTS, SLOWER = 0.01, 1.5
"""A share of faults that grew by more than this, and a slow answer that takes more times as long, are warned of."""


def figures_of(traces: Iterable[Trace], *, is_cut: bool = False) -> TraceFigures:
    """The figures of traces; one that comes on two pages counts once."""
    each = {one.identifier: one for one in traces}.values()
    seconds = sorted(one.seconds for one in each)
    return TraceFigures(
        traces=len(seconds),
        faults=sum(one.is_fault for one in each),
        errors=sum(one.is_error and not one.is_fault for one in each),
        median=_quantile(seconds, MEDIAN),
        slow=_quantile(seconds, SLOW),
        is_cut=is_cut,
    )


def of_service(name: str) -> str:
    """The filter expression of the traces that a service of this name has a part in."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'service("{quoted}")'


def _quantile(ordered: list[float], share: float) -> float | None:
    """The least value that is not exceeded by this share of the values; None of no values."""
    return ordered[max(ceil(len(ordered) * share), 1) - 1] if ordered else None


def is_worse(one: TraceComparison) -> bool:
    """Whether more requests fail than before, or the slow ones have become much slower."""
    before, after = one.before, one.after
    if min(before.traces, after.traces) < MIN_TRACES:
        return False
    is_slower = bool(before.slow) and (after.slow or 0.0) > (before.slow or 0.0) * SLOWER
    return is_slower or after.fault_share - before.fault_share > MORE_FAULTS


def described(one: TraceComparison) -> str:
    """A comparison in a line, for people."""
    warning = "warning: " if is_worse(one) else ""
    return f"{warning}traces: before {figures_text(one.before)}; after {figures_text(one.after)}"


def figures_text(figures: TraceFigures) -> str:
    """The figures of a time in a few words."""
    if not figures.traces:
        return "none"
    more = " or more" if figures.is_cut else ""
    return (
        f"{figures.traces}{more}, {figures.fault_share:.1%} failed, "
        f"median {figures.median or 0.0:.3f} s, 95 % {figures.slow or 0.0:.3f} s"
    )
