"""The permissions of a role, from IAM's policy simulator; the actions themselves are not called."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from erp_build.clients.aws.session import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

ALLOWED = "allowed"


class RolePolicies:
    """Simulates the policies of a role."""

    def __init__(self, client: "IAMClient") -> None:
        self._client = client

    def denied(self, role: str, actions: Sequence[str], resource: str) -> tuple[str, ...]:
        """Those of the actions that the role (an ARN) may not take on the resource, in the order in which they came."""
        with translate_aws_errors("iam:SimulatePrincipalPolicy", role):
            pages = self._client.get_paginator("simulate_principal_policy").paginate(
                PolicySourceArn=role, ActionNames=list(actions), ResourceArns=[resource]
            )
            allowed = {
                result["EvalActionName"]
                for page in pages
                for result in page["EvaluationResults"]
                if result["EvalDecision"] == ALLOWED
            }
        return tuple(action for action in actions if action not in allowed)
