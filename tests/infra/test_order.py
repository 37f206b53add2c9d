"""How tests are shared out: to workers by `tests/support/order.py`, to lanes of the sandbox by `tests/__main__.py`."""

import random

import pytest

from tests.__main__ import LANES
from tests.support.documented import ROOT
from tests.support.order import LONGEST, longest_first

SHORT = "tests/unit/test_other.py"


@pytest.mark.parametrize("file", LONGEST)
def test_a_file_of_the_list_is_there(file: str) -> None:
    assert (ROOT / file).is_file()


@pytest.mark.parametrize("workers", range(1, 10))
def test_every_test_is_played_once(workers: int) -> None:
    draw = random.Random(workers)  # noqa: S311 - no cryptography
    for count in range(40):
        files = [draw.choice((SHORT, *LONGEST)) for _ in range(count)]
        tests = [(f"{file}::test", number) for number, file in enumerate(files)]
        assert sorted(longest_first(tests, workers)) == [*range(count)]


def test_each_worker_begins_with_some_of_the_longest() -> None:
    short = [(f"{SHORT}::{number}", "short") for number in range(30)]
    long = [(f"{file}::test", file) for file in LONGEST[:6]]
    assert longest_first([*short, *long], 3) == [
        *(LONGEST[0], LONGEST[3], *["short"] * 10),
        *(LONGEST[1], LONGEST[4], *["short"] * 10),
        *(LONGEST[2], LONGEST[5], *["short"] * 10),
    ]


def test_one_worker_plays_the_longest_first() -> None:
    tests = [(f"{SHORT}::a", "a"), (f"{LONGEST[1]}::b", "b"), (f"{LONGEST[0]}::c", "c")]
    assert longest_first(tests, 1) == ["c", "b", "a"]


WORLD = [path.name for path in sorted((ROOT / "tests" / "world").glob("test_*.py"))]


@pytest.mark.parametrize("file", WORLD)
def test_no_file_of_the_world_is_played_in_two_lanes(file: str) -> None:
    assert sum(file.startswith(lane) for lane in LANES) <= 1


@pytest.mark.parametrize("begin", [begin for lane in LANES for begin in lane])
def test_each_name_of_a_lane_begins_a_file(begin: str) -> None:
    assert [file for file in WORLD if file.startswith(begin)]
