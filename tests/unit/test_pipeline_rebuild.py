"""The run where an image is built anew: its base has moved, `--rebuild` asks, or the checkout is not the commit."""

import pytest

from erp_build.changes.make_plan import WHAT_IS_STALE, names_to_rebuild
from erp_build.errors import ConfigurationError, GateBlocked
from erp_build.model.plan import Step
from erp_build.run_options import Options
from tests.fakes.registry import scan
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support.samples import CHART, EMPLOYEE, ERP, NOTIFICATION, PROCESSING, REQUEST

REPOSITORY = f"erp/{NOTIFICATION}"
BASE = "eclipse-temurin:17-jre"
OLD, NEW = "sha256:" + "b" * 64, "sha256:" + "c" * 64
SOURCE = "backend/notification-service/src/App.java"
IMAGES = (REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE)


@pytest.fixture
def based(world: FakeWorld) -> FakeWorld:
    """The notification service was built on a base whose registry says its digest, and runs."""
    world.assembly.bases[BASE] = OLD
    world.commit({"backend/notification-service/Dockerfile": f"FROM {BASE}\n"})
    world.run()
    return world


def step_of(world: FakeWorld, name: str = NOTIFICATION) -> Step:
    assert world.report.plan is not None
    return next(step for step in world.report.plan.steps if step.target.name == name)


def rules_of(world: FakeWorld, name: str = NOTIFICATION) -> list[str]:
    return [reason.rule for reason in step_of(world, name).because]


def blocked(world: FakeWorld) -> str:
    """A change of the notification service that the gate has stopped; returns its digest."""
    world.change(NOTIFICATION)
    world.registry.answers(REPOSITORY, scan(CRITICAL=1))
    with pytest.raises(GateBlocked):
        world.run()
    digest = world.report.images[0].digest
    # What is scanned later is clean, and what was found in this image stays.
    world.registry.answers(REPOSITORY, scan())
    world.registry.answers(digest, scan(CRITICAL=1))
    return digest


def test_an_image_has_the_keys_of_its_content_and_of_what_it_is_built_on(based: FakeWorld) -> None:
    tags = based.registry.tags_of(based.cluster.digest(NOTIFICATION))
    whole = f"key-{step_of(based).key}"
    assert {tag for tag in tags if tag.startswith("key-")} == {whole, whole.rpartition("-")[0]}
    assert based.registry.keys[based.cluster.digest(NOTIFICATION)] == step_of(based).key


def test_a_base_that_moves_builds_nothing_by_itself(based: FakeWorld) -> None:
    based.assembly.bases[BASE] = NEW
    based.assembly.asked.clear()
    assert based.run().outcome == "nothing"
    assert based.assembly.asked == []


def test_a_base_that_moves_builds_nothing_where_only_keys_tell_what_changed(based: FakeWorld) -> None:
    based.assembly.bases[BASE] = NEW
    based.registry.revisions.clear()
    assert based.run().outcome == "nothing"
    assert "same content as what runs" in rules_of(based)[0]


def test_a_jdk_that_moves_builds_nothing_by_itself(based: FakeWorld) -> None:
    based.assembly.jdk = 21
    based.registry.revisions.clear()
    assert based.run().outcome == "nothing"


def test_what_comes_back_is_reused_while_its_base_stays(based: FakeWorld) -> None:
    digest = based.cluster.digest(NOTIFICATION)
    based.change(NOTIFICATION)
    based.run()
    based.revert()
    based.run()
    assert based.actions() == {NOTIFICATION: "reuse"}
    assert based.cluster.digest(NOTIFICATION) == digest


@pytest.mark.parametrize("moved", ["base", "jdk"])
def test_what_comes_back_is_built_anew_when_its_base_or_the_jdk_has_moved(based: FakeWorld, moved: str) -> None:
    digest = based.cluster.digest(NOTIFICATION)
    based.change(NOTIFICATION)
    based.run()
    based.revert()
    if moved == "base":
        based.assembly.bases[BASE] = NEW
    else:
        based.assembly.jdk = 21
    based.run()
    assert based.actions() == {NOTIFICATION: "build"}
    assert based.cluster.digest(NOTIFICATION) != digest
    assert step_of(based).bases == ((BASE, based.assembly.bases[BASE]),)


