"""The image of Dockerfile.runner: what is in it, what is not, and the demo in it, as `make demo RUNNER=1` plays it."""

import fnmatch
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.codebuild import build_container, runner_image
from sandbox.codebuild.build_container import BuildContainer
from sandbox.codebuild.buildspec import full_clone, run_buildspec
from sandbox.docker import engine
from sandbox.lifecycle import up
from sandbox.paths import ROOT
from sandbox.sample import erp_commits, erp_repository
from sandbox.tenants.tenant import FUNCTION_PASSWORD
from tests.world.conftest import Erp

pytestmark = pytest.mark.world

LARGEST = 1200
"""Megabytes; the image has 1070 (docs/runner.md)."""

OWN_CERTIFICATES = Path("/usr/local/share/ca-certificates")
PINNED = re.compile(r'"([a-z0-9.-]+)=([^"]+)"')


@pytest.fixture(scope="module", autouse=True)
def _image() -> None:
    up((runner_image.RUNNER_IMAGE,))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of sources that the container sees, and that everybody in it may read."""
    folder = tmp_path_factory.mktemp("sources")
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def container(sources: Path) -> Iterator[BuildContainer]:
    """A build container that has not run anything yet."""
    with build_container.started(sources) as machine:
        yield machine


def printed(container: BuildContainer, *words: str, user: str = "", folder: Path = Path("/")) -> str:
    code, output = container.run(list(words), folder, user=user)
    assert code == 0, output
    return output.strip()


def test_each_act_of_the_demo_leaves_its_report_and_its_artifacts(demonstrated: Erp) -> None:
    folder = demonstrated.repository.parent
    reports = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("?-*.json")}
    assert {name: report["exit_code"] for name, report in reports.items()} == {
        "1-first": 0,
        "2-service": 0,
        "3-function": 0,
        "4-replicas": 0,
        "5-critical": 6,
    }
    assert [name for name in reports if not (folder / name / "report.json").exists()] == []


def test_every_tool_has_the_version_that_is_pinned(container: BuildContainer) -> None:
    versions = tomllib.loads((ROOT / "sandbox" / "versions.toml").read_text(encoding="utf-8"))
    assert printed(container, "helm", "version", "--template", "{{.Version}}") == versions["go"]["helm3"]
    pinned = dict(PINNED.findall((ROOT / "Dockerfile.runner").read_text(encoding="utf-8")))
    lines = printed(container, "cat", "/usr/share/erp-build/packages.txt").splitlines()
    installed = {name.partition(":")[0]: version for name, version in (line.split("\t") for line in lines)}
    assert set(pinned) == {"docker.io", "git", "iptables", "maven", "openjdk-17-jdk-headless"}
    assert [name for name in pinned if not fnmatch.fnmatchcase(installed[name], pinned[name])] == []
    assert "Apache Maven 3.8.7" in printed(container, "mvn", "--version")
    assert printed(container, "javac", "-version").startswith("javac 17.")


def test_maven_maps_the_archive_of_classes_that_the_image_brings(container: BuildContainer) -> None:
    archive = printed(container, "sh", "-c", 'echo "$ERP_BUILD_MAVEN_CLASSES"')
    # With "on" in place of "auto" a JVM ends where it cannot map its archive.
    strict = f'MAVEN_OPTS="-Xshare:on -XX:SharedArchiveFile={archive}" mvn --version'
    assert "Apache Maven 3.8.7" in printed(container, "sh", "-c", strict)
    code, output = container.run(["sh", "-c", strict.replace("maven-classes", "no-classes")], Path("/"))
    assert code, output


def test_every_python_package_is_one_of_the_lock_files(container: BuildContainer) -> None:
    locked = "".join((ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8") for name in ("run", "build"))
    pinned = {line.split()[0] for line in locked.splitlines() if "==" in line}
    installed = json.loads(printed(container, "python3", "-m", "pip", "list", "--format", "json"))
    names = {re.sub(r"[-_.]+", "-", package["name"]).lower(): package["version"] for package in installed}
    assert names.keys() >= {"pip", "erp-build", "boto3", "kubernetes"}
    assert {f"{name}=={names[name]}" for name in names.keys() - {"pip", "erp-build"}} <= pinned


def test_a_repository_that_pins_erp_build_gets_that_one_without_any_index(
    container: BuildContainer, demonstrated: Erp, sources: Path
) -> None:
    origin = full_clone(demonstrated.repository, demonstrated.commit, sources / "origin")
    commit = erp_commits.vendor(origin)
    source = full_clone(origin, commit, sources / "pinned")
    before = printed(container, "erp-build", "--version")
    variables = build_container.variables(demonstrated.tenant, {"PIP_NO_INDEX": "1"})
    build = run_buildspec(source, commit, variables, container)
    assert build.succeeded, build.output
    assert printed(container, "erp-build", "--version").startswith(f"{before}+")
    report = json.loads((source / "erp-build-report" / "report.json").read_text(encoding="utf-8"))
    assert (report["outcome"], report["head"]) == ("nothing", commit)
    with engine.client() as ours:
        assert printed(container, "docker", "info", "--format", "{{.ID}}") != ours.info()["ID"]


def test_what_needs_no_engine_runs_as_an_ordinary_user(container: BuildContainer, sources: Path) -> None:
    repository = erp_repository.make(sources / "erp").root
    erp_commits.change_service(repository, "notification-service")
    assert printed(container, "id", "--user", user="erp-build") != "0"
    words = ("erp-build", "plan", "--base", "HEAD~1", "--json")
    plan = json.loads(printed(container, *words, user="erp-build", folder=repository).splitlines()[-1])
    assert [target["name"] for target in plan["targets"] if target["action"] == "build"] == ["notification-service"]


def test_without_privileged_mode_it_says_what_to_switch_on() -> None:
    with engine.client() as api:
        made = api.containers.run(runner_image.RUNNER_IMAGE.image, ["start-engine"], entrypoint=[], detach=True)
        try:
            assert made.wait()["StatusCode"] == 1
            assert b"privileged mode" in made.logs()
        finally:
            made.remove(force=True)


def test_nothing_of_this_machine_is_in_the_image() -> None:
    needles = {FUNCTION_PASSWORD.encode(), str(ROOT).encode()}
    for certificate in OWN_CERTIFICATES.glob("*.crt"):
        needles.add(certificate.read_bytes().splitlines()[5])
    with engine.client(timeout=600) as api:
        image = api.images.get(runner_image.RUNNER_IMAGE.image)
        assert _found(image.save(chunk_size=8 << 20), needles) == set()
        names = {variable.partition("=")[0] for variable in image.attrs["Config"]["Env"]}
        size = image.attrs["Size"] / 1e6
    assert names == {"PATH", "LANG", "ERP_BUILD_MAVEN_CLASSES"}
    assert size < LARGEST


def _found(chunks: Iterator[bytes], needles: set[bytes]) -> set[bytes]:
    """Which needles a stream holds; layers are plain archives, so files lie in it as they are."""
    pattern, longest = re.compile(b"|".join(map(re.escape, needles))), max(map(len, needles))
    found, tail = set(), b""
    for chunk in chunks:
        text = tail + chunk
        found |= set(pattern.findall(text))
        tail = text[-longest:]
    return found


def test_helm_renders_without_a_cluster_for_the_version_that_it_was_made_for(container: BuildContainer) -> None:
    chart = 'name: a\\nversion: 1.0.0\\napiVersion: v2\\nkubeVersion: ">=1.25.0"\\n'
    words = f"mkdir -p /tmp/chart/templates && printf '{chart}' >/tmp/chart/Chart.yaml && helm template a /tmp/chart"
    code, output = container.run(["sh", "-c", words], Path("/"))
    assert code == 0, output
