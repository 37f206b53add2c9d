"""Reads summaries of traces from X-Ray."""

from datetime import datetime
from typing import Any

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, translate_aws_errors
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.errors import ConfigurationError
from erp_build.formats.logs.traces import of_service
from erp_build.model.releases.traces import Trace, TracePage


@reads_answers_of("X-Ray", ConfigurationError, UNREADABLE_OF_AWS)
class XRayTraces:
    """The traces of the account. Reading is optional: without the permission a run says so and goes on."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def page(self, service: str, begin: datetime, end: datetime, token: str = "") -> TracePage:
        """A page of the traces of a service that began in a time; raises `ConfigurationError` without the permission.

        Args:
            service: its name in X-Ray.
            begin: of the time.
            end: of the time, at most six hours later.
            token: of the page before; empty: the first page.
        """
        going_on: Any = {"NextToken": token} if token else {}
        with translate_aws_errors("xray:GetTraceSummaries", f"traces of {service}"):
            answer = self._client.get_trace_summaries(
                StartTime=begin, EndTime=end, FilterExpression=of_service(service), Sampling=False, **going_on
            )
        return TracePage(
            # A request that goes on has no time yet.
            tuple(_trace(one) for one in answer.get("TraceSummaries", ()) if not one.get("IsPartial")),
            answer.get("NextToken", ""),
        )


def _trace(summary: Any) -> Trace:
    # The response time is what a caller waited for; work that goes on behind the answer is in the duration alone.
    seconds = summary["ResponseTime"] if "ResponseTime" in summary else summary["Duration"]
    return Trace(
        identifier=summary["Id"],
        seconds=float(seconds),
        is_fault=bool(summary.get("HasFault") or summary.get("HasThrottle")),
        is_error=bool(summary.get("HasError")),
    )
