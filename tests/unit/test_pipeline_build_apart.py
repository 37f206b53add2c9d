"""Several releases: `build` makes the images of each by itself, and each has workers of its own."""

from pathlib import Path

import pytest

from erp_build.errors import BuildFailed, PushFailed
from erp_build.model.build_options import FanOut
from erp_build.report.document import report_document
from tests.fakes.several import SeveralReleases, several_releases
from tests.support.samples import EMPLOYEE

A, B, C = "service-a", "service-b", "service-c"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> SeveralReleases:
    """Three releases that were deployed, made once."""
    return several_releases(tmp_path_factory.mktemp("several") / "world", ("a", "b", "c"))


@pytest.fixture
def world(template: SeveralReleases, tmp_path: Path) -> SeveralReleases:
    """Three releases that were deployed."""
    return template.copy_to(tmp_path / "world")


def test_images_of_several_releases_are_built_and_nothing_runs_otherwise(world: SeveralReleases) -> None:
    before = world.digests()
    world.change(A, B)
    report = world.build(A, B)
    assert report.outcome == "built"
    assert world.outcomes() == {"a": "built", "b": "built", "c": "left out"}
    assert [image.target for image in report.images] == [A, B]
    assert set(world.verbs()) == {"package", "build_image", "push", "tag"}
    assert world.digests() == before


def test_a_run_afterwards_takes_those_images(world: SeveralReleases) -> None:
    world.change(A, C)
    built = {image.target: image.digest for image in world.build(A, C).images}
    world.run()
    assert world.actions() == {A: "reuse", C: "reuse"}
    assert {name: digest for name, digest in world.digests().items() if name in built} == built


def test_a_second_time_nothing_is_built(world: SeveralReleases) -> None:
    world.change(A)
    world.build()
    assert world.build().outcome == "nothing"
    assert world.outcomes() == dict.fromkeys("abc", "nothing")


def test_what_does_not_compile_keeps_no_other_release_from_its_images(world: SeveralReleases) -> None:
    world.change(A, B, C)
    world.effects.does_not_compile(B)
    with pytest.raises(BuildFailed):
        world.build()
    assert world.report.outcome == "failed"
    assert world.outcomes() == {"a": "built", "b": "failed", "c": "built"}
    assert {image.target for image in world.report.images} >= {A, C}


def test_two_failures_are_told_as_one(world: SeveralReleases) -> None:
    world.change(A, B, C)
    world.registry.repositories -= {"erp/service-a", "erp/service-c"}
    with pytest.raises(PushFailed, match="2 targets failed") as caught:
        world.build()
    assert "erp/service-a" in caught.value.why
    assert "erp/service-c" in caught.value.why
    document = report_document(world.report)
    assert [(one["outcome"], one["exit_code"]) for one in document["units"]] == [
        ("failed", 5),
        ("built", 0),
        ("failed", 5),
    ]


def test_each_release_has_workers_of_its_own(world: SeveralReleases) -> None:
    fan_out = FanOut(workers=2, least=1, project="erp-workers", timeout=1800.0)
    world.project = world.project._replace(build=world.project.build._replace(fan_out=fan_out))
    world.change(A, B, EMPLOYEE)
    report = world.run()
    assert report.outcome == "deployed"
    asked = {(one.request.fleet.rpartition("/")[2], one.request.names) for one in world.fleet.builds.values()}
    assert {release for release, _ in asked} == {"release-a", "release-b"}
    assert {name for _, names in asked for name in names} == {A, B, EMPLOYEE}
    assert {name for worker in report.workers for name in worker.made} == {A, B, EMPLOYEE}
    assert "build_image" not in world.verbs()
