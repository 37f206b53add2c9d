"""A call of the network ends in time, whatever the other side does, and sends nothing once nobody waits for it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
import requests
from botocore.exceptions import ReadTimeoutError

from erp_build.clients.aws import session as aws
from erp_build.clients.calls import CallTimedOut, within
from erp_build.clients.kubernetes import connection
from erp_build.clients.way_out import WAY_OUT, NothingBegins
from erp_build.errors import ConfigurationError, OutOfReach
from tests.contract.cluster.conftest import RELEASE, Way, cluster_by
from tests.contract.signals.stand_in import Fault, StandIn, stand_in

LIMIT_S = 0.5
SOON_S = 3.0
"""Seconds after which a call with that limit has ended, on a machine that has much to do."""


@pytest.fixture(autouse=True)
def _no_way_out() -> Iterator[None]:
    yield
    WAY_OUT.forget()


@pytest.fixture
def server() -> Iterator[StandIn]:
    with stand_in() as made:
        made.answers["GET /a"] = {"a": 1}
        yield made


@contextmanager
def soon() -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < SOON_S


def client_of(service: str, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> object:
    """A client of a session as a run opens it."""
    for name, value in (("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    monkeypatch.setattr(aws, "AWS_CALL_S", LIMIT_S)
    return aws.AwsClients(aws.open_session()).client(service)


def test_work_returns_its_result_and_raises_its_error(server: StandIn) -> None:
    assert within(5, lambda: requests.get(f"{server.address}/a", timeout=5).json()) == {"a": 1}
    with pytest.raises(ValueError, match="none"):
        within(5, partial(int, "none"))


@pytest.mark.parametrize("fault", ["hangs", "dribbles"])
def test_an_answer_that_does_not_come_to_its_end_ends_the_call(server: StandIn, fault: Fault) -> None:
    server.fault = ("GET /a", fault)
    with soon(), pytest.raises(CallTimedOut, match="no complete answer within 0 s"):
        within(LIMIT_S, lambda: requests.get(f"{server.address}/a", timeout=60))


def test_work_that_asks_nobody_ends_too() -> None:
    """The look-up of a host's name hangs in the C library."""
    with soon(), pytest.raises(CallTimedOut, match="no complete answer"):
        within(LIMIT_S, partial(time.sleep, 60))


def test_a_call_that_nobody_waits_for_sends_nothing_more(server: StandIn) -> None:
    ended = threading.Event()

    def asks_again() -> None:
        time.sleep(2 * LIMIT_S)
        try:
            requests.get(f"{server.address}/a", timeout=5)
        finally:
            ended.set()

    with pytest.raises(CallTimedOut, match="no complete answer"):
        within(LIMIT_S, asks_again)
    assert ended.wait(SOON_S)
    assert server.asked == []


def test_work_within_work_has_the_limit_of_the_outer_one() -> None:
    with soon(), pytest.raises(CallTimedOut, match="no complete answer"):
        within(LIMIT_S, lambda: within(60, partial(time.sleep, 60)))


@pytest.mark.parametrize("fault", ["hangs", "dribbles"])
def test_a_call_of_aws_has_a_limit_with_everything_that_botocore_repeats(
    server: StandIn, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.fault = ("GetParameters", fault)
    client = client_of("ssm", server, monkeypatch)
    with (
        soon(),
        pytest.raises(ConfigurationError, match="ssm:GetParameters got no answer") as caught,
        aws.translate_aws_errors("ssm:GetParameters", "Parameter Store"),
    ):
        client.get_parameters(Names=["a"])  # type: ignore[attr-defined]
    assert f"no complete answer within {LIMIT_S:.0f} s from {server.address}" in caught.value.why
    time.sleep(LIMIT_S)
    assert len(server.asked) == 1


def test_the_pages_of_a_paginator_have_limits_too(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    server.fault = ("DescribeAlarms|POST /.*", "dribbles")
    client = client_of("cloudwatch", server, monkeypatch)
    with soon(), pytest.raises(ReadTimeoutError, match="no complete answer"):
        list(client.get_paginator("describe_alarms").paginate())  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", ["hangs", "dribbles"])
def test_a_call_of_a_cluster_has_a_limit(server: StandIn, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CLUSTER_CALL_S", LIMIT_S)
    server.fault = ("GET /apis/.*", fault)
    with (
        cluster_by(Way(server.address)) as cluster,
        soon(),
        pytest.raises(OutOfReach, match="the cluster cannot be reached"),
    ):
        cluster.workloads(RELEASE)


def test_after_a_signal_other_threads_begin_no_call_and_end_those_that_they_wait_for(server: StandIn) -> None:
    server.fault = ("GET /a", "hangs")
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            within(60, lambda: requests.get(f"{server.address}/a", timeout=60))
        except NothingBegins as error:
            ended.append(error)

    waits = threading.Thread(target=wait, daemon=True)
    waits.start()
    assert server.reached.wait(SOON_S)
    WAY_OUT.begin()
    WAY_OUT.call_off()
    begins = threading.Thread(target=wait, daemon=True)
    begins.start()
    for thread in (waits, begins):
        thread.join(SOON_S)
    assert len(ended) == 2
    assert len(server.asked) == 1


def test_after_a_signal_the_main_thread_has_the_rest_of_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("erp_build.clients.way_out.WAY_OUT_S", LIMIT_S)
    WAY_OUT.begin()
    with soon(), pytest.raises(CallTimedOut, match="no complete answer"):
        within(60, partial(time.sleep, 60))
    begun: list[int] = []
    with pytest.raises(CallTimedOut, match="no complete answer"):
        within(60, lambda: begun.append(1))
    assert begun == []
