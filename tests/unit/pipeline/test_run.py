"""The run, over the fakes: what is built, deployed and left alone, in which order, and what a failure leaves."""

import shutil

import pytest

from erp_build.errors import (
    BuildFailed,
    ConfigurationError,
    GateBlocked,
    NewerDeployed,
    PushFailed,
    ReleaseFailed,
    VerificationFailed,
)
from erp_build.pipeline import Options
from erp_build.tools.effects import Journal
from tests.fake_world.registry import scan
from tests.fake_world.world import FakeWorld
from tests.support.samples import CHART, DIGEST, EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST

DEPLOYING = ("update_function", "write_file", "upgrade_release")


def nothing_deployed(world: FakeWorld) -> bool:
    return not any(effect.startswith(DEPLOYING) or effect.endswith(":latest") for effect in world.performed())


def test_the_first_run_builds_and_proves_everything(new_world: FakeWorld) -> None:
    report = new_world.run()
    assert new_world.actions() == {
        **dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE), "build"),
        CHART: "redeploy",
    }
    assert [proof.target for proof in report.proofs if proof.holds] == [REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE]
    assert report.outcome == "deployed"


def test_every_image_is_cleared_before_anything_is_deployed_and_latest_moves_last(new_world: FakeWorld) -> None:
    new_world.run()
    verbs = [effect.split()[0] for effect in new_world.performed()]
    assert verbs.index("update_function") > max(place for place, verb in enumerate(verbs) if verb == "push")
    assert [effect for effect in new_world.performed() if effect.endswith(":latest")] == new_world.performed()[-4:]
    assert new_world.progress.lines.index("deploy") > new_world.progress.lines.index(f"{EMPLOYEE}: 1 LOW")


def test_the_same_commit_again_performs_nothing(world: FakeWorld) -> None:
    report = world.run()
    assert report.outcome == "nothing"
    assert world.performed() == []


def test_one_changed_service_is_built_and_the_others_keep_their_tags(world: FakeWorld) -> None:
    before = world.running_tags()
    head = world.change(NOTIFICATION)
    world.run()
    assert {name for name, action in world.actions().items() if action != "none"} == {NOTIFICATION}
    assert world.running_tags() == {**before, NOTIFICATION: head[:7]}


def test_the_employee_service_alone_makes_no_revision(world: FakeWorld) -> None:
    world.change(EMPLOYEE)
    report = world.run()
    assert len(world.release.revisions) == 1
    assert [effect.split()[0] for effect in world.performed()] == [
        "package", "build_image", "push", "tag", "update_function", "tag",
    ]  # fmt: skip
    assert report.proofs[0].running == world.functions.states["erp-dev-employee-service"].digest


def test_a_chart_change_redeploys_the_running_tags_and_builds_nothing(world: FakeWorld) -> None:
    before = world.running_tags()
    world.change(CHART)
    report = world.run()
    assert world.actions() == {
        **dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION, CHART), "redeploy"),
        EMPLOYEE: "none",
    }
    assert world.running_tags() == before
    assert [effect.split()[0] for effect in world.performed()] == ["write_file", "upgrade_release"]
    assert len(report.proofs) == 3


def test_a_revert_takes_the_earlier_image_and_builds_nothing(world: FakeWorld) -> None:
    digest = world.release.deployed[NOTIFICATION].pods[0].containers[0].digest
    world.change(NOTIFICATION)
    world.run()
    world.revert()
    world.run()
    assert world.actions()[NOTIFICATION] == "reuse"
    assert not any(effect.startswith(("package", "build_image", "push")) for effect in world.performed())
    assert world.release.deployed[NOTIFICATION].pods[0].containers[0].digest == digest


def test_without_git_only_what_has_other_content_than_what_runs_is_built(world: FakeWorld) -> None:
    head = world.change(NOTIFICATION)
    shutil.rmtree(world.checkout.root / ".git")
    world.run(Options(variables={"CODEBUILD_RESOLVED_SOURCE_VERSION": head}))
    assert {name for name, action in world.actions().items() if action != "none"} == {NOTIFICATION}
    assert world.report.plan is not None
    kept = [step for step in world.report.plan.steps if step.action == "none"]
    assert all("same content as" in step.because[0].rule for step in kept)


