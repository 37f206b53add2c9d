"""The world in which calls of runs are counted: what it counts, and that its runs are what they are called."""

import time
from pathlib import Path

import pytest

from erp_build.errors import ErpBuildError
from tests.support.counted_calls import HEARTBEATS, Calls, Counted
from tests.support.counted_world import CountedWorld, project_of

SERVICES = 12
LATENCY_S = 0.002


def test_the_first_run_deploys_everything_and_the_next_one_finds_nothing_to_do(tmp_path: Path) -> None:
    world = CountedWorld.deployed(tmp_path / "repository", SERVICES)
    assert list(world.actions().values()) == ["build"] * (SERVICES + 1) + ["redeploy"]
    world.change_first(0)
    world.run()
    assert world.actions() == {}
    assert world.calls.of("effects") == 0


@pytest.mark.parametrize("number", [1, 10])
def test_so_many_services_are_built_as_were_changed(tmp_path: Path, number: int) -> None:
    world = CountedWorld.deployed(tmp_path / "repository", SERVICES)
    world.change_first(number)
    world.run()
    assert list(world.actions().values()) == ["build"] * number
    assert world.calls.by_name["effects.push"] == number


def test_where_everything_goes_back_to_what_was_built_once_the_images_are_there(tmp_path: Path) -> None:
    world = CountedWorld.create(tmp_path / "repository", SERVICES)
    for text in ("one", "two", "one"):
        world.change_all(text)
        world.run()
    assert set(world.actions().values()) == {"reuse"}
    assert world.calls.by_name["effects.push"] == 0


def test_the_same_run_asks_as_much_each_time(tmp_path: Path) -> None:
    world = CountedWorld.deployed(tmp_path / "repository", SERVICES)
    asked = []
    for text in ("one", "two"):
        world.change_first(0, text)
        world.run()
        asked.append(world.calls.by_name)
    assert asked[0] == asked[1]
    assert world.calls.total == asked[1].total()


class _Client:
    host_name = "registry.example"

    def host(self) -> str:
        return self.host_name

    def read(self, names: list[str]) -> list[str]:
        return names

    def state(self, name: str) -> None:
        raise ErpBuildError("no answer", where=name)


def test_what_the_real_client_remembers_is_counted_once() -> None:
    calls = Calls()
    registry = Counted("registry", _Client(), calls)
    assert [registry.host(), registry.host()] == [_Client.host_name] * 2
    assert calls.by_name == {"registry.host": 1}
    calls.clear()
    registry.host()
    assert calls.total == 1


def test_a_call_with_pages_is_as_many_requests() -> None:
    calls = Calls()
    names = [f"/erp/dev/{number}" for number in range(21)]
    assert Counted("parameters", _Client(), calls).read(names) == names
    assert calls.of("parameters") == 3


def test_a_call_that_fails_is_counted_and_takes_its_time() -> None:
    calls = Calls(LATENCY_S)
    began = time.perf_counter()
    with pytest.raises(ErpBuildError, match="no answer"):
        Counted("functions", _Client(), calls).state("erp-dev-one")
    assert time.perf_counter() - began >= LATENCY_S
    assert calls.by_subject == {("functions.state", "erp-dev-one"): 1}


def test_what_is_no_method_is_no_call() -> None:
    calls = Calls()
    assert Counted("registry", _Client(), calls).host_name == _Client.host_name
    assert calls.total == 0
    assert HEARTBEATS not in calls.by_name


def test_a_project_has_any_size() -> None:
    project = project_of(2000, 3)
    assert (len(project.services), len(project.functions)) == (2000, 3)
    assert len({target.path for target in project.image_targets}) == 2003