def test_a_base_that_cannot_be_asked_lets_reuse_go_on_and_the_plan_says_so(based: FakeWorld) -> None:
    digest = based.cluster.digest(NOTIFICATION)
    based.change(NOTIFICATION)
    based.run()
    based.revert()
    based.assembly.bases.clear()
    report = based.run()
    assert based.actions() == {NOTIFICATION: "reuse"}
    assert based.cluster.digest(NOTIFICATION) == digest
    assert report.plan is not None
    (said,) = [text for text in report.plan.warnings if BASE in text]
    assert f"the digest of {BASE} cannot be asked ({BASE}: no such host)" in said
    assert f"{NOTIFICATION}: an image of the same files is reused" in said


def test_a_base_is_asked_only_for_what_is_built(based: FakeWorld) -> None:
    based.assembly.asked.clear()
    based.change(EMPLOYEE)
    based.run()
    assert based.assembly.asked == []


def test_a_base_that_is_named_by_its_digest_is_asked_nobody(world: FakeWorld) -> None:
    world.commit({"backend/notification-service/Dockerfile": f"FROM {BASE}@{OLD}\n"})
    world.run()
    assert world.assembly.asked == []
    assert step_of(world).bases == ((f"{BASE}@{OLD}", OLD),)
    assert "-" in step_of(world).key


def test_a_blocked_image_is_judged_again_without_a_build(based: FakeWorld) -> None:
    digest = blocked(based)
    with pytest.raises(GateBlocked):
        based.run()
    assert based.actions() == {NOTIFICATION: "reuse"}
    based.registry.answers(digest, scan())
    based.run()
    assert based.actions() == {NOTIFICATION: "reuse"}
    assert based.cluster.digest(NOTIFICATION) == digest


def test_a_blocked_image_is_built_anew_when_its_base_was_fixed_under_the_same_tag(based: FakeWorld) -> None:
    digest = blocked(based)
    based.assembly.bases[BASE] = NEW
    based.run()
    assert based.actions() == {NOTIFICATION: "build"}
    assert based.cluster.digest(NOTIFICATION) not in ("", digest)


def test_a_blocked_image_is_built_anew_when_it_is_asked_for(based: FakeWorld) -> None:
    """What its Dockerfile downloads may be fixed as well, which nobody can ask."""
    digest = blocked(based)
    head = based.checkout.head()
    based.run(Options(rebuild=(NOTIFICATION,)))
    assert based.actions() == {NOTIFICATION: "build"}
    assert rules_of(based)[0] == "--rebuild"
    assert based.cluster.digest(NOTIFICATION) not in ("", digest)
    # The pods of the first tag would not have been replaced.
    assert based.cluster.running()[NOTIFICATION] == f"{head[:7]}-2"
    assert based.registry.revisions[based.cluster.digest(NOTIFICATION)] == head


def test_a_rebuilt_image_is_the_one_that_is_reused_from_then_on(based: FakeWorld) -> None:
    based.run(Options(rebuild=(NOTIFICATION,)))
    digest = based.cluster.digest(NOTIFICATION)
    based.change(NOTIFICATION)
    based.run()
    based.revert()
    based.run()
    assert based.actions() == {NOTIFICATION: "reuse"}
    assert based.cluster.digest(NOTIFICATION) == digest


def test_an_unchanged_service_is_built_anew_when_it_is_asked_for_and_no_other(based: FakeWorld) -> None:
    before = {name: based.cluster.digest(name) for name in (REQUEST, PROCESSING, NOTIFICATION)}
    based.run(Options(rebuild=(NOTIFICATION,)))
    assert based.actions() == {NOTIFICATION: "build"}
    after = {name: based.cluster.digest(name) for name in before}
    assert {name for name in before if before[name] != after[name]} == {NOTIFICATION}


def test_a_rebuilt_function_runs_the_new_image(based: FakeWorld) -> None:
    before = based.functions.states[FUNCTION].digest
    based.run(Options(rebuild=(EMPLOYEE,)))
    assert based.functions.states[FUNCTION].digest != before


def test_everything_may_be_rebuilt_at_once_also_where_tags_are_immutable(based: FakeWorld) -> None:
    based.registry.immutable = set(based.registry.repositories)
    before = set(based.latest().values())
    for repository in based.registry.repositories:
        del based.registry.tags[repository, "latest"]
    based.run(Options(rebuild=IMAGES))
    assert based.actions() == dict.fromkeys(IMAGES, "build")
    assert before.isdisjoint(based.latest().values())


