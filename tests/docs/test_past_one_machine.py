"""The page of several hosts says what the model says; the model keeps to what must hold whatever is measured."""

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fleet import fit, page
from bench.fleet.model import Parameters, on_one_host, on_workers, pays_from

seconds = st.floats(0, 600, allow_nan=False)
models = st.builds(
    Parameters,
    **{name: seconds for name in Parameters._fields if not name.endswith(("price", "_each", "_of_all"))},
    read_each=st.floats(0, 1),
    deploy_of_all=st.floats(0, 1),
    deploy_each=st.floats(0, 1),
    price=st.floats(0, 1),
)
numbers = st.integers(0, 300)

ROWS: Mapping[str, Mapping[str, Any]] = {
    "runs.4.nothing": {"ours_ms": 1000, "waits_s": 0.0},
    "runs.8.nothing": {"ours_ms": 1400, "waits_s": 0.0},
    "runs.4.one": {"ours_ms": 2200, "waits_s": 7.0},
    "runs.4.all-there": {"ours_ms": 2800, "waits_s": 7.0},
    "sandbox.50.first": {"ours_ms": 90_000, "stages_s": {"build images": 20.5}},
    "plan.S20": {"ours_ms": 40.0},
}
EMPTY = fit.FILE.read_text(encoding="utf-8").partition("[measured]")[0] + (
    '[measured]\ndate = ""\nlatency_ms = 40.0\nruns = []\n\n[sandbox]\ndate = ""\nruns = []\n'
)


def test_the_page_is_up_to_date() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(fit.document()), "make generated writes it anew"


def test_a_price_that_nobody_has_checked_is_called_that() -> None:
    found = fit.document()
    for checked in (False, True):
        text = page.page({**found, "prices": {**found["prices"], "checked": checked}})
        assert ("**Not checked" in text) is not checked


def test_measured_runs_become_parameters() -> None:
    text = page.with_measured(EMPTY, ROWS)
    found = tomllib.loads(text)
    assert found["measured"]["runs"] == [[4, 0, 1.0, 0.0], [4, 1, 2.2, 7.0], [4, 4, 2.8, 7.0], [8, 0, 1.4, 0.0]]
    assert found["sandbox"]["runs"] == [[50, 50, 90.0, 20.5]]
    made = fit.parameters(found)
    assert [made.read, made.read_each] == pytest.approx([0.6, 0.1])
    assert [made.deploy, made.deploy_each, made.waits] == pytest.approx([1.0, 0.2, 7.0])
    assert "| sandbox | 50 | 50 | 69.5 |" in page.page(found)


def test_a_deployment_has_a_part_that_grows_with_all_services() -> None:
    rows = {"runs.8.one": {"ours_ms": 3000, "waits_s": 7.0}, "runs.8.all-there": {"ours_ms": 4400, "waits_s": 7.0}}
    made = fit.parameters(tomllib.loads(page.with_measured(EMPTY, {**ROWS, **rows})))
    # Four services more: 0.4 s of reading, and 0.4 s of their deployment.
    assert [made.deploy, made.deploy_of_all, made.deploy_each] == pytest.approx([0.6, 0.1, 0.2])


def test_measuring_again_takes_the_place_of_what_was_measured_before() -> None:
    once = page.with_measured(EMPTY, ROWS)
    assert page.with_measured(once, ROWS) == once
    assert tomllib.loads(page.with_measured(once, {}))["measured"]["runs"] == tomllib.loads(once)["measured"]["runs"]


def test_runs_of_one_size_say_nothing_of_others() -> None:
    few = {name: row for name, row in ROWS.items() if ".8." not in name}
    with pytest.raises(ValueError, match="two sizes at least"):
        fit.parameters(tomllib.loads(page.with_measured(EMPTY, few)))


@given(models, numbers, numbers, st.integers(1, 40))
def test_workers_never_cost_less_than_one_host(made: Parameters, services: int, changed: int, workers: int) -> None:
    one, several = on_one_host(made, services, changed), on_workers(made, services, changed, workers)
    assert several.minutes >= one.minutes
    assert several.dollars >= one.dollars


@given(models, numbers, numbers, st.integers(1, 40))
def test_more_services_and_more_changes_never_take_less(
    made: Parameters, services: int, changed: int, workers: int
) -> None:
    for less, more in (
        (on_one_host(made, services, changed), on_one_host(made, services, changed + 1)),
        (on_one_host(made, services, changed), on_one_host(made, services + 1, changed)),
        (on_workers(made, services, changed + 1, workers), on_workers(made, services + 1, changed + 2, workers)),
    ):
        assert more.seconds >= less.seconds


@given(models, st.integers(1, 60), st.integers(1, 16))
def test_workers_pay_from_where_they_are_sooner_for_the_first_time(
    made: Parameters, services: int, workers: int
) -> None:
    first = pays_from(made, services, workers)
    sooner = [
        on_workers(made, services, changed, workers).seconds < on_one_host(made, services, changed).seconds
        for changed in range(1, services + 1)
    ]
    assert first == (sooner.index(True) + 1 if any(sooner) else 0)


@given(models, numbers)
def test_where_nothing_has_changed_no_worker_is_started(made: Parameters, services: int) -> None:
    assert on_workers(made, services, 0, 8) == on_one_host(made, services, 0)
