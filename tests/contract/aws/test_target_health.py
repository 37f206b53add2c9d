"""Targets as the model of Elastic Load Balancing describes them, throttling, and a role that may not read them."""

from typing import Any

import pytest

from erp_build.clients.aws.monitoring import LoadBalancers
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.patience import Patience, patient
from erp_build.errors import ConfigurationError
from erp_build.model.releases.bake import TargetHealth
from tests.contract.aws.conftest import stubbed

GROUP = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/erp-dev-notification/2a3b4c5d6e7f8091"
ASKED = {"TargetGroupArn": GROUP}


def described(name: str, state: str, **why: str) -> dict[str, Any]:
    return {"Target": {"Id": name, "Port": 8080}, "HealthCheckPort": "8080", "TargetHealth": {"State": state, **why}}


def test_each_target_has_its_state_and_why() -> None:
    made, stub = stubbed("elbv2")
    found = [
        described("10.0.0.7", "healthy"),
        described("10.0.0.8", "unhealthy", Reason="Target.Timeout", Description="Request timed out"),
        described("10.0.0.9", "initial", Reason="Elb.RegistrationInProgress"),
        {
            "Target": {"Id": "i-0a1b2c3d4e5f60718"},
            "TargetHealth": {"State": "unused"},
        },
    ]
    stub.add_response("describe_target_health", {"TargetHealthDescriptions": found}, ASKED)
    assert LoadBalancers(made).targets(GROUP) == (
        TargetHealth("10.0.0.7:8080", "healthy"),
        TargetHealth("10.0.0.8:8080", "unhealthy", "Target.Timeout: Request timed out"),
        TargetHealth("10.0.0.9:8080", "initial", "Elb.RegistrationInProgress"),
        TargetHealth("i-0a1b2c3d4e5f60718", "unused"),
    )


def test_too_many_calls_are_asked_again() -> None:
    made, stub = stubbed("elbv2")
    stub.add_client_error("describe_target_health", "Throttling", http_status_code=400)
    stub.add_response("describe_target_health", {"TargetHealthDescriptions": []}, ASKED)
    assert patient(LoadBalancers(made), Patience(SimulatedClock())).targets(GROUP) == ()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDenied", "elasticloadbalancing:DescribeTargetHealth is not allowed"),
        ("TargetGroupNotFound", "elasticloadbalancing:DescribeTargetHealth"),
    ],
)
def test_what_cannot_be_read_is_an_error_of_ours(code: str, said: str) -> None:
    made, stub = stubbed("elbv2")
    stub.add_client_error("describe_target_health", code, http_status_code=400)
    with pytest.raises(ConfigurationError, match=said) as caught:
        LoadBalancers(made).targets(GROUP)
    assert caught.value.where == GROUP
