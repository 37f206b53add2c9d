"""The targets that the sandbox plays, as botocore reads them."""

from typing import Any
from urllib.parse import urlencode

import botocore.session
from botocore.parsers import create_parser

from sandbox.aws.fault_proxy.target_health import DESCRIBE_TARGET_HEALTH, Targets

GROUP = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/erp-dev-a/0a1b2c3d4e5f6071"
MODEL = botocore.session.get_session().get_service_model("elbv2").operation_model(DESCRIBE_TARGET_HEALTH)


def described(targets: Targets, group: str) -> list[Any]:
    body = urlencode({"Action": DESCRIBE_TARGET_HEALTH, "TargetGroupArn": group}).encode()
    answer = targets.describe(body)
    assert answer.text
    assert MODEL.output_shape
    parts = {"status_code": answer.status, "headers": {}, "body": answer.text.encode()}
    found: dict[str, Any] = create_parser(MODEL.service_model.protocol).parse(parts, MODEL.output_shape)
    return list(found["TargetHealthDescriptions"])


def test_a_group_has_the_targets_that_a_test_names() -> None:
    targets = Targets()
    targets.register(GROUP, {"10.0.0.7:8080": "healthy", "10.0.0.8:8080": "unhealthy"})
    first, second = described(targets, GROUP)
    assert first == {"Target": {"Id": "10.0.0.7", "Port": 8080}, "TargetHealth": {"State": "healthy"}}
    assert second["TargetHealth"] == {
        "State": "unhealthy",
        "Reason": "Target.Timeout",
        "Description": "Request timed out",
    }


def test_a_group_that_nobody_has_named_has_none() -> None:
    assert described(Targets(), GROUP) == []