def test_a_rebuild_names_services_and_functions_or_all_of_them() -> None:
    assert names_to_rebuild(ERP, None) == ()
    assert names_to_rebuild(ERP, [WHAT_IS_STALE]) == ()
    assert names_to_rebuild(ERP, ["*"]) == names_to_rebuild(ERP, ["*", EMPLOYEE]) == IMAGES
    assert names_to_rebuild(ERP, [EMPLOYEE, REQUEST, EMPLOYEE]) == (EMPLOYEE, REQUEST)


@pytest.mark.parametrize(("name", "hint"), [("employee-servise", "employee-service"), (CHART, "one of: approval")])
def test_a_rebuild_of_what_is_not_built_is_refused(name: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=f"--rebuild {name}: there is no such service or function") as caught:
        names_to_rebuild(ERP, [name])
    assert hint in caught.value.next_step


def test_a_rebuild_of_a_service_that_is_gone_leaves_it_alone(world: FakeWorld) -> None:
    world.checkout.git("rm", "-r", "--quiet", "backend/notification-service")
    world.checkout.commit()
    world.run(Options(rebuild=(NOTIFICATION,)))
    assert NOTIFICATION not in world.actions()


@pytest.mark.parametrize(
    ("label", "revision", "said"),
    [
        pytest.param("", "c" * 40, "its label names no key", id="no label"),
        pytest.param("9" * 40, "c" * 40, "its label names the key 999999999999", id="another key"),
        pytest.param(None, "", "its label names no commit", id="no commit"),
    ],
)
def test_an_image_that_is_not_what_its_tag_says_is_not_reused(
    world: FakeWorld, label: str | None, revision: str, said: str
) -> None:
    digest = world.cluster.digest(NOTIFICATION)
    world.change(NOTIFICATION)
    world.run()
    world.revert()
    if label is not None:
        world.registry.keys[digest] = label
    world.registry.revisions[digest] = revision
    world.run()
    assert world.actions() == {NOTIFICATION: "build"}
    assert said in rules_of(world)[-1]
    assert world.cluster.digest(NOTIFICATION) != digest


def test_a_dirty_image_says_so_in_its_tag_and_names_no_commit(world: FakeWorld) -> None:
    """The next run would take the commit for what it was built from, and would call a difference none."""
    head = world.change(NOTIFICATION)
    world.uncommitted = {SOURCE: "not committed\n"}
    report = world.run()
    (image,) = report.images
    assert (image.tag, image.commit) == (f"{head[:7]}-dirty", None)
    assert image.digest not in world.registry.revisions
    assert world.cluster.running()[NOTIFICATION] == f"{head[:7]}-dirty"
    assert report.plan is not None
    (said,) = [text for text in report.plan.warnings if "has no content key" in text]
    assert f"its tag says dirty: {SOURCE} is not as the commit has it" in said
    world.uncommitted = {}
    world.run()
    assert world.actions() == {NOTIFICATION: "build"}
    assert world.cluster.running()[NOTIFICATION] == head[:7]


def test_a_second_dirty_image_of_a_commit_has_a_tag_of_its_own(world: FakeWorld) -> None:
    head = world.change(NOTIFICATION)
    for number in (1, 2):
        world.uncommitted = {SOURCE: f"not committed {number}\n"}
        world.run()
    assert world.cluster.running()[NOTIFICATION] == f"{head[:7]}-dirty-2"


def test_an_untracked_file_that_maven_packs_takes_the_key_away(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.uncommitted = {"backend/notification-service/src/main/resources/application-local.yml": "x: 1\n"}
    report = world.run()
    assert step_of(world).key == ""
    assert not any(tag.startswith("key-") for tag in world.registry.tags_of(report.images[0].digest))


def test_a_dirty_chart_is_deployed_without_a_commit_in_its_description(world: FakeWorld) -> None:
    world.change(CHART)
    world.uncommitted = {"helm-chart/templates/hpa.yaml": "not committed\n"}
    world.run()
    world.uncommitted = {}
    world.run()
    assert CHART in world.actions()
    assert step_of(world, CHART).baseline.commit is None