def test_a_critical_finding_deploys_nothing_and_leaves_latest(world: FakeWorld) -> None:
    latest = {name: tags["latest"] for name, tags in world.registry.tags.items()}
    world.registry.scans("erp/notification-service", [scan("IN_PROGRESS"), scan(CRITICAL=1, LOW=3)])
    world.change(NOTIFICATION)
    world.change(EMPLOYEE)
    with pytest.raises(GateBlocked, match="1 of 2 images"):
        world.run()
    assert nothing_deployed(world)
    assert {name: tags["latest"] for name, tags in world.registry.tags.items()} == latest


def test_a_failed_build_lets_the_others_finish_and_names_every_failure(world: FakeWorld) -> None:
    for name in (REQUEST, PROCESSING, NOTIFICATION):
        world.change(name)
    world.effects.broken = {REQUEST, NOTIFICATION}
    with pytest.raises(BuildFailed) as caught:
        world.run()
    assert caught.value.where == f"{REQUEST}, {NOTIFICATION}"
    assert f"package {PROCESSING}" in world.performed()
    assert {effect.target: effect.state for effect in world.report.effects} == {
        REQUEST: "failed",
        PROCESSING: "performed",
        NOTIFICATION: "failed",
    }
    assert nothing_deployed(world)


def test_what_runs_must_be_what_was_cleared(world: FakeWorld) -> None:
    world.release.runs_another_image(NOTIFICATION, DIGEST)
    world.change(NOTIFICATION)
    with pytest.raises(VerificationFailed) as caught:
        world.run()
    assert DIGEST in caught.value.why
    assert not any(effect.endswith(":latest") for effect in world.performed())


def test_an_older_commit_is_refused_and_may_be_forced(world: FakeWorld) -> None:
    old = world.checkout.head()
    world.change(NOTIFICATION)
    world.run()
    world.checkout.git("reset", "--quiet", "--hard", old)
    with pytest.raises(NewerDeployed):
        world.run()
    assert world.performed() == []
    world.run(Options(allow_older=True))
    assert world.running_tags()[NOTIFICATION] == old[:7]


def test_a_release_whose_upgrade_was_cut_off_is_not_touched(world: FakeWorld) -> None:
    from erp_build.domain.release import Revision

    world.release.revisions.append(Revision(number=2, status="pending-upgrade", updated="today"))
    with pytest.raises(ReleaseFailed, match="in progress"):
        world.run()
    assert world.performed() == []


def test_a_chart_that_does_not_render_stops_before_the_first_build(world: FakeWorld) -> None:
    world.release.renders = False
    world.change(NOTIFICATION)
    with pytest.raises(ReleaseFailed, match="does not render"):
        world.run()
    assert world.performed() == []


def test_all_missing_repositories_are_named_before_the_first_build(world: FakeWorld) -> None:
    for repository in ("erp/notification-service", "erp/employee-service-lambda"):
        del world.registry.tags[repository]
    world.change(NOTIFICATION)
    world.change(EMPLOYEE)
    with pytest.raises(PushFailed) as caught:
        world.run()
    assert caught.value.why == "erp/notification-service\nerp/employee-service-lambda"
    assert world.performed() == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        pytest.param("notification:", "notices:", "no image in the values file", id="another key"),
        pytest.param("  notification:\n", "  notification:\n    enabled: false\n", "switched off", id="switched off"),
        pytest.param("erp/notification-service", "old/notification-service", "not pushed", id="another repository"),
    ],
)
def test_values_that_do_not_fit_stop_before_the_first_build(world: FakeWorld, old: str, new: str, what: str) -> None:
    world.checkout.commit({"helm-chart/values-dev.yaml": world.values.read_text(encoding="utf-8").replace(old, new)})
    with pytest.raises(ConfigurationError, match=what):
        world.run()
    assert world.performed() == []


def test_a_rehearsal_has_the_same_plan_and_performs_nothing(new_world: FakeWorld) -> None:
    journal = Journal()
    before = new_world.values.read_bytes()
    rehearsed = new_world.run(tools=new_world.rehearsal(journal)).plan
    assert {effect.state for effect in journal.effects} == {"assumed"}
    assert new_world.performed() == []
    assert new_world.values.read_bytes() == before
    assert all(proof.holds for proof in new_world.report.proofs)
    assert new_world.run().plan == rehearsed


def test_a_rehearsal_of_a_reuse_needs_no_image_that_is_not_there(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.run()
    world.revert()
    journal = Journal()
    world.run(tools=world.rehearsal(journal))
    assert [effect.name for effect in journal.effects] == ["tag", "write_file", "upgrade_release", "tag"]
