"""Figures of traces, and when a target has become worse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.formats.logs.traces import MIN_TRACES, described, figures_of, is_worse, of_service
from erp_build.model.releases.traces import Trace, TraceComparison, TraceFigures

TIMES = st.lists(st.tuples(st.floats(0, 100), st.booleans(), st.booleans()), max_size=60)


def compared(before: TraceFigures, after: TraceFigures) -> TraceComparison:
    return TraceComparison(target="approval", seconds=120.0, before=before, after=after)


@given(TIMES)
def test_figures_count_each_trace_once_and_lie_within_its_times(times: list[tuple[float, bool, bool]]) -> None:
    traces = [Trace(str(number), *one) for number, one in enumerate(times)]
    found = figures_of([*traces, *traces])
    assert found.traces == len(traces)
    assert found.faults == sum(one.is_fault for one in traces)
    assert found.faults + found.errors == sum(one.is_fault or one.is_error for one in traces)
    if not traces:
        assert (found.median, found.slow) == (None, None)
        return
    assert found.median is not None
    assert found.slow is not None
    assert min(one.seconds for one in traces) <= found.median <= found.slow <= max(one.seconds for one in traces)
    assert sum(one.seconds <= found.median for one in traces) * 2 >= len(traces)


def test_of_a_hundred_times_the_slow_one_is_the_ninety_fifth() -> None:
    found = figures_of(Trace(str(number), float(number)) for number in range(1, 101))
    assert (found.median, found.slow) == (50.0, 95.0)


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        (TraceFigures(traces=100, slow=0.2), TraceFigures(traces=100, slow=0.29), False),
        (TraceFigures(traces=100, slow=0.2), TraceFigures(traces=100, slow=0.31), True),
        (TraceFigures(traces=100, faults=1, slow=0.2), TraceFigures(traces=100, faults=2, slow=0.2), False),
        (TraceFigures(traces=100, faults=1, slow=0.2), TraceFigures(traces=100, faults=3, slow=0.2), True),
        (TraceFigures(traces=MIN_TRACES - 1, slow=0.2), TraceFigures(traces=100, faults=90, slow=9.0), False),
        (TraceFigures(traces=100, slow=0.2), TraceFigures(traces=0), False),
        (TraceFigures(traces=100, slow=0.0), TraceFigures(traces=100, slow=0.2), False),
    ],
)
def test_a_target_is_worse_by_its_faults_or_its_slow_answers(
    before: TraceFigures,
    after: TraceFigures,
    worse: bool,  # noqa: FBT001 - a case
) -> None:
    assert is_worse(compared(before, after)) is worse


def test_a_comparison_is_said_in_a_line() -> None:
    before = TraceFigures(traces=100, faults=1, median=0.03, slow=0.2, is_cut=True)
    text = described(compared(before, TraceFigures(traces=50, faults=5, median=0.03, slow=0.2)))
    assert text == (
        "warning: traces: before 100 or more, 1.0% failed, median 0.030 s, 95 % 0.200 s; "
        "after 50, 10.0% failed, median 0.030 s, 95 % 0.200 s"
    )
    assert described(compared(before, TraceFigures(traces=0))).endswith("; after none")


def test_a_name_does_not_leave_its_expression() -> None:
    assert of_service('a") { responsetime > 0') == 'service("a\\") { responsetime > 0")'
