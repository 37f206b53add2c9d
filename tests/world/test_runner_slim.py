"""The stage `slim` of Dockerfile.runner: what is in it and what is not, and runs in it that no engine answers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.codebuild import build_container, runner_image
from sandbox.codebuild.build_container import BuildContainer
from sandbox.codebuild.buildspec import full_clone, run_buildspec
from sandbox.demo import run_modes
from sandbox.docker import engine
from sandbox.lanes import in_lane
from sandbox.lifecycle import up
from sandbox.sample import erp_repository
from sandbox.tenants import provisioning
from tests.world.conftest import Erp
from tests.world.test_runner import printed

pytestmark = pytest.mark.world

SAVED = 250
"""Megabytes that the slim image is smaller by, at least (docs/runner.md)."""

OF_THE_ENGINE = ("docker", "dockerd", "containerd", "runc", "iptables", "docker-buildx")
SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock")


@pytest.fixture(scope="module", autouse=True)
def _images() -> None:
    up((runner_image.RUNNER_IMAGE, runner_image.SLIM_IMAGE))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of sources that the container sees."""
    return tmp_path_factory.mktemp("slim-sources")


@pytest.fixture(scope="module")
def container(sources: Path) -> Iterator[BuildContainer]:
    """An unprivileged build container of the slim image."""
    with build_container.started_without_engine(sources) as machine:
        yield machine


def test_it_has_what_a_run_calls_and_nothing_of_an_engine(container: BuildContainer) -> None:
    for words in (("git", "--version"), ("mvn", "--version"), ("javac", "-version"), ("helm", "version")):
        printed(container, *words)
    assert printed(container, "erp-build", "--version")
    found = printed(container, "find", "/", "-xdev", "(", *_named(OF_THE_ENGINE), ")", "-type", "f")
    assert found == ""
    packages = printed(container, "cat", "/usr/share/erp-build/packages.txt")
    assert not [line for line in packages.splitlines() if line.startswith(("docker", "containerd", "runc", "iptables"))]


def test_it_is_smaller_by_the_engine_and_its_programs() -> None:
    saved = runner_image.RUNNER_IMAGE.size() - runner_image.SLIM_IMAGE.size()
    assert saved / 1e6 > SAVED


def test_no_engine_can_be_reached_and_the_container_may_not_mount(container: BuildContainer) -> None:
    assert [name for name in SOCKETS if container.run(["test", "-e", name])[0] == 0] == []
    assert printed(container, "sh", "-c", "echo ${DOCKER_HOST:-none}") == "none"
    assert container.run(["mount", "-t", "tmpfs", "none", "/mnt"])[0] != 0
    assert printed(container, "start-engine") == "start-engine: this image has no engine, and none is started"


def test_maven_maps_the_archive_of_classes_that_the_image_brings(container: BuildContainer) -> None:
    archive = printed(container, "sh", "-c", 'echo "$ERP_BUILD_MAVEN_CLASSES"')
    strict = f'MAVEN_OPTS="-Xshare:on -XX:SharedArchiveFile={archive}" mvn --version'
    assert "Apache Maven 3.8.7" in printed(container, "sh", "-c", strict)


def test_the_same_buildspec_runs_in_it_where_nothing_is_to_be_built(
    container: BuildContainer, demonstrated: Erp, sources: Path
) -> None:
    source = full_clone(demonstrated.repository, demonstrated.commit, sources / "erp")
    build = run_buildspec(source, demonstrated.commit, build_container.variables(demonstrated.tenant), container)
    assert build.succeeded, build.output
    report = json.loads((source / "erp-build-report" / "report.json").read_text(encoding="utf-8"))
    assert (report["outcome"], report["head"]) == ("nothing", demonstrated.commit)


def test_a_first_deployment_is_built_and_proven_without_any_engine(sources: Path) -> None:
    tenant = provisioning.create(in_lane("slim"))
    try:
        repository = erp_repository.make(sources / "first", tenant.name).root
        done = run_modes.in_a_build_container(engine=False)(tenant, repository, sources / "first.json")
        assert done.code == 0
        assert done.report["outcome"] == "deployed"
        # None is the chart's.
        assert {target["origin"] for target in done.report["targets"]} == {"built", None}
    finally:
        provisioning.remove(tenant)


def test_the_entrypoint_becomes_the_command_without_a_word() -> None:
    with engine.client() as api:
        assert api.containers.run(runner_image.SLIM_IMAGE.image, ["echo", "two words"], remove=True) == b"two words\n"


def _named(names: tuple[str, ...]) -> list[str]:
    """The condition of `find` for any of these names."""
    return [word for name in names for word in ("-o", "-name", name)][1:]
