"""Requests before and after a deployment: waited for where there were any, and never a reason to fail."""

from datetime import timedelta

import pytest

from erp_build.model.project import DeployPolicy
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION, REQUEST

SPAN_S = 120.0


@pytest.fixture
def traced(world: FakeWorld) -> FakeWorld:
    """A project that compares traces, and whose notifications have had some requests before."""
    world.project = world.project._replace(deploy=DeployPolicy(traces=SPAN_S))
    world.clock.sleep(3600)
    requests(world, NOTIFICATION, -3600, 7200)
    return world


def requests(world: FakeWorld, service: str, begin: int, number: int, *, is_fault: bool = False) -> None:
    """A request each second."""
    for second in range(begin, begin + number):
        world.traces.add(service, world.clock.now() + timedelta(seconds=second), 0.25, is_fault=is_fault)


def test_a_deployed_target_is_compared_for_the_same_time_each(traced: FakeWorld) -> None:
    traced.change(NOTIFICATION)
    (found,) = traced.run().traces
    assert (found.target, found.seconds) == (NOTIFICATION, SPAN_S)
    assert abs(found.before.traces - SPAN_S) <= 1
    assert abs(found.after.traces - SPAN_S) <= 1
    assert traced.seconds("compare traces") >= SPAN_S
    assert [line for line in traced.progress.lines if line.startswith(f"{NOTIFICATION}: traces: before")]


def test_a_function_is_found_by_its_own_name(traced: FakeWorld) -> None:
    requests(traced, FUNCTION, -3600, 7200, is_fault=True)
    traced.change(EMPLOYEE)
    (found,) = traced.run().traces
    assert (found.target, found.before.fault_share) == (EMPLOYEE, 1.0)


def test_without_requests_before_nothing_is_waited_for(traced: FakeWorld) -> None:
    traced.change(REQUEST)
    assert traced.run().traces == ()
    assert traced.seconds("compare traces") == 0
    assert any(line.startswith("traces are not compared") for line in traced.progress.lines)


def test_traces_that_may_not_be_read_are_said_once_and_fail_nothing(traced: FakeWorld) -> None:
    traced.traces.denied = True
    traced.change(NOTIFICATION, REQUEST)
    report = traced.run()
    assert (report.outcome, report.traces) == ("deployed", ())
    said = [line for line in traced.progress.lines if "xray:GetTraceSummaries is not allowed" in line]
    assert len(said) == 1


def test_a_rehearsal_waits_for_nothing_and_asks_nothing(traced: FakeWorld) -> None:
    traced.change(NOTIFICATION)
    assert traced.rehearse().traces == ()
    assert traced.traces.asked == []


def test_a_project_that_does_not_ask_for_it_has_no_such_stage(traced: FakeWorld) -> None:
    traced.project = traced.project._replace(deploy=DeployPolicy())
    traced.change(NOTIFICATION)
    report = traced.run()
    assert "compare traces" not in [stage.name for stage in report.stages]
    assert traced.traces.asked == []
