"""Who approved an execution: over answers that are checked against the API's model."""

from datetime import UTC, datetime
from typing import Any

import pytest

from erp_build.clients.aws.approvals import LONGEST_SUMMARY, PipelineApprovals
from erp_build.errors import ConfigurationError
from erp_build.model.codepipeline import Approval
from tests.contract.aws.conftest import stubbed

PIPELINE, EXECUTION = "erp-unified-pipeline", "0a1b2c3d-0000-4000-8000-000000000000"
KIM = "arn:aws:iam::123456789012:user/kim"
NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
ASKED = {"pipelineName": PIPELINE, "filter": {"pipelineExecutionId": EXECUTION}}


def action(name: str, category: str = "Approval", status: str = "Succeeded", **more: Any) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": "Manual", "version": "1"}
    return {
        "pipelineExecutionId": EXECUTION,
        "actionName": name,
        "lastUpdateTime": NOON,
        "status": status,
        "input": {"actionTypeId": kind},
        **more,
    }


def said(text: str) -> dict[str, Any]:
    return {"executionResult": {"externalExecutionSummary": text}}


def given(*pages: list[dict[str, Any]]) -> tuple[Approval, ...]:
    """What is read of some pages of the answer."""
    api, stub = stubbed("codepipeline")
    for number, page in enumerate(pages):
        token = {"nextToken": str(number)} if number else {}
        more = {"nextToken": str(number + 1)} if number + 1 < len(pages) else {}
        stub.add_response("list_action_executions", {"actionExecutionDetails": page, **more}, {**ASKED, **token})
    return PipelineApprovals(api).given(PIPELINE, EXECUTION)


def test_who_approved_and_what_was_written_are_read() -> None:
    approve = action("Approve", updatedBy=KIM, output=said("looks good,\n ship it"))
    assert given([action("Build", "Build"), approve]) == (
        Approval(action="Approve", by=KIM, at="2026-11-29T12:00:00+00:00", summary="looks good, ship it"),
    )


def test_an_approval_that_was_refused_or_still_waits_is_none() -> None:
    assert given([action("Approve", status="Failed"), action("Approve", status="InProgress")]) == ()


def test_all_pages_count_and_the_oldest_comes_first() -> None:
    earlier = NOON.replace(hour=9)
    found = given([action("Second")], [action("First", lastUpdateTime=earlier)])
    assert [one.action for one in found] == ["First", "Second"]


def test_what_codepipeline_leaves_out_is_empty() -> None:
    (found,) = given([action("Approve")])
    assert (found.by, found.summary) == ("", "")
    assert str(found) == "somebody at 2026-11-29T12:00:00+00:00"


def test_a_long_text_is_cut_for_the_ledger() -> None:
    (found,) = given([action("Approve", output=said("x" * 5000))])
    assert len(found.summary) == LONGEST_SUMMARY


def test_without_the_permission_the_action_is_named() -> None:
    api, stub = stubbed("codepipeline")
    stub.add_client_error("list_action_executions", "AccessDeniedException", "not authorized")
    with pytest.raises(ConfigurationError, match="codepipeline:ListActionExecutions"):
        PipelineApprovals(api).given(PIPELINE, EXECUTION)
