"""The alarms of CloudWatch, which a run reads, and the topics of SNS, to which it reports."""

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, ask_aws, translate_aws_errors
from erp_build.clients.effects import NotifyRequest
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.errors import ConfigurationError
from erp_build.model.releases.deployment import Alarm

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


NOTIFY_CALL_S = 12.0
"""Seconds for sending a message, repetition included: the run has ended, and must not wait for it."""


@reads_answers_of("CloudWatch", ConfigurationError, UNREADABLE_OF_AWS)
class CloudWatchAlarms:
    """Reads the states of alarms. Reading is optional: without the permission a run says so and goes on."""

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


class SnsTopics:
    """Sends messages to topics.

    Args:
        client: for SNS.
        partition_of: region -> partition, such as `aws` or `aws-cn`.
    """

    def __init__(self, client: "SNSClient", partition_of: Callable[[str], str]) -> None:
        self._client = client
        self._partition_of = partition_of

    def publish(self, request: NotifyRequest) -> None:
        """Send one message in two forms: JSON of a chat for https subscribers, text for all others."""
        # The ARN is built, because looking it up would need the permission to list the account's topics.
        arn = request.topic
        if not arn.startswith("arn:"):
            arn = f"arn:{self._partition_of(request.region)}:sns:{request.region}:{request.account}:{request.topic}"
        with translate_aws_errors("sns:Publish", arn):
            publish = partial(
                self._client.publish,
                TopicArn=arn,
                Subject=request.subject,
                MessageStructure="json",
                Message=json.dumps({"default": request.text, "https": request.chat}, ensure_ascii=False),
            )
            ask_aws(arn, publish, NOTIFY_CALL_S)
