"""The run of a part: `--only` and `--except`. What is left out stays as it runs, and the next run still sees it."""

import json

import pytest

from erp_build.deployment.going_back.proven import proven_of
from erp_build.deployment.ledger import LedgerEntry, read_entries
from erp_build.errors import NewerDeployed, ReleaseFailed, VerificationFailed
from erp_build.model.plan import Step
from erp_build.report.document import report_document
from erp_build.report.html.page import html_page
from erp_build.report.markdown import report_markdown
from erp_build.report.text.run import report_text
from erp_build.report.text.status import history_text
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY
from tests.fakes.world import FUNCTION, FakeWorld, Killed
from tests.support.samples import CHART, EMPLOYEE, ERP, NOTIFICATION, PROCESSING, REQUEST


def only(*names: str) -> Options:
    return Options(only=names)


def without(*names: str) -> Options:
    return Options(without=names)


def step_of(world: FakeWorld, name: str) -> Step:
    assert world.report.plan is not None
    return next(step for step in world.report.plan.steps if step.target.name == name)


def rules_of(world: FakeWorld, name: str) -> list[str]:
    return [reason.rule for reason in step_of(world, name).because]


def ledger(world: FakeWorld) -> tuple[LedgerEntry, ...]:
    return read_entries(world.leases.lease.record if world.leases.lease else "")


def description(world: FakeWorld) -> str:
    return world.helm.revisions[-1].description


def test_what_is_left_out_stays_as_it_runs_and_the_next_run_deploys_it(world: FakeWorld) -> None:
    before = world.cluster.running() | {EMPLOYEE: world.functions.states[FUNCTION].digest}
    head = world.change(REQUEST, NOTIFICATION, EMPLOYEE)
    assert world.run(only(NOTIFICATION)).outcome == "deployed"
    assert world.actions() == {NOTIFICATION: "build"}
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    assert world.cluster.running()[REQUEST] == before[REQUEST]
    assert world.functions.states[FUNCTION].digest == before[EMPLOYEE]
    world.run()
    assert world.actions() == {REQUEST: "build", EMPLOYEE: "build"}
    assert set(world.cluster.running().values()) >= {head[:7]}


def test_except_leaves_out_what_it_names_and_nothing_else(world: FakeWorld) -> None:
    before = world.cluster.running()[REQUEST]
    world.change(REQUEST, NOTIFICATION, EMPLOYEE)
    world.run(without(REQUEST))
    assert world.actions() == {NOTIFICATION: "build", EMPLOYEE: "build"}
    assert world.cluster.running()[REQUEST] == before


def test_a_function_alone_touches_no_release(world: FakeWorld) -> None:
    revisions = len(world.helm.revisions)
    world.change(REQUEST, EMPLOYEE, CHART)
    world.run(only(EMPLOYEE))
    assert len(world.helm.revisions) == revisions
    assert world.actions() == {EMPLOYEE: "build"}


def test_what_is_left_out_is_named_with_its_reason_in_every_form(world: FakeWorld) -> None:
    world.change(REQUEST, NOTIFICATION)
    report = world.run(only(NOTIFICATION))
    assert rules_of(world, REQUEST) == ["left out by --only", "backend/approval-request-service/**"]
    assert rules_of(world, PROCESSING) == []
    document = report_document(report)
    assert [one["name"] for one in document["targets"] if one["left_out"]] == [REQUEST]
    assert "left out by --only" in report_text(report)
    assert "left out by --only" in report_markdown(document).replace("\\", "")
    page = html_page(document)
    assert "left out by --only" in page
    assert "<b>1</b>left out" in page


def test_a_run_whose_changes_are_all_left_out_says_so_and_does_nothing(world: FakeWorld) -> None:
    world.change(REQUEST)
    report = world.run(without(REQUEST))
    assert report.outcome == "nothing"
    assert world.done() == []
    said = f"Nothing to do: what differs was left out ({REQUEST})."
    assert said in report_text(report)
    assert "what differs was left out" in report_markdown(report_document(report))


def test_the_record_of_a_part_says_what_of_the_commit_was_left_out(world: FakeWorld) -> None:
    head = world.change(REQUEST, NOTIFICATION)
    world.run(only(NOTIFICATION))
    last = ledger(world)[-1]
    assert (last.commit, last.outcome, last.left_out) == (head, "deployed", REQUEST)
    assert f"{head[:12]} without {REQUEST}" in history_text(tuple(world.helm.revisions), ledger(world))
    assert json.loads(world.leases.lease.record if world.leases.lease else "{}")["entries"][-1]["left_out"] == REQUEST
    assert proven_of(head, ledger(world), tuple(world.helm.revisions)) is None
    world.run()
    assert ledger(world)[-1].left_out == ""
    assert proven_of(head, ledger(world), tuple(world.helm.revisions)) is not None


