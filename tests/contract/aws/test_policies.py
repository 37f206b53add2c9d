"""IAM's simulator, which moto lacks: answers that are checked against the API's model, and the tests' own fake."""

from typing import Any

import pytest

from erp_build.clients.aws.inspection import RolePolicies
from erp_build.errors import ConfigurationError
from tests.contract.aws.conftest import stubbed
from tests.fakes.clinic import ROLE, FakePolicies

ACTIONS = ("ecr:PutImage", "ecr:DescribeImages", "ecr:StartImageScan")
RESOURCE = "arn:aws:ecr:ap-northeast-2:123456789012:repository/erp/notification-service"


def result(action: str, decision: str) -> dict[str, Any]:
    return {"EvalActionName": action, "EvalResourceName": RESOURCE, "EvalDecision": decision}


def test_what_is_not_allowed_is_denied_whether_by_silence_or_by_word_and_over_all_pages() -> None:
    iam, stub = stubbed("iam")
    asked = {"PolicySourceArn": ROLE, "ActionNames": list(ACTIONS), "ResourceArns": [RESOURCE]}
    first = [result("ecr:PutImage", "implicitDeny"), result("ecr:DescribeImages", "allowed")]
    stub.add_response(
        "simulate_principal_policy", {"EvaluationResults": first, "IsTruncated": True, "Marker": "2"}, asked
    )
    stub.add_response(
        "simulate_principal_policy",
        {"EvaluationResults": [result("ecr:StartImageScan", "explicitDeny")], "IsTruncated": False},
        {**asked, "Marker": "2"},
    )
    assert RolePolicies(iam).denied(ROLE, ACTIONS, RESOURCE) == ("ecr:PutImage", "ecr:StartImageScan")
    stub.assert_no_pending_responses()


def test_an_action_of_which_iam_says_nothing_is_denied() -> None:
    iam, stub = stubbed("iam")
    stub.add_response("simulate_principal_policy", {"EvaluationResults": [], "IsTruncated": False})
    assert RolePolicies(iam).denied(ROLE, ACTIONS, RESOURCE) == ACTIONS


def test_the_fake_denies_as_iam_does() -> None:
    policies = FakePolicies()
    policies.forbidden = {"ecr:PutImage", "ecr:StartImageScan", "sns:Publish"}
    assert policies.denied(ROLE, ACTIONS, RESOURCE) == ("ecr:PutImage", "ecr:StartImageScan")


def test_who_may_not_simulate_learns_which_action_it_needs() -> None:
    iam, stub = stubbed("iam")
    stub.add_client_error("simulate_principal_policy", "AccessDenied")
    with pytest.raises(ConfigurationError, match="iam:SimulatePrincipalPolicy is not allowed"):
        RolePolicies(iam).denied(ROLE, ACTIONS, RESOURCE)
