"""Images made by the real Maven, engine and registry: what is built, what is reused, and a registry that disturbs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws.client import client
from sandbox.aws.fault_proxy.client import Faults
from sandbox.erp_build_process import Finished
from sandbox.lanes import in_lane
from sandbox.tenants import provisioning
from tests.world.building import OTHER, SERVICE, Workplace, small_disk, tiny

pytestmark = pytest.mark.world


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return tiny(tmp_path_factory.mktemp("tiny"), provisioning.create(in_lane("built")))


@pytest.fixture
def place(workplace: Workplace) -> Iterator[Workplace]:
    """The repository with content that no image has."""
    workplace.git("checkout", "--quiet", "main")
    workplace.forget()
    workplace.edit()
    yield workplace
    workplace.forget()


@pytest.fixture
def without_programs(tmp_path: Path) -> dict[str, str]:
    """Variables of a machine that has Git, and neither Maven nor an engine."""
    git = shutil.which("git")
    assert git
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(git)
    return {"PATH": str(tmp_path / "bin"), "DOCKER_HOST": "unix:///nowhere/docker.sock"}


def made(done: Finished, name: str = SERVICE) -> str:
    """The digest of an image that was built, or taken."""
    assert done.code == 0, done.stderr
    return next(str(target["built"]) for target in done.report["targets"] if target["name"] == name)


def actions(done: Finished) -> dict[str, str]:
    return {target["name"]: target["action"] for target in done.report["targets"] if target["action"] != "none"}


def effects(done: Finished) -> list[str]:
    return [effect["name"] for effect in done.report["effects"] if effect["state"] == "performed"]


def test_one_service_is_one_image_with_its_commit_and_its_content_as_tags(place: Workplace) -> None:
    done = place.build(SERVICE)
    digest, found = made(done), place.in_registry()
    key = max((name for name in found if name.startswith("key-")), key=len)
    # The second key is that of the content alone, whatever JDK and base it was built with.
    assert found == dict.fromkeys((place.tag, key, key.rpartition("-")[0]), digest)
    assert place.in_registry(OTHER) == {}
    assert effects(done) == ["package", "build_image", "push", "tag", "tag"]
    assert "Critical path: " in done.stdout
    assert 'left alone (tests = "skip")' in done.stdout


def test_nothing_to_build_needs_neither_maven_nor_an_engine(place: Workplace, without_programs: dict[str, str]) -> None:
    done = place.build(variables=without_programs)
    assert done.code == 0, done.stderr
    assert (done.report["effects"], place.in_registry()) == ([], {})


def test_content_that_comes_back_is_tagged_again_without_maven_and_engine(
    place: Workplace, without_programs: dict[str, str]
) -> None:
    first = made(place.build(SERVICE))
    place.edit()
    assert made(place.build(SERVICE)) != first
    place.git("revert", "--no-edit", "HEAD")
    done = place.build(SERVICE, variables=without_programs)
    assert made(done) == first == place.in_registry()[place.tag]
    assert (actions(done), effects(done)) == ({SERVICE: "reuse"}, ["tag"])
    assert "1 of 1 reused: no Maven, no Docker, 1" in done.stdout
    assert done.report["targets"][0]["saved"] > 10_000_000


def test_what_another_branch_built_is_taken_under_the_merges_tag(
    place: Workplace, without_programs: dict[str, str]
) -> None:
    place.git("checkout", "--quiet", "-b", f"feature-{place.tag}")
    place.edit()
    first = made(place.build(SERVICE))
    branch = place.tag
    place.git("checkout", "--quiet", "main")
    place.edit(OTHER)
    place.git("merge", "--quiet", "--no-edit", "@{-1}")
    done = place.build(SERVICE, variables=without_programs)
    assert made(done) == first
    assert place.tag != branch
    assert {place.in_registry()[tag] for tag in (branch, place.tag)} == {first}
    assert actions(done) == {SERVICE: "reuse"}


def test_an_immutable_repository_takes_every_image_once(place: Workplace, without_programs: dict[str, str]) -> None:
    ecr, repository = client("ecr"), place.repository()
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    killed = place.build(SERVICE, when="pushed", sign="SIGKILL")
    assert (killed.code, list(place.in_registry())) == (-9, [place.tag])
    again = place.build(SERVICE)
    assert "with the same content: used as it is" in again.stderr
    assert {made(again)} == set(place.in_registry().values())
    done = place.build(SERVICE, variables=without_programs)
    assert (made(done), actions(done)) == (made(again), {SERVICE: "reuse"})


def test_an_image_whose_tag_other_content_has_gets_one_with_a_number(place: Workplace) -> None:
    first = made(place.build(SERVICE))
    place.edit()
    ecr, repository = client("ecr"), place.repository()
    image = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": first}])["images"][0]
    ecr.put_image(repositoryName=repository, imageManifest=image["imageManifest"], imageTag=place.tag)
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    second = made(place.build(SERVICE))
    assert second != first
    found = place.in_registry()
    assert (found[place.tag], found[f"{place.tag}-2"]) == (first, second)


def test_a_sign_in_that_ends_between_two_pushes_is_renewed(place: Workplace) -> None:
    prefix = place.repository(OTHER)
    Faults().expire_sign_ins(prefix, expired=True)

    def renew(line: str) -> None:
        if "retrying" in line:
            Faults().expire_sign_ins(prefix, expired=False)

    try:
        done = place.build(SERVICE, OTHER, on_line=renew)
    finally:
        Faults().expire_sign_ins(prefix, expired=False)
    assert f"{OTHER}: the push broke off (the registry refused the image); retrying" in done.stderr
    assert f"{SERVICE}: the push broke off" not in done.stderr
    for name in (SERVICE, OTHER):
        assert set(place.in_registry(name).values()) == {made(done, name)}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_drops_around_the_manifest_costs_nothing(place: Workplace, when: str) -> None:
    Faults().drop_manifest(place.repository(), when)
    done = place.build(SERVICE)
    assert set(place.in_registry().values()) == {made(done)}
    assert len(place.in_registry()) == 3


def test_a_maven_without_memory_is_told_and_the_next_run_makes_the_image(place: Workplace) -> None:
    done = place.build(SERVICE, variables={"MAVEN_OPTS": "-Xmx10m"})
    assert done.code == 4
    assert "memory" in done.report["error"]["what"]
    assert place.in_registry() == {}
    digest = made(place.build(SERVICE))
    assert set(place.in_registry().values()) == {digest}


def test_a_full_disk_for_temporary_files_is_told_and_the_next_run_makes_the_image(
    place: Workplace, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "small", "5m") as folder:
        done = place.build(SERVICE, variables={"TMPDIR": str(folder)})
    assert done.code == 4
    assert done.report["error"]["what"] == "the disk is full"
    assert "TMPDIR" in done.report["error"]["next"]
    assert place.in_registry() == {}
    digest = made(place.build(SERVICE))
    assert set(place.in_registry().values()) == {digest}