def test_a_whole_commit_is_claimed_where_nothing_of_it_was_left_out(world: FakeWorld) -> None:
    head = world.change(NOTIFICATION)
    world.run(only(NOTIFICATION))
    assert ledger(world)[-1].left_out == ""
    assert description(world).startswith(f"erp_build {head} chart ")
    assert "without" not in description(world)


def test_the_tags_that_go_back_to_git_name_no_whole_commit(world: FakeWorld) -> None:
    world.project = ERP._replace(deploy=ERP.deploy._replace(write_back="branch"))
    world.effects.branches["main"] = world.values.read_bytes()
    head = world.change(REQUEST, NOTIFICATION)
    world.run(only(NOTIFICATION))
    assert world.effects.branches["main"].decode().count(head[:7]) == 1
    subject, _, body = world.effects.commits[-1].partition("\n\n")
    assert subject == f"Deploy {head[:7]} in part [skip ci]"
    assert body == f"Written by erp_build after the deployment of {head}, without {REQUEST}.\n"


def test_a_newer_target_that_is_left_out_does_not_hold_up_an_older_one(world: FakeWorld) -> None:
    older = world.change(NOTIFICATION)
    newer = world.change(REQUEST)
    world.run(only(REQUEST))
    world.checkout.git("reset", "--quiet", "--hard", older)
    with pytest.raises(NewerDeployed, match="a newer commit is already deployed"):
        world.run()
    world.run(only(NOTIFICATION))
    assert world.cluster.running()[REQUEST] == newer[:7]
    assert world.cluster.running()[NOTIFICATION] == older[:7]


def test_a_part_that_fails_takes_back_nothing_of_what_was_left_out(world: FakeWorld) -> None:
    function = world.functions.states[FUNCTION].digest
    before = world.cluster.running()
    world.change(REQUEST, NOTIFICATION, EMPLOYEE)
    world.cluster.troubles[NOTIFICATION] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="the rollout is not complete"):
        world.run(only(NOTIFICATION))
    assert world.functions.states[FUNCTION].digest == function
    assert world.cluster.running() == before
    assert ledger(world)[-1].outcome == "taken back"


def test_what_a_killed_run_left_is_proven_before_a_part_is_deployed(world: FakeWorld) -> None:
    world.change(REQUEST, EMPLOYEE)
    world.is_killed("upgrade_release", 1, "after")
    with pytest.raises(Killed, match="after upgrade_release"):
        world.run()
    world.killed = None
    head = world.change(NOTIFICATION)
    world.run(only(NOTIFICATION))
    assert world.cluster.running()[NOTIFICATION] == head[:7]
    # What ran before this run was of no commit that anybody knows as a whole.
    assert [(one.commit, one.outcome) for one in ledger(world)][-2:] == [("", "deployed"), (head, "deployed")]


def test_a_part_is_not_deployed_beside_what_failed_and_was_kept(world: FakeWorld) -> None:
    """The proof of the part would vouch for what nobody has proven."""
    world.keeps_failures()
    world.change(REQUEST)
    world.cluster.troubles[REQUEST] = NEVER_READY
    with pytest.raises(ReleaseFailed, match="the rollout is not complete"):
        world.run()
    world.change(NOTIFICATION)
    with pytest.raises((ReleaseFailed, VerificationFailed), match="rollout is not complete") as caught:
        world.run(only(NOTIFICATION))
    assert "this run proves only what was chosen" in caught.value.why
    assert "run without --only" in caught.value.next_step
    assert "upgrade_release" not in world.verbs()


def test_an_edit_by_hand_that_was_left_out_is_repaired_with_a_warning(world: FakeWorld) -> None:
    world.cluster.deployments[REQUEST].edits = {"readinessProbe": {"tcpSocket": {"port": 9999}}}
    world.change(NOTIFICATION)
    report = world.run(only(NOTIFICATION))
    assert report.plan is not None
    assert any(text.startswith(f"{REQUEST} is left out, but the upgrade") for text in report.plan.warnings)


def test_a_rehearsal_of_a_part_changes_nothing(world: FakeWorld) -> None:
    world.change(CHART, NOTIFICATION)
    before, revisions = world.cluster.running(), list(world.helm.revisions)
    report = world.rehearse(only(NOTIFICATION))
    assert report.outcome == "rehearsed"
    assert world.actions() == {NOTIFICATION: "build"}
    assert (world.cluster.running(), world.helm.revisions) == (before, revisions)
