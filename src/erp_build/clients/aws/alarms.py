"""The alarms of CloudWatch. Reading them is a courtesy: a role that may not is told so, and nothing fails."""

from typing import Any

from erp_build.clients.aws.session import translate_aws_errors
from erp_build.model.releases.deployment import Alarm


class CloudWatchAlarms:
    """Reads the states of alarms."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def states(self, prefix: str) -> tuple[Alarm, ...]:
        """The alarms whose names begin so; raises `ConfigurationError` where they may not be read."""
        with translate_aws_errors("cloudwatch:DescribeAlarms", f"alarms {prefix}*"):
            pages = self._client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
            return tuple(
                Alarm(alarm["AlarmName"], alarm["StateValue"])
                for page in pages
                for alarm in page.get("MetricAlarms", ())
            )
