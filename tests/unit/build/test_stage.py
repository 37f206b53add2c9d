"""Building: jars, then images and pushes, and the images that are there already."""

import threading
import time
from collections.abc import Sequence

import pytest

from erp_build.build import stage
from erp_build.build.stage import build_images
from erp_build.clients.effects import ImageRequest, OnPackaged
from erp_build.errors import BuildFailed, ErpBuildError, OutOfReach, PushFailed, VerificationFailed
from erp_build.model.images.image import LocalImage, PushedImage
from erp_build.model.plan import Plan, Running
from erp_build.model.project import Function, Service
from tests.fakes.world import FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import (
    BASE,
    CHART,
    DIGEST,
    EMPLOYEE,
    HEAD,
    NOTIFICATION,
    PROCESSING,
    REQUEST,
    plan_of,
)

POM = "pom.xml"
KEY = "e" * 40


def build(world: FakeWorld, plan: Plan) -> dict[str, str]:
    """Make the plan's images; returns target -> digest."""
    return {image.target: image.digest for image in build_images(world.site(), plan)}


def with_keys(plan: Plan) -> Plan:
    return plan._replace(steps=tuple(step._replace(key=KEY) for step in plan.steps))


def test_one_maven_makes_all_jars_and_an_image_is_built_when_its_own_is_complete(new_world: FakeWorld) -> None:
    names = (REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE)
    build(new_world, plan_of(dict.fromkeys(names, POM)))
    done = new_world.done()
    assert [effect for effect in done if effect.startswith("package")] == [f"package {name}" for name in names]
    for name in names:
        assert done.index(f"package {name}") < done.index(f"build_image {name}")
    assert sorted(new_world.verbs()) == ["build_image"] * 4 + ["package"] * 4 + ["push"] * 4


def test_while_images_are_pushed_the_next_is_built_and_waits_for_its_turn(
    new_world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, images = new_world.assembly.pushes_at_once(), new_world.assembly.images_at_once()
    assert turns < images
    lock, all_built = threading.Lock(), threading.Event()
    pushing, most, built = 0, 0, 0
    build_image, push = new_world.effects.build_image, new_world.effects.push

    def build_and_count(request: ImageRequest) -> LocalImage:
        nonlocal built
        image = build_image(request)
        with lock:
            built += 1
            if built == images:
                all_built.set()
        return image

    def push_and_count(request: ImageRequest) -> PushedImage:
        nonlocal pushing, most
        with lock:
            pushing += 1
            most = max(most, pushing)
        assert all_built.wait(10), "no image was built beside the pushes"
        try:
            return push(request)
        finally:
            with lock:
                pushing -= 1

    monkeypatch.setattr(new_world.effects, "build_image", build_and_count)
    monkeypatch.setattr(new_world.effects, "push", push_and_count)
    assert len(build(new_world, plan_of(dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE), POM)))) == 4
    assert most == turns


def test_a_service_that_fails_after_its_jar_was_made_is_never_found_by_its_content(new_world: FakeWorld) -> None:
    new_world.effects.late_failures.add(PROCESSING)
    with pytest.raises(BuildFailed, match="Maven failed"):
        build(new_world, with_keys(plan_of(dict.fromkeys((REQUEST, PROCESSING), POM))))
    keyed = {repository for repository, tag in new_world.registry.tags if tag.startswith("key-")}
    assert keyed == {f"erp/{REQUEST}"}


@pytest.mark.parametrize("name", [NOTIFICATION, EMPLOYEE])
def test_an_image_for_another_platform_is_not_pushed(new_world: FakeWorld, name: str) -> None:
    new_world.effects.platform = "linux/arm64"
    with pytest.raises(BuildFailed, match="another platform") as caught:
        build(new_world, plan_of({name: POM}))
    assert caught.value.why == "the image is linux/arm64, but what runs it is linux/amd64"
    assert "push" not in new_world.verbs()


def test_the_nodes_are_asked_once_for_all_services_and_not_for_the_function(
    new_world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def architectures(cluster: str) -> frozenset[str]:
        asked.append(cluster)
        return frozenset({"amd64"})

    monkeypatch.setattr(new_world.cluster, "architectures", architectures)
    build(new_world, plan_of({EMPLOYEE: POM}))
    assert asked == []
    build(new_world, plan_of(dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION, EMPLOYEE), POM)))
    assert asked == ["erp-dev"]


