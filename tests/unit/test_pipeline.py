"""The run, from a commit to what runs: what is built, what is only deployed again, and what is left alone."""

from erp_build.run_options import Options
from erp_build.run_record import RunReport
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import CHART, EMPLOYEE, EVERYTHING, NOTIFICATION, PROCESSING, REQUEST

EKS = (REQUEST, PROCESSING, NOTIFICATION)
IMAGES = (*EKS, EMPLOYEE)


def proven(report: RunReport) -> list[str]:
    return [proof.target for proof in report.proofs if proof.holds]


def test_the_first_deployment_builds_and_proves_all_four(new_world: FakeWorld) -> None:
    report = new_world.run()
    assert new_world.actions() == {**dict.fromkeys(IMAGES, "build"), CHART: "redeploy"}
    assert proven(report) == list(IMAGES)
    assert [proof.replicas for proof in report.proofs] == [2, 2, 2, 1]
    assert report.outcome == "deployed"


def test_the_first_deployment_gives_everything_the_tag_of_its_commit(new_world: FakeWorld) -> None:
    tag = new_world.checkout.head()[:7]
    new_world.run()
    assert new_world.cluster.running() == dict.fromkeys(EKS, tag)
    digest = new_world.cluster.digest(EKS[0])
    assert f'tag: "{tag}@{digest}"  # 배포할 태그' in new_world.values.read_text(encoding="utf-8")
    assert len(new_world.latest()) == len(IMAGES)


def test_the_revision_names_the_full_commit_the_key_of_the_chart_and_the_build(new_world: FakeWorld) -> None:
    report = new_world.run(Options(variables={"CODEBUILD_BUILD_ID": "erp-unified-build:7"}))
    assert report.plan is not None
    key = report.plan.steps[-1].key
    assert len(key) == 40
    assert new_world.helm.revisions[-1].description == (
        f"erp_build {new_world.checkout.head()} chart {key} build erp-unified-build:7"
    )


def test_every_image_has_the_key_of_its_content_as_a_tag(new_world: FakeWorld) -> None:
    report = new_world.run()
    assert report.plan is not None
    for step in report.plan.builds:
        built = next(image for image in report.images if image.target == step.target.name)
        assert new_world.registry.tags_of(built.digest) == {built.tag, f"key-{step.key}", "latest"}


def test_the_stages_run_in_their_order(new_world: FakeWorld) -> None:
    report = new_world.run()
    assert [stage.name for stage in report.stages] == [
        "read environment",
        "read rules",
        "read live state",
        "find baselines",
        "detect changes",
        "make plan",
        "find reusable",
        "take lock",
        "read live state",
        "check plan",
        "build images",
        "judge images",
        "clear images",
        "deploy",
        "prove",
        "move latest",
        "write back",
        "read first errors",
        "read targets",
        "read alarms",
    ]
    assert {stage.status for stage in report.stages} == {"done"}


def test_all_images_are_pushed_and_cleared_before_the_first_deployment(new_world: FakeWorld) -> None:
    new_world.run()
    verbs = new_world.verbs()
    pushes = [place for place, verb in enumerate(verbs) if verb == "push"]
    assert len(pushes) == 4
    assert pushes[-1] < verbs.index("write_file") < verbs.index("update_function") < verbs.index("upgrade_release")
    lines = new_world.progress.lines
    cleared = [place for place, line in enumerate(lines) if line.endswith(": no findings")]
    assert len(cleared) == 4
    assert cleared[-1] < lines.index("== deploy")


def test_latest_moves_after_everything_else(new_world: FakeWorld) -> None:
    new_world.run()
    assert [effect for effect in new_world.done() if effect.endswith(":latest")] == new_world.done()[-4:]


def test_one_changed_service_is_built_and_the_other_two_keep_their_tags(world: FakeWorld) -> None:
    before = world.cluster.running()
    head = world.change(NOTIFICATION)
    report = world.run()
    assert world.actions() == {NOTIFICATION: "build"}
    assert world.cluster.running() == {**before, NOTIFICATION: head[:7]}
    assert proven(report) == [NOTIFICATION]
    assert world.verbs().count("push") == 1


def test_a_kept_tag_is_written_although_the_checkout_says_latest(world: FakeWorld) -> None:
    before = world.cluster.running()[REQUEST]
    head = world.change(NOTIFICATION)
    world.run()
    text = world.values.read_text(encoding="utf-8")
    assert text.count(f'tag: "{before}@sha256:') == 2
    assert text.count(f'tag: "{head[:7]}@sha256:') == 1


def test_the_employee_service_alone_makes_no_revision(world: FakeWorld) -> None:
    world.change(EMPLOYEE)
    report = world.run()
    assert world.actions() == {EMPLOYEE: "build"}
    assert len(world.helm.revisions) == 1
    assert world.verbs() == ["package", "build_image", "push", "tag", "update_function", "tag"]
    assert proven(report) == [EMPLOYEE]


def test_the_function_is_updated_by_digest(world: FakeWorld) -> None:
    head = world.change(EMPLOYEE)
    world.run()
    digest = world.registry.tags[FUNCTION_REPOSITORY, head[:7]]
    assert world.functions.states[FUNCTION].image.endswith(f"/{FUNCTION_REPOSITORY}@{digest}")


def test_a_chart_change_redeploys_running_tags_without_building(world: FakeWorld) -> None:
    before = world.cluster.running()
    world.change(CHART)
    report = world.run()
    assert world.actions() == dict.fromkeys((*EKS, CHART), "redeploy")
    assert world.cluster.running() == before
    assert world.verbs() == ["write_file", "upgrade_release"]
    assert proven(report) == list(EKS)


def test_the_same_commit_again_performs_nothing(world: FakeWorld) -> None:
    report = world.run()
    assert report.outcome == "nothing"
    assert world.done() == []
    assert report.stages[-1].name == "prove again"
    assert len(proven(report)) == len(IMAGES)


def test_a_file_that_belongs_to_nobody_performs_nothing(world: FakeWorld) -> None:
    world.commit({"README.md": "changed\n"})
    assert world.run().outcome == "nothing"
    assert world.done() == []


def test_a_shared_input_builds_all_images(world: FakeWorld) -> None:
    world.commit({"backend/proto/approval.proto": "changed\n"})
    world.run()
    assert world.actions() == dict.fromkeys(IMAGES, "build")


def test_the_next_run_compares_with_what_this_one_deployed(world: FakeWorld) -> None:
    first = world.checkout.head()
    second = world.change(NOTIFICATION)
    world.run()
    world.change(EMPLOYEE)
    report = world.run()
    assert report.plan is not None
    commits = {step.target.name: step.baseline.commit for step in report.plan.steps}
    assert commits == {**dict.fromkeys(EVERYTHING, first), NOTIFICATION: second, CHART: second}
    assert world.actions() == {EMPLOYEE: "build"}


def test_the_report_tells_the_tags_that_run(world: FakeWorld) -> None:
    before = world.checkout.head()[:7]
    head = world.change(NOTIFICATION)
    deployment = world.run().deployment
    assert deployment is not None
    assert deployment.tags_after == {**dict.fromkeys(EKS, before), NOTIFICATION: head[:7]}
