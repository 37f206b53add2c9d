"""Traces as X-Ray's model describes its answers: pages, requests that go on, throttling, a role that may not ask."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from erp_build.clients.aws.traces import XRayTraces
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.patience import Patience, patient
from erp_build.errors import ConfigurationError
from erp_build.model.releases.traces import Trace, TracePage
from tests.contract.aws.conftest import stubbed

BEGIN = datetime(2026, 11, 29, 17, 40, tzinfo=UTC)
END = BEGIN + timedelta(minutes=2)
ASKED: dict[str, Any] = {
    "StartTime": BEGIN,
    "EndTime": END,
    "FilterExpression": 'service("approval")',
    "Sampling": False,
}


def summary(number: int, **facts: Any) -> dict[str, Any]:
    return {"Id": f"1-{number}", "Duration": 2.0, "ResponseTime": 0.25, "IsPartial": False, **facts}


def test_a_page_has_what_became_of_each_request() -> None:
    made, stub = stubbed("xray")
    summaries = [
        summary(1),
        summary(2, HasFault=True, HasError=True),
        summary(3, HasError=True),
        summary(4, HasError=True, HasThrottle=True),
        summary(5, IsPartial=True),
    ]
    stub.add_response("get_trace_summaries", {"TraceSummaries": summaries, "NextToken": "2"}, ASKED)
    assert XRayTraces(made).page("approval", BEGIN, END) == TracePage(
        (
            Trace("1-1", 0.25),
            Trace("1-2", 0.25, is_fault=True, is_error=True),
            Trace("1-3", 0.25, is_error=True),
            Trace("1-4", 0.25, is_fault=True, is_error=True),
        ),
        "2",
    )


def test_a_request_without_an_answer_has_the_time_of_its_work() -> None:
    made, stub = stubbed("xray")
    stub.add_response("get_trace_summaries", {"TraceSummaries": [{"Id": "1-1", "Duration": 2.0}]}, ASKED)
    assert XRayTraces(made).page("approval", BEGIN, END) == TracePage((Trace("1-1", 2.0),))


def test_the_next_page_is_asked_for_by_its_token_and_again_where_there_were_too_many_calls() -> None:
    made, stub = stubbed("xray")
    stub.add_client_error("get_trace_summaries", "ThrottledException", http_status_code=429)
    stub.add_response("get_trace_summaries", {"TraceSummaries": [summary(1)]}, {**ASKED, "NextToken": "2"})
    clock = SimulatedClock()
    page = patient(XRayTraces(made), Patience(clock)).page("approval", BEGIN, END, "2")
    assert (len(page.traces), page.token) == (1, "")
    assert clock.monotonic() > 0


def test_a_role_that_may_not_read_them_is_told_the_action() -> None:
    made, stub = stubbed("xray")
    stub.add_client_error("get_trace_summaries", "AccessDeniedException", http_status_code=403)
    with pytest.raises(ConfigurationError, match="xray:GetTraceSummaries is not allowed"):
        XRayTraces(made).page("approval", BEGIN, END)
