"""The run where the content is known already: an image with the same key is neither built nor deployed twice."""

import shutil
from dataclasses import replace

import pytest

from erp_build.changes.reuse import MAX_IMAGES_OF_A_COMMIT
from erp_build.errors import GateBlocked, PushFailed
from erp_build.run_options import Options
from tests.fakes.registry import scan
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION, PROCESSING, REQUEST

NOTIFICATION_REPOSITORY = f"erp/{NOTIFICATION}"
LATER = "c" * 40
SOURCE = "backend/notification-service/src/App.java"


def without_git(world: FakeWorld) -> Options:
    """What a CODE_ZIP source leaves: files, and a commit that only CodeBuild names."""
    world.checkout.git("reset", "--quiet", "--hard")
    shutil.rmtree(world.root / ".git")
    return Options(variables={"CODEBUILD_RESOLVED_SOURCE_VERSION": LATER})


def test_a_revert_tags_the_earlier_image_again_and_builds_nothing(world: FakeWorld) -> None:
    digest = world.cluster.digest(NOTIFICATION)
    world.change(NOTIFICATION)
    world.run()
    assert world.cluster.digest(NOTIFICATION) != digest
    tag = world.revert()[:7]
    world.run()
    assert world.actions() == {NOTIFICATION: "reuse"}
    assert world.done() == [
        f"tag {NOTIFICATION_REPOSITORY}:{tag}",
        "write_file values-dev.yaml",
        "upgrade_release erp-microservices",
        f"tag {NOTIFICATION_REPOSITORY}:latest",
    ]
    assert world.cluster.running()[NOTIFICATION] == tag
    assert world.cluster.digest(NOTIFICATION) == world.latest()[NOTIFICATION_REPOSITORY] == digest


def test_a_reverted_function_runs_its_earlier_image(world: FakeWorld) -> None:
    digest = world.functions.states[FUNCTION].digest
    world.change(EMPLOYEE)
    world.run()
    world.revert()
    world.run()
    assert world.actions() == {EMPLOYEE: "reuse"}
    assert world.verbs() == ["tag", "update_function", "tag"]
    assert world.functions.states[FUNCTION].digest == digest


def test_a_reused_image_says_the_commit_that_it_was_built_from(world: FakeWorld) -> None:
    first = world.checkout.head()
    world.change(NOTIFICATION)
    world.run()
    world.revert()
    assert [(image.origin, image.commit) for image in world.run().images] == [("reused", first)]


def test_a_reused_image_is_judged_by_what_is_known_today(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.run()
    world.revert()
    world.registry.answers(NOTIFICATION_REPOSITORY, scan(CRITICAL=1))
    with pytest.raises(GateBlocked, match="1 of 1 images over the policy"):
        world.run()
    assert world.moved() == set()


def test_a_reuse_says_what_changed_and_which_key_was_found(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.run()
    world.revert()
    plan = world.run().plan
    assert plan is not None
    step = plan.reuses[0]
    assert [reason.path for reason in step.because] == [SOURCE, None]
    assert step.because[-1].rule == f"in ECR (key {step.key[:12]})"


def test_images_that_run_with_the_same_content_are_left_alone(world: FakeWorld) -> None:
    """No running image names its commit any more, so nothing can be compared; the keys still tell."""
    world.registry.revisions.clear()
    report = world.run()
    assert report.outcome == "nothing"
    assert world.done() == []
    assert report.plan is not None
    rules = {step.target.name: step.because[0].rule for step in report.plan.steps if step.because}
    assert set(rules) == {REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE}
    assert all(rule.startswith("same content as what runs (key ") for rule in rules.values())


def test_an_image_whose_rollout_is_incomplete_is_deployed_again_whatever_its_content(world: FakeWorld) -> None:
    world.registry.revisions.clear()
    world.cluster.rolls_out_again(NOTIFICATION)
    world.run()
    assert world.actions() == {NOTIFICATION: "reuse"}


def test_without_git_the_keys_find_what_changed(world: FakeWorld) -> None:
    before = world.cluster.running()
    options = without_git(world)
    world.checkout.write(SOURCE, "changed\n")
    world.run(options)
    assert world.actions() == {NOTIFICATION: "build"}
    assert world.cluster.running() == {**before, NOTIFICATION: LATER[:7]}


def test_without_git_the_same_files_perform_nothing(world: FakeWorld) -> None:
    report = world.run(without_git(world))
    assert report.outcome == "nothing"
    assert world.done() == []


def test_without_git_a_changed_chart_redeploys_without_building(world: FakeWorld) -> None:
    before = world.cluster.running()
    options = without_git(world)
    world.checkout.write("helm-chart/templates/hpa.yaml", "changed\n")
    world.run(options)
    assert world.actions() == dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION, CHART), "redeploy")
    assert world.verbs() == ["write_file", "upgrade_release"]
    assert world.cluster.running() == before


def test_without_git_the_same_chart_is_deployed_again_where_its_upgrade_was_cut_off(world: FakeWorld) -> None:
    options = without_git(world)
    world.helm.is_pending()
    world.helm.revisions[-1] = replace(world.helm.revisions[-1], description=world.helm.revisions[0].description)
    world.helm.rollback(2)
    world.run(options)
    assert world.actions()[CHART] == "redeploy"
    assert world.verbs().count("upgrade_release") == 1


def test_a_base_before_the_chart_deploys_it_again_although_it_runs(world: FakeWorld) -> None:
    """The key decides only where nothing can be compared: whoever names a base wants what differs from it deployed."""
    base = world.checkout.head()
    world.change(CHART)
    world.run()
    world.run(Options(base=base))
    assert world.actions() == dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION, CHART), "redeploy")
    assert world.verbs() == ["write_file", "upgrade_release"]


def test_an_uncommitted_file_is_built_without_a_key(world: FakeWorld) -> None:
    """What is built is not what the key of the commit names: nobody may find this image by it."""
    head = world.change(NOTIFICATION)
    world.uncommitted = {SOURCE: "not committed\n"}
    report = world.run()
    assert world.actions() == {NOTIFICATION: "build"}
    assert report.plan is not None
    assert any(SOURCE in warning for warning in report.plan.warnings)
    assert world.registry.tags_of(report.images[0].digest) == {f"{head[:7]}-dirty", "latest"}


def test_an_uncommitted_file_reuses_nothing(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.run()
    world.revert()
    world.uncommitted = {SOURCE: "not committed\n"}
    world.run()
    assert world.actions() == {NOTIFICATION: "build"}


@pytest.mark.parametrize("taken", [MAX_IMAGES_OF_A_COMMIT - 1, MAX_IMAGES_OF_A_COMMIT])
def test_the_tags_of_one_commit_are_looked_at_up_to_a_number(world: FakeWorld, taken: int) -> None:
    head, other = world.change(NOTIFICATION), world.cluster.digest(NOTIFICATION)
    for tag in [head[:7], *(f"{head[:7]}-{number}" for number in range(2, taken + 1))]:
        world.registry.tags[f"erp/{NOTIFICATION}", tag] = other
    if taken < MAX_IMAGES_OF_A_COMMIT:
        world.run()
        assert world.cluster.running()[NOTIFICATION] == f"{head[:7]}-{MAX_IMAGES_OF_A_COMMIT}"
    else:
        with pytest.raises(PushFailed, match="100 images of one commit are in the registry") as caught:
            world.run()
        assert "commit again" in caught.value.next_step
        assert not world.moved()
