"""CloudWatch alarms. Reading them is optional: without the permission a run says so and goes on."""

from typing import Any

from erp_build.clients.aws.session import translate_aws_errors
from erp_build.model.releases.deployment import Alarm


class CloudWatchAlarms:
    """Reads the states of alarms."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def states(self, prefix: str) -> tuple[Alarm, ...]:
        """Return the alarms whose names begin with a prefix; raises `ConfigurationError` without the permission."""
        with translate_aws_errors("cloudwatch:DescribeAlarms", f"alarms {prefix}*"):
            pages = self._client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
            return tuple(
                Alarm(alarm["AlarmName"], alarm["StateValue"])
                for page in pages
                for alarm in page.get("MetricAlarms", ())
            )
