"""Alarms as CloudWatch has them (moto), and a role that may not read them."""

from typing import Any

import pytest

from erp_build.clients.aws.monitoring import CloudWatchAlarms
from erp_build.errors import ConfigurationError
from erp_build.model.releases.deployment import Alarm
from tests.contract.aws.conftest import client, stubbed


@pytest.mark.usefixtures("account")
def test_the_alarms_with_a_prefix_are_read_with_their_states() -> None:
    made = client("cloudwatch")
    for name in ("erp-dev-pod-restarts", "erp-prod-pod-restarts"):
        made.put_metric_alarm(
            AlarmName=name,
            MetricName="restarts",
            Namespace="erp",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    made.set_alarm_state(AlarmName="erp-dev-pod-restarts", StateValue="ALARM", StateReason="a test")
    assert CloudWatchAlarms(made).states("erp-dev-") == (Alarm("erp-dev-pod-restarts", "ALARM", "a test"),)


TYPES = ["MetricAlarm", "CompositeAlarm"]


def test_metric_and_composite_alarms_are_read() -> None:
    made, stub = stubbed("cloudwatch")
    answer: dict[str, Any] = {
        "MetricAlarms": [{"AlarmName": "erp-dev-a", "StateValue": "OK"}],
        "CompositeAlarms": [{"AlarmName": "erp-dev-b", "StateValue": "ALARM", "StateReason": "a or b"}],
    }
    stub.add_response("describe_alarms", answer, {"AlarmNamePrefix": "erp-dev-", "AlarmTypes": TYPES})
    wanted = (Alarm("erp-dev-a", "OK"), Alarm("erp-dev-b", "ALARM", "a or b"))
    assert CloudWatchAlarms(made).states("erp-dev-") == wanted


def test_alarms_are_read_by_their_names_a_hundred_at_a_time() -> None:
    made, stub = stubbed("cloudwatch")
    names = [f"erp-{number}" for number in range(101)]
    for part in (names[:100], names[100:]):
        answer: dict[str, Any] = {"MetricAlarms": [{"AlarmName": part[0], "StateValue": "OK"}]}
        stub.add_response("describe_alarms", answer, {"AlarmNames": part, "AlarmTypes": TYPES})
    assert [one.name for one in CloudWatchAlarms(made).named(names)] == ["erp-0", "erp-100"]
    stub.assert_no_pending_responses()


def test_no_name_asks_for_nothing() -> None:
    made, _ = stubbed("cloudwatch")
    assert CloudWatchAlarms(made).named(()) == ()


def test_a_role_that_may_not_read_them_is_told_the_action() -> None:
    made, stub = stubbed("cloudwatch")
    stub.add_client_error("describe_alarms", "AccessDenied")
    with pytest.raises(ConfigurationError, match="cloudwatch:DescribeAlarms is not allowed"):
        CloudWatchAlarms(made).states("erp-dev-")
