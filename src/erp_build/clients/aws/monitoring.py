"""Alarms of CloudWatch and targets of load balancers, which a run reads, and topics of SNS, to which it reports."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, ask_aws, translate_aws_errors
from erp_build.clients.effects import NotifyRequest
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.errors import ConfigurationError
from erp_build.model.releases.bake import TargetHealth
from erp_build.model.releases.deployment import Alarm

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


ALARMS_PER_CALL = 100
ALARM_TYPES = ["MetricAlarm", "CompositeAlarm"]

NOTIFY_CALL_S = 12.0
"""Seconds for sending a message, repetition included: the run has ended, and must not wait for it."""


@reads_answers_of("CloudWatch", ConfigurationError, UNREADABLE_OF_AWS)
class CloudWatchAlarms:
    """Reads the states of alarms. Reading is optional: without the permission a run says so and goes on."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def states(self, prefix: str) -> tuple[Alarm, ...]:
        """Return the alarms whose names begin with a prefix; raises `ConfigurationError` without the permission."""
        return self._described(f"alarms {prefix}*", AlarmNamePrefix=prefix)

    def named(self, names: Sequence[str]) -> tuple[Alarm, ...]:
        """Return those of the alarms that exist; raises `ConfigurationError` without the permission."""
        parts = [names[first : first + ALARMS_PER_CALL] for first in range(0, len(names), ALARMS_PER_CALL)]
        return tuple(one for part in parts for one in self._described(", ".join(part), AlarmNames=list(part)))

    def _described(self, where: str, **chosen: Any) -> tuple[Alarm, ...]:
        with translate_aws_errors("cloudwatch:DescribeAlarms", where):
            # Without the types a list has metric alarms alone.
            pages = self._client.get_paginator("describe_alarms").paginate(AlarmTypes=ALARM_TYPES, **chosen)
            return tuple(
                Alarm(alarm["AlarmName"], alarm["StateValue"], alarm.get("StateReason", ""))
                for page in pages
                for kind in ("MetricAlarms", "CompositeAlarms")
                for alarm in page.get(kind, ())
            )


@reads_answers_of("Elastic Load Balancing", ConfigurationError, UNREADABLE_OF_AWS)
class LoadBalancers:
    """Reads the health of targets. Reading is optional: without the permission a run says so and goes on."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def targets(self, group: str) -> tuple[TargetHealth, ...]:
        """Return the targets of a target group, by its ARN; raises `ConfigurationError` without the permission."""
        with translate_aws_errors("elasticloadbalancing:DescribeTargetHealth", group):
            answer = self._client.describe_target_health(TargetGroupArn=group)
        return tuple(_target(one) for one in answer.get("TargetHealthDescriptions", ()))


def _target(found: Any) -> TargetHealth:
    target, health = found["Target"], found["TargetHealth"]
    name = f"{target['Id']}:{target['Port']}" if "Port" in target else target["Id"]
    return TargetHealth(name, health["State"], ": ".join(filter(None, map(health.get, ("Reason", "Description")))))


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
