"""Services are shared out by what they took before, none twice and none forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.build.fleet.shares import number_of_workers, share_out

NAMES = tuple("abcdefgh")


@pytest.mark.parametrize(
    ("services", "most", "workers"),
    [(1, 8, 1), (5, 8, 1), (6, 8, 2), (12, 8, 4), (24, 3, 3), (200, 8, 8), (200, 1, 1), (2, 8, 1)],
)
def test_a_worker_is_begun_for_no_fewer_than_three_services(services: int, most: int, workers: int) -> None:
    assert number_of_workers(services, most) == workers


def test_what_was_never_measured_is_shared_out_evenly() -> None:
    assert [len(share) for share in share_out(NAMES, {}, 3)] == [3, 3, 2]


def test_a_long_one_has_a_worker_of_its_own() -> None:
    assert share_out(tuple("abcd"), {"a": 300, "b": 20, "c": 20, "d": 20}, 2) == (("a",), ("b", "c", "d"))


def test_a_new_one_counts_as_the_median_of_the_others() -> None:
    shares = share_out(tuple("abcde"), {"a": 100, "b": 100, "c": 100, "d": 1000}, 2)
    assert shares == (("d",), ("a", "b", "c", "e"))


@given(
    st.lists(st.text("abcdef", min_size=1, max_size=4), unique=True, min_size=1, max_size=40),
    st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.floats(0, 1e6)),
    st.integers(1, 12),
)
def test_every_name_is_in_one_share_and_no_share_is_empty(
    names: list[str], seconds: dict[str, float], workers: int
) -> None:
    shares = share_out(names, seconds, workers)
    assert sorted(name for share in shares for name in share) == sorted(names)
    assert all(shares)
    assert len(shares) == min(workers, len(names))


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.floats(1, 1e4), min_size=1), st.integers(1, 6))
def test_no_worker_has_much_more_to_do_than_it_must(seconds: dict[str, float], workers: int) -> None:
    """The longest share is at most 4/3 of the best there is (Graham 1969), which is no less than these two."""
    loads = [sum(seconds[name] for name in share) for share in share_out(tuple(seconds), seconds, workers)]
    lowest = max(*seconds.values(), sum(seconds.values()) / workers)
    pairs = sorted(seconds.values(), reverse=True)[workers - 1 : workers + 1]
    if len(pairs) > 1:
        lowest = max(lowest, sum(pairs))
    assert max(loads) <= 4 / 3 * lowest + max(seconds.values()) / 3 + 1e-6
