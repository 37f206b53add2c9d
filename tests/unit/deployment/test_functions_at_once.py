"""Several functions are updated at once: what becomes of all of them where one fails, and where a signal comes."""

import signal
import threading
import time
from pathlib import Path

import pytest

from erp_build.deployment.stage import FUNCTIONS_AT_ONCE
from erp_build.errors import FunctionUpdateFailed, Interrupted
from erp_build.model.effect import EffectKind
from erp_build.model.releases.lambda_function import FunctionState
from tests.support.counted_world import CountedWorld
from tests.support.faults import Gone, sigterm_raises

LONG_S = 60.0
"""Seconds after which a thread that waits for another one gives up; never reached."""

NOTED_LATE_S = 0.1


def deployed(folder: Path, functions: int) -> CountedWorld:
    return CountedWorld.deployed(folder / "repository", services=1, functions=functions)


def change_functions(world: CountedWorld) -> str:
    return world.commit({f"{one.path}/src/App.java": "changed\n" for one in world.project.functions})


def digests(world: CountedWorld) -> dict[str, str]:
    return {name: state.digest for name, state in world.functions.states.items()}


def test_functions_are_updated_at_the_same_time(tmp_path: Path) -> None:
    world = deployed(tmp_path, functions=3)
    meeting, real = threading.Barrier(3, timeout=LONG_S), world.functions.update

    def update(state: FunctionState, image: str) -> None:
        meeting.wait()
        real(state, image)

    world.functions.update = update  # type: ignore[method-assign]
    head = change_functions(world)
    world.run()
    assert {world.registry.revisions[digest] for digest in digests(world).values()} == {head}


def test_where_one_of_them_fails_all_go_back(tmp_path: Path) -> None:
    world = deployed(tmp_path, functions=4)
    before = digests(world)
    world.functions.fails_to_update("erp-dev-fn-0002-service", "ImageAccessDenied", times=1)
    change_functions(world)
    with pytest.raises(FunctionUpdateFailed, match="does not run the new image") as caught:
        world.run()
    assert caught.value.code == 8
    assert caught.value.where == "erp-dev-fn-0002-service"
    assert digests(world) == before
    assert any(line.startswith("fn-0002-service: back to") for line in world.report.taken_back)


def test_after_a_failure_no_further_function_is_begun(tmp_path: Path) -> None:
    number = FUNCTIONS_AT_ONCE + 3
    world = deployed(tmp_path, functions=number)
    meeting, begun = threading.Barrier(FUNCTIONS_AT_ONCE, timeout=LONG_S), list[str]()

    def fail(state: FunctionState, image: str) -> None:  # noqa: ARG001 - as the real one
        begun.append(state.name)
        meeting.wait()
        raise FunctionUpdateFailed("no", where=state.name)

    world.functions.update = fail  # type: ignore[method-assign]
    change_functions(world)
    with pytest.raises(FunctionUpdateFailed, match=f"{FUNCTIONS_AT_ONCE} targets failed"):
        world.run()
    assert len(begun) == FUNCTIONS_AT_ONCE


def test_a_signal_ends_the_run_with_what_runs_also_of_updates_that_were_under_way(tmp_path: Path) -> None:
    world = deployed(tmp_path, functions=2)
    meeting = threading.Barrier(2, timeout=LONG_S)

    def called_off(state: FunctionState, image: str) -> None:  # noqa: ARG001 - as the real one
        meeting.wait()
        if state.name.endswith("0-service"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        time.sleep(NOTED_LATE_S)
        raise Gone

    world.functions.update = called_off  # type: ignore[method-assign]
    change_functions(world)
    with sigterm_raises(), pytest.raises(Interrupted, match="SIGTERM") as caught:
        world.run()
    noted = [one for one in world.report.effects if one.name == EffectKind.UPDATE_FUNCTION]
    assert [one.state for one in noted] == ["failed", "failed"]
    assert "what runs now:" in caught.value.why
    assert caught.value.code == 128 + signal.SIGTERM
