"""What a run asks grows with what changed, plus what has no list: the requests of whole runs, counted by call."""

import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.counted_world import CountedWorld
from tests.support.promised_calls import NOTHING_CHANGED, SOME_CHANGED, Promise

LATENCY_S = 0.05


def run_of(services: int, functions: int, changes: int) -> CountedWorld:
    """A world after a run in which so many services were changed."""
    with tempfile.TemporaryDirectory() as folder:
        world = CountedWorld.deployed(Path(folder) / "repository", services, functions)
        world.change_first(changes)
        world.run()
    assert list(world.actions().values()) == ["build"] * changes
    return world


def over(promise: Promise, world: CountedWorld, changes: int) -> Counter[str]:
    """The requests beyond what was promised."""
    functions = len(world.project.functions)
    return world.calls.by_name - promise.most(len(world.project.image_targets), functions, changes)


@settings(max_examples=8)
@given(services=st.integers(1, 25), functions=st.integers(0, 3))
def test_where_nothing_changed_only_what_has_no_list_grows(services: int, functions: int) -> None:
    world = run_of(services, functions, changes=0)
    assert over(NOTHING_CHANGED, world, 0) == {}


@settings(max_examples=10)
@given(services=st.integers(1, 20), functions=st.integers(0, 2), data=st.data())
def test_requests_grow_with_what_changed(services: int, functions: int, data: st.DataObject) -> None:
    changes = data.draw(st.integers(1, services))
    world = run_of(services, functions, changes)
    assert over(SOME_CHANGED, world, changes) == {}


def test_where_nothing_changed_a_repository_is_asked_once() -> None:
    world = run_of(5, 1, changes=0)
    asked = {place[1]: number for place, number in world.calls.by_subject.items() if place[0] == "registry.stored_each"}
    assert asked == {f"erp/{target.repository}": 1 for target in world.project.image_targets}


def test_what_has_no_list_is_asked_at_the_same_time() -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = CountedWorld.deployed(Path(folder) / "repository", services=80)
        world.change_first(0)
        world.calls.latency = LATENCY_S
        began = time.perf_counter()
        world.run()
        took = time.perf_counter() - began
    # One after the other they would take this time alone.
    assert took < world.calls.total * LATENCY_S / 2
