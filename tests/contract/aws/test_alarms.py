"""Alarms as CloudWatch has them (moto), and a role that may not read them."""

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
    assert CloudWatchAlarms(made).states("erp-dev-") == (Alarm("erp-dev-pod-restarts", "ALARM"),)


def test_a_role_that_may_not_read_them_is_told_the_action() -> None:
    made, stub = stubbed("cloudwatch")
    stub.add_client_error("describe_alarms", "AccessDenied")
    with pytest.raises(ConfigurationError, match="cloudwatch:DescribeAlarms is not allowed"):
        CloudWatchAlarms(made).states("erp-dev-")