def test_a_cluster_that_does_not_answer_keeps_the_function_from_nothing(
    new_world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> frozenset[str]:
        raise OutOfReach("the cluster cannot be reached", where="erp-dev")

    monkeypatch.setattr(new_world.cluster, "architectures", away)
    with pytest.raises(ErpBuildError, match="cannot be reached"):
        build(new_world, plan_of(dict.fromkeys((REQUEST, EMPLOYEE), POM)))
    assert [effect for effect in new_world.done() if effect.startswith("push")] == [
        "push erp/employee-service-lambda:aaaaaaa"
    ]


def test_nothing_of_the_stage_goes_on_after_a_failed_build(
    new_world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What still asks the cluster writes into the run's folder, which is removed next."""
    began, ended = threading.Event(), threading.Event()

    def architectures(_: str) -> frozenset[str]:
        began.set()
        time.sleep(0.2)
        ended.set()
        return frozenset({"amd64"})

    def fail(*_: object) -> None:
        assert began.wait(10)
        raise BuildFailed("Maven failed", where=REQUEST)

    monkeypatch.setattr(new_world.cluster, "architectures", architectures)
    monkeypatch.setattr(new_world.effects, "package", fail)
    with pytest.raises(BuildFailed, match="Maven failed"):
        build(new_world, plan_of({REQUEST: POM}))
    assert ended.is_set()


def test_what_images_begin_with_is_done_while_maven_works(
    new_world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = threading.Event()
    package = new_world.effects.package

    def prepare(requests: Sequence[ImageRequest]) -> None:
        assert [request.target.name for request in requests] == [REQUEST, EMPLOYEE]
        prepared.set()

    def package_later(targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:
        assert prepared.wait(10), "nothing is prepared before Maven has ended"
        package(targets, on_packaged)

    monkeypatch.setattr(new_world.effects, "prepare_images", prepare)
    monkeypatch.setattr(new_world.effects, "package", package_later)
    assert set(build(new_world, plan_of(dict.fromkeys((REQUEST, EMPLOYEE), POM)))) == {REQUEST, EMPLOYEE}


def test_a_bug_in_what_is_prepared_is_not_lost(new_world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare(_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(new_world.effects, "prepare_images", prepare)
    with pytest.raises(KeyError, match="a bug"):
        build(new_world, plan_of({EMPLOYEE: POM}))


def test_a_failed_build_does_not_wait_for_what_is_prepared(
    new_world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    enough = threading.Event()
    new_world.effects.failures["package", EMPLOYEE] = BuildFailed("Maven failed", where=EMPLOYEE)
    monkeypatch.setattr(new_world.effects, "prepare_images", lambda _: enough.wait(60))
    monkeypatch.setattr(stage, "PREPARATION_WAIT_S", 0.1)
    began = time.monotonic()
    with pytest.raises(BuildFailed, match="Maven failed"):
        build(new_world, plan_of({EMPLOYEE: POM}))
    assert time.monotonic() - began < 10
    enough.set()


def test_nothing_is_prepared_where_nothing_is_built(new_world: FakeWorld) -> None:
    build(new_world, plan_of({CHART: POM}))
    assert new_world.effects.prepared == []


def test_an_index_in_place_of_an_image_is_a_failed_push(new_world: FakeWorld) -> None:
    new_world.registry.manifest = '{"manifests": []}'
    with pytest.raises(PushFailed, match="an index instead of an image"):
        build(new_world, plan_of({EMPLOYEE: POM}))


def test_it_is_told_what_an_image_took(new_world: FakeWorld) -> None:
    (image,) = build_images(new_world.site(), plan_of({EMPLOYEE: POM}))
    assert image.timings is not None
    assert (image.timings.bytes_pushed, image.timings.size, image.timings.layered) == (50_000_000, 60_000_000, False)


def test_a_built_image_has_the_digest_of_the_registry_and_the_commit_as_label(new_world: FakeWorld) -> None:
    found = build(new_world, plan_of({EMPLOYEE: POM}))
    stored = new_world.registry.stored(FUNCTION_REPOSITORY, HEAD[:7])
    assert stored is not None
    assert found == {EMPLOYEE: stored.digest}
    assert new_world.registry.revision(stored) == HEAD


@pytest.mark.parametrize("effect", ["build_image", "push"])
def test_a_failure_lets_the_other_images_finish(new_world: FakeWorld, effect: str) -> None:
    new_world.effects.failures[effect, PROCESSING] = PushFailed("it failed", where=PROCESSING)
    with pytest.raises(PushFailed, match="it failed"):
        build(new_world, plan_of(dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION), POM)))
    pushed = {repository for repository, tag in new_world.registry.tags if tag == HEAD[:7]}
    assert pushed == {f"erp/{REQUEST}", f"erp/{NOTIFICATION}"}


def test_failures_of_all_images_are_named_together(new_world: FakeWorld) -> None:
    for name in (REQUEST, NOTIFICATION):
        new_world.effects.failures["build_image", name] = BuildFailed("no base image", where=name)
    with pytest.raises(BuildFailed, match="2 targets failed") as caught:
        build(new_world, plan_of(dict.fromkeys((REQUEST, PROCESSING, NOTIFICATION), POM)))
    assert caught.value.where == f"{REQUEST}, {NOTIFICATION}"


def test_an_image_that_is_gone_right_after_its_push_is_a_failed_push(new_world: FakeWorld) -> None:
    new_world.registry.expired.add(FUNCTION_REPOSITORY)
    with pytest.raises(PushFailed, match="just pushed is not in the registry"):
        build(new_world, with_keys(plan_of({EMPLOYEE: POM})))


def test_a_redeployment_takes_the_images_that_run(new_world: FakeWorld) -> None:
    images = build_images(new_world.site(), plan_of({CHART: POM}))
    assert [(image.target, image.origin, image.tag, image.digest, image.commit) for image in images] == [
        (name, "running", "0ld1234", DIGEST, BASE) for name in (REQUEST, PROCESSING, NOTIFICATION)
    ]
    assert new_world.done() == []


def _without(running: Running, lacking: str) -> Running:
    return running._replace(digest="") if lacking == "digest" else running._replace(tag="")


@pytest.mark.parametrize("lacking", ["digest", "tag"])
def test_a_redeployment_of_an_image_that_is_gone_says_so(new_world: FakeWorld, lacking: str) -> None:
    plan = plan_of({CHART: POM})
    steps = [step._replace(running=step.running and _without(step.running, lacking)) for step in plan.steps]
    with pytest.raises(VerificationFailed, match="not in the registry any more") as caught:
        build(new_world, plan._replace(steps=tuple(steps)))
    assert caught.value.where == REQUEST


def test_the_time_of_an_image_counts_its_jar(new_world: FakeWorld) -> None:
    build(new_world, plan_of({EMPLOYEE: POM}))
    assert any(line.startswith(f"{EMPLOYEE}: jar made in ") for line in new_world.progress.lines)
    assert any(line.startswith(f"{EMPLOYEE}: pushed {HEAD[:7]} as sha256:") for line in new_world.progress.lines)
