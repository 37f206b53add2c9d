"""A call of the engine ends when it gets nowhere, and not before."""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.docker import api_calls
from erp_build.clients.docker import engine as docker_engine
from erp_build.clients.docker.engine import Engine
from erp_build.clients.docker.stall import Stalled, no_longer_than, progress_of
from erp_build.errors import BuildFailed, PushFailed
from tests.contract.signals.account import Account
from tests.contract.signals.stand_in import stand_in

LIMIT_S = 0.4


class Line:
    """A connection on which events come until somebody hangs up."""

    def __init__(self, *sent: int) -> None:
        self._sent = sent
        self._hung_up = threading.Event()

    def hang_up(self) -> None:
        self._hung_up.set()

    def events(self) -> Iterator[Mapping[str, Any]]:
        """An event every tenth of a second, which says how much of a layer was sent."""
        for now in self._sent:
            if self._hung_up.wait(LIMIT_S / 4):
                raise OSError("the connection is gone")
            yield {"id": "a", "status": "Pushing", "progressDetail": {"current": now}}


def test_a_push_that_gets_on_takes_as_long_as_it_takes() -> None:
    line = Line(*range(12))
    with no_longer_than(LIMIT_S, line.hang_up) as stall:
        assert len(list(progress_of(line.events(), stall))) == 12


def test_a_push_that_says_the_same_again_and_again_is_ended() -> None:
    line = Line(*[7] * 100)
    start = time.monotonic()
    with (
        pytest.raises(Stalled, match="no progress for 0 s"),
        no_longer_than(LIMIT_S, line.hang_up) as stall,
    ):
        list(progress_of(line.events(), stall))
    assert time.monotonic() - start < 5


def test_an_error_of_a_call_that_gets_on_stays_as_it_is() -> None:
    line = Line()
    with pytest.raises(KeyError, match="a"), no_longer_than(LIMIT_S, line.hang_up):
        raise KeyError("a")


def test_a_push_and_a_call_of_an_engine_that_dribbles_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine, "NO_PROGRESS_S", LIMIT_S)
    monkeypatch.setattr(api_calls, "ENGINE_CALL_S", LIMIT_S)
    for name in [name for name in os.environ if name.upper().endswith("_PROXY")]:
        monkeypatch.delenv(name)
    sign_in = SignIn("http://127.0.0.1:1", "AWS", "invented", datetime.now(UTC))
    with stand_in() as server:
        Account(server)
        monkeypatch.setenv("DOCKER_HOST", server.address.replace("http", "tcp"))
        server.fault = ("POST .*/push", "dribbles")
        with pytest.raises(PushFailed, match="the Docker engine does not get on"):
            Engine().push("127.0.0.1:1/erp/a", "1", sign_in, lambda _: None)
    with stand_in() as server:
        Account(server)
        monkeypatch.setenv("DOCKER_HOST", server.address.replace("http", "tcp"))
        server.fault = ("GET .*/images/.*/json", "dribbles")
        with pytest.raises(BuildFailed, match="no Docker engine answers"):
            Engine().inspect("a")
