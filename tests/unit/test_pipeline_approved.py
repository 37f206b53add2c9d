"""Who approved a plan is in the report, in the ledger and in the history; that nobody knows ends no run."""

from dataclasses import replace
from pathlib import Path

import pytest

from erp_build.deployment.frozen.approval import EXECUTION
from erp_build.deployment.ledger import LedgerEntry, read_entries
from erp_build.errors import ReleaseFailed
from erp_build.model.codepipeline import Approval
from erp_build.report.document import report_document
from erp_build.report.html.page import html_page
from erp_build.report.json.status import history_document
from erp_build.report.markdown import report_markdown
from erp_build.report.text.status import history_text
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION
from tests.support.saved_plans import saved_by

KIM = Approval(action="Approve", by="arn:aws:iam::1:user/kim", at="2026-11-29T12:00:00+00:00", summary="ship it")
STARTED_BY = {"CODEBUILD_INITIATOR": "codepipeline/erp-unified-pipeline"}
VARIABLES = {**STARTED_BY, EXECUTION: "0a1b"}
WORDS = "arn:aws:iam::1:user/kim at 2026-11-29T12:00:00+00:00: ship it"


def entries(world: FakeWorld) -> tuple[LedgerEntry, ...]:
    return read_entries(world.leases.lease.record if world.leases.lease else "")


def approved(world: FakeWorld, folder: Path, variables: dict[str, str] = VARIABLES) -> str:
    """Do a plan that was approved; returns what the ledger says of it."""
    world.change(NOTIFICATION)
    saved = saved_by(world, folder)
    world.approvals.known["erp-unified-pipeline", "0a1b"] = (KIM,)
    world.run(Options(saved=saved, variables=variables))
    assert entries(world)[-1].approved.startswith(f"plan {saved.digest[:19]}")
    return entries(world)[-1].approved.partition(", approved by ")[2]


def test_who_approved_is_in_the_ledger_and_the_history(world: FakeWorld, tmp_path: Path) -> None:
    assert approved(world, tmp_path) == WORDS
    assert WORDS in history_text(tuple(world.helm.revisions), entries(world))
    first, last = history_document(tuple(world.helm.revisions), entries(world))["deployments"]
    assert first["approved"] is None
    assert last["approved"].endswith(WORDS)


def test_who_approved_is_in_every_form_of_the_report(world: FakeWorld, tmp_path: Path) -> None:
    approved(world, tmp_path)
    document = report_document(world.report)
    assert document["saved_plan"]
    assert document["saved_plan"]["stage"] == "cleared"
    assert document["saved_plan"]["approvals"] == [
        {"action": "Approve", "by": KIM.by, "at": KIM.at, "summary": "ship it"}
    ]
    for page in (report_markdown(document), html_page(document)):
        assert "user/kim" in page.replace("\\", "")
        assert "ship it" in page


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, ""),
        (STARTED_BY, f"who approved is not known: {EXECUTION} is not set"),
        ({**STARTED_BY, EXECUTION: "other"}, "nobody approved this plan: execution other of erp-unified-pipeline"),
    ],
)
def test_a_plan_that_nobody_approved_is_done_all_the_same(
    world: FakeWorld, tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    assert approved(world, tmp_path, variables) == ""
    assert any(line.startswith(said) for line in world.progress.lines)


def test_who_approved_before_the_plan_was_made_has_not_approved_it(world: FakeWorld, tmp_path: Path) -> None:
    world.change(NOTIFICATION)
    saved = saved_by(world, tmp_path)
    earlier = replace(KIM, action="May build", at="2025-12-31T12:00:00+00:00", summary="build it")
    world.approvals.known["erp-unified-pipeline", "0a1b"] = (earlier, KIM)
    world.run(Options(saved=saved, variables=VARIABLES))
    assert entries(world)[-1].approved.endswith(f", approved by {WORDS}")
    assert "build it" not in entries(world)[-1].approved
    said = [line for line in world.progress.lines if line.startswith("not an approval of this plan")]
    assert len(said) == 1
    assert "build it" in said[0]


def test_a_secret_that_was_written_with_an_approval_is_in_no_ledger(world: FakeWorld, tmp_path: Path) -> None:
    world.change(NOTIFICATION)
    saved = saved_by(world, tmp_path)
    spoken = replace(KIM, summary="ok, password=hunter2-of-kim")
    world.approvals.known["erp-unified-pipeline", "0a1b"] = (spoken,)
    world.run(Options(saved=saved, variables=VARIABLES))
    assert entries(world)[-1].approved.endswith("ok, password=***")


def test_two_who_approved_are_both_named(world: FakeWorld, tmp_path: Path) -> None:
    world.change(NOTIFICATION)
    saved = saved_by(world, tmp_path)
    lee = replace(KIM, by="arn:aws:iam::1:user/lee", at="2026-11-29T12:05:00+00:00")
    world.approvals.known["erp-unified-pipeline", "0a1b"] = (KIM, lee)
    world.run(Options(saved=saved, variables=VARIABLES))
    assert WORDS in entries(world)[-1].approved
    assert "user/lee at 2026-11-29T12:05:00" in entries(world)[-1].approved


def test_a_missing_right_is_said_and_ends_nothing(world: FakeWorld, tmp_path: Path) -> None:
    world.approvals.denied = True
    assert approved(world, tmp_path) == ""
    assert "who approved is not known: codepipeline:ListActionExecutions is not allowed" in world.progress.lines


def test_who_approved_what_failed_is_known_too(world: FakeWorld, tmp_path: Path) -> None:
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="the rollout is not complete"):
        approved(world, tmp_path)
    assert entries(world)[-1].outcome == "taken back"
    assert entries(world)[-1].approved.endswith(WORDS)


def test_a_run_without_a_saved_plan_writes_nothing_of_one(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.run(Options(variables=VARIABLES))
    assert entries(world)[-1].approved == ""
    assert "approved" not in (world.leases.lease.record if world.leases.lease else "")
    assert report_document(world.report)["saved_plan"] is None
