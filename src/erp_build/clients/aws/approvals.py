"""Who approved the execution of a pipeline that a build belongs to."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from erp_build.clients.aws.session import UNREADABLE_OF_AWS, translate_aws_errors
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.errors import ConfigurationError
from erp_build.model.codepipeline import Approval

if TYPE_CHECKING:
    from mypy_boto3_codepipeline import CodePipelineClient

LONGEST_SUMMARY = 200
"""Characters of what somebody wrote; the ledger keeps it for thirty deployments."""


@reads_answers_of("CodePipeline", ConfigurationError, UNREADABLE_OF_AWS)
class PipelineApprovals:
    """Reads the manual approvals of an execution. Without the permission a run says so, and goes on."""

    def __init__(self, client: "CodePipelineClient") -> None:
        self._client = client

    def given(self, pipeline: str, execution: str) -> tuple[Approval, ...]:
        """The approvals of an execution that were given, the oldest first; raises `ConfigurationError`."""
        with translate_aws_errors("codepipeline:ListActionExecutions", f"{pipeline}, execution {execution}"):
            pages = self._client.get_paginator("list_action_executions").paginate(
                pipelineName=pipeline, filter={"pipelineExecutionId": execution}
            )
            found: list[Any] = [one for page in pages for one in page["actionExecutionDetails"]]
        approved = [one for one in found if _is_approval(one) and one.get("status") == "Succeeded"]
        return tuple(map(_approval, sorted(approved, key=_moment)))


def _is_approval(action: Any) -> bool:
    return bool(action.get("input", {}).get("actionTypeId", {}).get("category") == "Approval")


def _moment(action: Any) -> datetime:
    found: datetime = action["lastUpdateTime"]
    return found


def _approval(action: Any) -> Approval:
    result = action.get("output", {}).get("executionResult", {})
    return Approval(
        action=action["actionName"],
        by=action.get("updatedBy", ""),
        at=_moment(action).astimezone(UTC).isoformat(timespec="seconds"),
        summary=" ".join(result.get("externalExecutionSummary", "").split())[:LONGEST_SUMMARY],
    )
