"""The generated sample of many services: what it says of itself is what a run reads of it, without a sandbox."""

from pathlib import Path

import pytest

from erp_build.config.load import load_project
from erp_build.formats.dockerfile.direct.reading import obstacles_of
from erp_build.formats.values.file import set_tags
from sandbox.sample import many_repository
from sandbox.sample.erp_repository import VALUES
from tests.support.cli import CommandLine, built
from tests.support.git import Checkout

SERVICES = many_repository.names(50)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    program = folder / "program"
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    many_repository.make(folder / "repository", "many", SERVICES, program)
    return folder / "repository"


def test_its_services_are_those_of_its_configuration_and_of_its_values(repository: Path) -> None:
    project = load_project(repository)
    assert [service.name for service in project.services] == list(SERVICES)
    keys = {service.values_key: "abc1234" for service in project.services}
    text = set_tags((repository / VALUES).read_bytes(), keys, where="values")
    assert text.count(b'tag: "abc1234"') == len(SERVICES)


def test_its_images_need_no_engine() -> None:
    assert obstacles_of(many_repository.DOCKERFILE) == ()


def test_the_program_may_be_run_in_every_checkout(repository: Path) -> None:
    listed = Checkout(repository).git("ls-files", "--stage", "--", "services/*/busybox").splitlines()
    assert len(listed) == len(SERVICES)
    assert all(line.startswith("100755 ") for line in listed)


@pytest.mark.parametrize("number", [0, 1, 10])
def test_a_change_builds_those_services_alone(
    repository: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = list(SERVICES[:number])
    if changed:
        many_repository.change_services(repository, changed, f"good morning {number}")
    else:
        many_repository.change_nothing(repository, "for people")
    plan = CommandLine(capsys)("plan", "--repo", repository, "--base", "HEAD~1", "--json")
    assert plan.code == 0, plan.err
    assert built(plan.out) == changed
