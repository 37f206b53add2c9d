"""What is asked of the machine before a build: the real assembly and the fake of the stage tests."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from erp_build.build.assembly import LocalAssembly
from erp_build.clients.effects import ImageRequest
from erp_build.clients.protocols import Assembly
from erp_build.errors import BuildFailed, ConfigurationError
from erp_build.model.build_options import BuildOptions
from erp_build.model.project import Service
from tests.contract.effects.conftest import INSPECTED, VERSION
from tests.fakes.account import FakeAssembly
from tests.support.assembly import assembly
from tests.support.loopback import Loopback

if TYPE_CHECKING:
    from erp_build.clients.aws.registry import EcrRegistry

OLDER, NEWER = "sha256:" + "2" * 64, "sha256:" + "3" * 64
BY_ENGINE = BuildOptions(builder="classic")
SERVICES = tuple(Service(name, f"backend/{name}", name, f"services.{name}") for name in ("a", "b"))


def without_program(root: Path) -> LocalAssembly:
    """Neither Maven nor engine is there."""
    return assembly(root, root / "scratch")


def fake_without_program(_: Path) -> FakeAssembly:
    fake = FakeAssembly()
    fake.missing = "Maven"
    return fake


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two services that could be built; no program in PATH."""
    for service in SERVICES:
        folder = tmp_path / service.path
        folder.mkdir(parents=True)
        for name in ("pom.xml", "Dockerfile"):
            (folder / name).write_text("x", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def give_maven(root: Path) -> None:
    for service in SERVICES:
        (root / service.path / "mvnw").write_text("exit 0\n", encoding="utf-8")


@pytest.mark.parametrize("make", [without_program, fake_without_program], ids=["local", "fake"])
def test_what_is_missing_concerns_a_build_alone(make: Callable[[Path], Assembly], root: Path) -> None:
    made = make(root)
    made.require_buildable(())
    with pytest.raises(BuildFailed, match="there is no Maven"):
        made.require_buildable(SERVICES)


def test_everything_that_a_build_needs_is_enough(root: Path, docker: Loopback) -> None:
    give_maven(root)
    assembly(root, root / "scratch").require_buildable(SERVICES)
    assert docker.asked[-1].path == f"/v{VERSION}/_ping"


@pytest.mark.usefixtures("docker")
@pytest.mark.parametrize(
    ("file", "what", "where"),
    [
        pytest.param("pom.xml", "the service has no pom.xml", "backend/b", id="pom"),
        pytest.param("Dockerfile", "there is no Dockerfile", "backend/b/Dockerfile", id="Dockerfile"),
    ],
)
def test_a_file_that_is_missing_in_the_last_service_is_named(root: Path, file: str, what: str, where: str) -> None:
    give_maven(root)
    (root / "backend" / "b" / file).unlink()
    with pytest.raises(BuildFailed, match=what) as caught:
        assembly(root, root / "scratch").require_buildable(SERVICES)
    assert caught.value.where.endswith(where)


def test_an_engine_that_does_not_answer_is_told_with_who_needs_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_maven(root)
    first, second = SERVICES[:2]
    (root / first.path / "Dockerfile").write_text("FROM a\nRUN true\n", encoding="utf-8")
    (root / second.path / "Dockerfile").write_text("FROM a\nCOPY pom.xml /\n", encoding="utf-8")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(BuildFailed, match="no Docker engine answers") as caught:
        assembly(root, root / "scratch").require_buildable([first, second])
    assert f"{first.name} needs one: line 2: RUN: it needs a container to run in" in caught.value.why
    assert f"{second.name} needs" not in caught.value.why


def test_a_base_image_is_asked_for_once_a_run(root: Path, docker: Loopback) -> None:
    digest = "sha256:" + "1" * 64
    docker.serve(f"/v{VERSION}/images/eclipse-temurin:17-jre/json", {"message": "No such image: it"}, 404)
    docker.serve(f"/v{VERSION}/distribution/eclipse-temurin:17-jre/json", {"Descriptor": {"digest": digest}})
    made = assembly(root, root / "scratch")
    assert [made.base_digest(SERVICES[0], "eclipse-temurin:17-jre") for _ in range(3)] == [digest] * 3
    assert [asked.path for asked in docker.asked if "distribution" in asked.path] == [
        f"/v{VERSION}/distribution/eclipse-temurin:17-jre/json"
    ]


def test_a_base_image_that_cannot_be_asked_for_is_asked_for_once_as_well(root: Path, docker: Loopback) -> None:
    """A registry that does not answer would cost each service its time."""
    docker.serve(f"/v{VERSION}/images/eclipse-temurin:17-jre/json", {"message": "No such image: it"}, 404)
    docker.serve(f"/v{VERSION}/distribution/eclipse-temurin:17-jre/json", {"message": "no such host"}, 500)
    made = assembly(root, root / "scratch")
    for _ in range(2):
        with pytest.raises(BuildFailed, match="the Docker engine refused a request"):
            made.base_digest(SERVICES[0], "eclipse-temurin:17-jre")
    assert len([asked.path for asked in docker.asked if "distribution" in asked.path]) == 1


@pytest.mark.parametrize(("asked", "release"), [("17", 17), ("21", 21), ("18", 21), ("22", None), ("", 17)])
def test_the_jdk_that_counts_is_the_one_that_maven_gets(
    root: Path, monkeypatch: pytest.MonkeyPatch, asked: str, release: int | None
) -> None:
    for number in (17, 21):
        home = root / f"jdk-{number}"
        home.mkdir()
        (home / "release").write_text(f'JAVA_VERSION="{number}.0.1"\n', encoding="utf-8")
        monkeypatch.setenv(f"JAVA_{number}_HOME", str(home))
    monkeypatch.setenv("JAVA_HOME", str(root / "jdk-17"))
    (root / "backend/a/pom.xml").write_text(f"<java.version>{asked}</java.version>", encoding="utf-8")
    assert assembly(root, root / "scratch").jdk_release(SERVICES[0]) == release


def test_no_jdk_and_no_pom_are_no_release(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert assembly(root, root / "scratch").jdk_release(SERVICES[0]) is None
    (root / "backend/a/pom.xml").unlink()
    assert assembly(root, root / "scratch").jdk_release(SERVICES[0]) is None


class _Host:
    """What a build needs of a registry."""

    def host(self) -> str:
        return "host"


def dockerfile_of_build(root: Path, docker: Loopback, commit: str, *bases: tuple[str, str]) -> str:
    """The Dockerfile that the engine gets for the first service, with its labels."""
    (root / "backend/a/Dockerfile").write_text("FROM eclipse-temurin:17-jre\n", encoding="utf-8")
    found = {**INSPECTED, "RepoDigests": [f"eclipse-temurin@{digest}" for digest in (OLDER, NEWER)]}
    docker.serve(f"/v{VERSION}/images/eclipse-temurin:17-jre/json", found)
    request = ImageRequest(
        target=SERVICES[0], repository="erp/a", tag="abc1234", commit=commit, key="k" if bases else "", bases=bases
    )
    assembly(root, root / "scratch", registry=cast("EcrRegistry", _Host()), options=BY_ENGINE).build_image(request)
    (asked,) = [asked for asked in docker.asked if urlsplit(asked.path).path.endswith("/build")]
    with tarfile.open(fileobj=io.BytesIO(asked.body)) as context:
        file = context.extractfile(parse_qs(urlsplit(asked.path).query)["dockerfile"][0])
        assert file
        return file.read().decode()


def context_of_build(root: Path, docker: Loopback, service: Service) -> tuple[dict[str, list[str]], dict[str, bytes]]:
    """What the engine is asked, and the files that it gets, when a service is built."""
    docker.serve(f"/v{VERSION}/images/x/json", INSPECTED)
    made = assembly(root, root / "scratch", registry=cast("EcrRegistry", _Host()), options=BY_ENGINE)
    made.build_image(ImageRequest(target=service, repository="erp/a", tag="abc1234", commit="c" * 40))
    (asked,) = [asked for asked in docker.asked if urlsplit(asked.path).path.endswith("/build")]
    with tarfile.open(fileobj=io.BytesIO(asked.body)) as context:
        files = {entry.name: file.read() for entry in context if (file := context.extractfile(entry))}
    return parse_qs(urlsplit(asked.path).query), files


WEB = SERVICES[0]._replace(package="none")


def test_a_service_that_its_dockerfile_builds_alone_needs_no_maven(root: Path, docker: Loopback) -> None:
    (root / "backend/a/pom.xml").unlink()
    assembly(root, root / "scratch").require_buildable([WEB])
    assert docker.asked[-1].path == f"/v{VERSION}/_ping"


def test_a_wider_context_is_sent_without_what_its_dockerignore_excludes_and_without_git(
    root: Path, docker: Loopback
) -> None:
    (root / "backend/a/Dockerfile").write_text("FROM x\nCOPY backend/a/pom.xml libs/ ./\n", encoding="utf-8")
    for path in ("libs/l.ts", "docs/d.md", ".git/config"):
        (root / path).parent.mkdir()
        (root / path).write_text("x", encoding="utf-8")
    (root / ".dockerignore").write_text("docs\nbackend/b\n", encoding="utf-8")
    asked, files = context_of_build(root, docker, WEB._replace(context="."))
    assert sorted(files) == [
        ".dockerignore",
        ".erp-build/Dockerfile",
        *(f"backend/a/{name}" for name in ("Dockerfile", "pom.xml")),
        "libs/l.ts",
    ]
    assert asked["dockerfile"] == [".erp-build/Dockerfile"]


def test_a_dockerfile_outside_of_the_context_is_sent_beside_it(root: Path, docker: Loopback) -> None:
    (root / "docker").mkdir()
    (root / "docker/a.Dockerfile").write_text("FROM x\nCOPY . .\n", encoding="utf-8")
    (root / "docker/a.Dockerfile.dockerignore").write_text("pom.xml\n", encoding="utf-8")
    asked, files = context_of_build(root, docker, WEB._replace(dockerfile="../../docker/a.Dockerfile"))
    assert files == {".erp-build/Dockerfile": b"FROM x\nCOPY . .\n", "Dockerfile": b"x"}
    assert asked["dockerfile"] == [".erp-build/Dockerfile"]


def test_a_stage_is_built_with_its_arguments_and_gets_the_labels(root: Path, docker: Loopback) -> None:
    text = "ARG BASE=y\nFROM ${BASE} AS web\nCOPY pom.xml .\nFROM z\nCOPY missing .\n"
    (root / "backend/a/Dockerfile").write_text(text, encoding="utf-8")
    asked, files = context_of_build(root, docker, WEB._replace(docker_target="web", args=(("BASE", "x"),)))
    assert asked["target"] == ["web"]
    assert json.loads(asked["buildargs"][0]) == {"BASE": "x", "REVISION": "c" * 40}
    built = files[".erp-build/Dockerfile"].decode()
    assert built.startswith("ARG BASE=y\nFROM ${BASE} AS web\nCOPY pom.xml .\nLABEL ")
    assert 'image.base.name="x"' in built
    assert "missing" not in built


@pytest.mark.usefixtures("docker")
def test_a_stage_that_the_dockerfile_does_not_have_is_told_with_the_likely_one(root: Path) -> None:
    (root / "backend/a/Dockerfile").write_text("FROM x AS build\nFROM y AS runtime\n", encoding="utf-8")
    with pytest.raises(BuildFailed, match="the Dockerfile has no stage `runtme`") as caught:
        assembly(root, root / "scratch").require_buildable([WEB._replace(docker_target="runtme")])
    assert (caught.value.why, caught.value.next_step) == ("it has build, runtime", "did you mean `runtime`?")


def test_an_image_is_labelled_with_the_base_that_its_key_names(root: Path, docker: Loopback) -> None:
    text = dockerfile_of_build(root, docker, "c" * 40, ("eclipse-temurin:17-jre", NEWER))
    assert f'org.opencontainers.image.base.digest="{NEWER}"' in text
    assert f'org.opencontainers.image.revision="{"c" * 40}"' in text


def test_an_image_of_other_files_than_the_commits_has_no_label_of_a_commit(root: Path, docker: Loopback) -> None:
    """The argument REVISION says it too, in case the Dockerfile makes a label of it."""
    assert "image.revision" not in dockerfile_of_build(root, docker, f"{'c' * 40}-dirty")
    (asked,) = [asked for asked in docker.asked if urlsplit(asked.path).path.endswith("/build")]
    assert json.loads(parse_qs(urlsplit(asked.path).query)["buildargs"][0]) == {"REVISION": f"{'c' * 40}-dirty"}


@pytest.mark.parametrize("name", ["", "Dockerfile"], ids=["the service's directory", "the Dockerfile"])
def test_what_a_link_takes_from_outside_of_the_repository_is_not_built(root: Path, tmp_path: Path, name: str) -> None:
    give_maven(root)
    inside = root / "backend" / "b" / name
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    inside.rename(outside)
    inside.symlink_to(outside)
    with pytest.raises(ConfigurationError, match="leads out of the repository") as caught:
        assembly(root, root / "scratch").require_buildable(SERVICES)
    assert caught.value.where.endswith(f"backend/b/{name}".rstrip("/"))
