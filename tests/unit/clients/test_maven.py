"""Maven: which jar is the one, what is missing before it starts, and what it says when it fails."""

import os
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from erp_build.clients.maven.jar import jar_of
from erp_build.clients.maven.program import Maven
from erp_build.clients.maven.reactor import MavenModule
from erp_build.errors import BuildFailed
from erp_build.model.build_options import BuildOptions
from tests.fakes.account import FakeProgress
from tests.support.assembly import surroundings

NAME = "notification-service"
MAIN = "Manifest-Version: 1.0\nMain-Class: org.springframework.boot.loader.launch.JarLauncher\n"


def jar(path: Path, manifest: str | None = MAIN) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(path, "w") as archive:
        archive.writestr("a.class", "x")
        if manifest is not None:
            archive.writestr("META-INF/MANIFEST.MF", manifest)


@pytest.fixture
def service(tmp_path: Path) -> Path:
    folder = tmp_path / "notification-service"
    folder.mkdir()
    (folder / "pom.xml").write_text("<project/>")
    return folder


@pytest.fixture
def mvn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an `mvn` that a test writes, in front of the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "mvn"


def script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


class Spoken(FakeProgress):
    """Keeps Maven's own lines as well."""

    def __init__(self) -> None:
        super().__init__()
        self.details: list[str] = []

    def detail(self, text: str, target: str = "") -> None:
        assert target
        self.details.append(text)


def maven(folder: Path, progress: FakeProgress | None = None) -> Maven:
    return Maven(surroundings(folder, folder / "scratch", progress or FakeProgress()), BuildOptions())


def package(*folders: Path) -> tuple[dict[str, Path], list[str]]:
    """Package services; returns their jars by the services' names, and Maven's lines."""
    jars: dict[str, Path] = {}
    spoken = Spoken()
    sources = [MavenModule(folder.name, folder) for folder in folders]
    maven(folders[0].parent, spoken).package(sources, lambda name, jar, _: jars.update({name: jar}))
    return jars, spoken.details


def test_the_one_executable_jar_is_found(tmp_path: Path) -> None:
    made = tmp_path / "target"
    jar(made / "app-1.0.0.jar")
    jar(made / "app-1.0.0-sources.jar", "Manifest-Version: 1.0\n")
    jar(made / "app-1.0.0-plain.jar", None)
    (made / "app-1.0.0.jar.original").touch()
    assert jar_of(MavenModule(NAME, tmp_path), {}) == made / "app-1.0.0.jar"


@pytest.mark.parametrize(
    ("names", "what", "why"),
    [
        pytest.param((), "0 executable jars instead of one", "found: no jar", id="none"),
        pytest.param(
            ("a.jar", "b.jar"), "2 executable jars instead of one", "found: a.jar, b.jar, plain.jar", id="two"
        ),
    ],
)
def test_no_jar_or_two_are_a_failure_that_names_them(
    tmp_path: Path, names: tuple[str, ...], what: str, why: str
) -> None:
    for name in names:
        jar(tmp_path / "target" / name)
    if names:
        jar(tmp_path / "target" / "plain.jar", None)
    with pytest.raises(BuildFailed, match=what) as caught:
        jar_of(MavenModule(NAME, tmp_path), {})
    assert caught.value.why == why
    assert "repackage" in caught.value.next_step


def test_a_broken_jar_is_not_executable(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "broken.jar").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(BuildFailed) as caught:
        jar_of(MavenModule(NAME, tmp_path), {})
    assert caught.value.why == "found: broken.jar"


def test_a_service_is_packaged_without_its_tests(service: Path, mvn: Path) -> None:
    jar(service / "prepared.jar")
    script(mvn, 'echo "$@"; pwd; mkdir -p target && cp prepared.jar target/app.jar')
    made, lines = package(service)
    assert made[NAME] == service / "target" / "app.jar"
    assert lines[0].startswith(f"--file {service}/pom.xml ")
    assert lines[0].endswith("-DskipTests --fail-at-end clean package")
    assert lines[1] == str(service)


def test_the_wrapper_of_a_service_comes_before_the_machines_maven(service: Path, mvn: Path) -> None:
    script(mvn, "exit 1")
    jar(service / "prepared.jar")
    script(service / "mvnw", "mkdir -p target && cp prepared.jar target/app.jar")
    (service / "mvnw").chmod(0o644)  # an unpacked zip has lost the executable bit
    assert package(service)[0][NAME].name == "app.jar"


def test_a_failure_names_the_error_lines_and_nothing_else(service: Path, mvn: Path) -> None:
    script(
        mvn,
        "echo '[INFO] Compiling 4 source files'\n"
        "echo '[WARNING] deprecated'\n"
        "echo '[ERROR] /src/App.java:[7,3] cannot find symbol: 변수'\n"
        "echo '[ERROR] '\n"
        "echo '[ERROR] -> [Help 1]'\n"
        "exit 1",
    )
    with pytest.raises(BuildFailed, match="Maven failed") as caught:
        package(service)
    assert caught.value.why == "/src/App.java:[7,3] cannot find symbol: 변수"
    assert caught.value.where == f"{NAME} ({service})"
    assert caught.value.next_step.endswith("by hand: mvn -f notification-service/pom.xml clean package")
    assert caught.value.targets == {NAME}


def test_a_failure_with_many_errors_names_the_first(service: Path, mvn: Path) -> None:
    script(mvn, 'for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do echo "[ERROR] number $n"; done; exit 1')
    with pytest.raises(BuildFailed) as caught:
        package(service)
    assert caught.value.why.splitlines() == [*(f"number {n}" for n in range(1, 9)), "and 6 lines more"]


def test_a_failure_without_error_lines_shows_the_end_of_the_output(service: Path, mvn: Path) -> None:
    script(mvn, "echo 'Error: JAVA_HOME is not defined' >&2; exit 1")
    with pytest.raises(BuildFailed) as caught:
        package(service)
    assert caught.value.why == "Error: JAVA_HOME is not defined"


@pytest.mark.parametrize("ending", ["exit 137", "kill -9 $$"])
def test_a_maven_that_was_killed_hints_at_the_memory(service: Path, mvn: Path, ending: str) -> None:
    script(mvn, ending)
    with pytest.raises(BuildFailed) as caught:
        package(service)
    assert "killed; most likely the machine ran out of memory" in caught.value.what


def test_a_success_without_a_jar_is_a_failure(service: Path, mvn: Path) -> None:
    script(mvn, "exit 0")
    with pytest.raises(BuildFailed, match="0 executable jars"):
        package(service)


def test_maven_gets_no_secret_and_keeps_the_users_options(
    service: Path, mvn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("MAVEN_OPTS", "-Xmx512m")
    jar(service / "prepared.jar")
    script(mvn, "env; mkdir -p target && cp prepared.jar target/app.jar")
    variables = dict(line.split("=", 1) for line in package(service)[1])
    assert "AWS_SECRET_ACCESS_KEY" not in variables
    assert variables["MAVEN_OPTS"].startswith("-Xmx512m ")
    assert variables["LC_ALL"] == "C.UTF-8"


def test_maven_gets_what_a_build_is_given_and_not_the_folder_of_an_image(
    service: Path, mvn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image of Maven sets MAVEN_CONFIG to a folder, and the wrapper takes it for a goal."""
    monkeypatch.setenv("MAVEN_CONFIG", "/root/.m2")
    monkeypatch.setenv("MAVEN_ARGS", "-o")
    jar(service / "prepared.jar")
    script(mvn, "env; mkdir -p target && cp prepared.jar target/app.jar")
    spoken = Spoken()
    given = {"NPM_TOKEN": "invented", "MAVEN_ARGS": "-q", "MAVEN_OPTS": "-Xmx1m"}
    with_given = replace(surroundings(service.parent, service.parent / "scratch", spoken), given=lambda: given)
    Maven(with_given, BuildOptions()).package([MavenModule(service.name, service)], lambda *_: None)
    variables = dict(line.split("=", 1) for line in spoken.details)
    assert "MAVEN_CONFIG" not in variables
    assert (variables["NPM_TOKEN"], variables["MAVEN_ARGS"]) == ("invented", "-q")
    assert "-Xmx1m" not in variables["MAVEN_OPTS"]


@pytest.mark.parametrize(
    ("archive", "other_jdk", "wrapper", "is_used"),
    [
        ("/opt/classes.jsa", False, False, True),
        ("", False, False, False),
        ("/opt/my classes.jsa", False, False, False),
        ("/opt/classes.jsa", True, False, False),
        ("/opt/classes.jsa", False, True, False),
    ],
    ids=["own JDK and Maven", "none", "a path that cannot be given", "another JDK", "another Maven"],
)
def test_an_archive_of_classes_is_for_the_java_and_the_maven_it_was_made_of(
    service: Path,
    mvn: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    archive: str,
    other_jdk: bool,
    wrapper: bool,
    is_used: bool,
) -> None:
    homes = {release: tmp_path / f"jdk-{release}" for release in (17, 21)}
    for release, home in homes.items():
        (home / "bin").mkdir(parents=True)
        (home / "release").write_text(f'JAVA_VERSION="{release}.0.1"\n')
        for program in ("java", "javac"):
            script(home / "bin" / program, "exit 0")
        monkeypatch.setenv(f"JAVA_{release}_HOME", str(home))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{mvn.parent}{os.pathsep}{homes[17]}/bin{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ERP_BUILD_MAVEN_CLASSES", archive)
    wanted = 21 if other_jdk else 17
    (service / "pom.xml").write_text(f"<project><java.version>{wanted}</java.version></project>")
    jar(service / "prepared.jar")
    script(service / "mvnw" if wrapper else mvn, "env; mkdir -p target && cp prepared.jar target/app.jar")
    variables = dict(line.split("=", 1) for line in package(service)[1])
    assert variables["JAVA_HOME"] == str(homes[wanted])
    assert ("-XX:SharedArchiveFile=/opt/classes.jsa" in variables["MAVEN_OPTS"].split()) is is_used
    assert ("SharedArchiveFile" in variables["MAVEN_OPTS"]) is is_used


@pytest.mark.parametrize(
    ("make", "why"),
    [(False, "the directory is not there"), (True, "pom.xml is not there")],
    ids=["no folder", "no pom"],
)
def test_a_service_that_maven_cannot_build_is_told_before_the_build(tmp_path: Path, why: str, *, make: bool) -> None:
    source = tmp_path / "gone-service"
    if make:
        source.mkdir()
    with pytest.raises(BuildFailed, match=r"no pom\.xml") as caught:
        maven(tmp_path).require_buildable(source)
    assert caught.value.why == why


def test_a_machine_without_maven_is_told_before_the_build(
    service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(service))
    with pytest.raises(BuildFailed, match="there is no Maven"):
        maven(tmp_path).require_buildable(service)
    (service / "mvnw").touch()
    maven(service).require_buildable(service)


def test_services_of_two_jdks_are_built_apart_each_with_its_own(
    tmp_path: Path, mvn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The JDK is part of a service's key, whatever is built beside it."""
    folders = []
    for release in (17, 21):
        home, folder = tmp_path / f"jdk-{release}", tmp_path / f"service-{release}"
        home.mkdir()
        (home / "release").write_text(f'JAVA_VERSION="{release}.0.1"\n')
        monkeypatch.setenv(f"JAVA_{release}_HOME", str(home))
        folder.mkdir()
        (folder / "pom.xml").write_text(f"<project><java.version>{release}</java.version></project>")
        jar(folder / "prepared.jar")
        folders.append(folder)
    script(mvn, 'echo "$JAVA_HOME builds $PWD"; mkdir -p target && cp prepared.jar target/app.jar')
    said = package(*folders)[1]
    assert {line for line in said if " builds " in line} == {
        f"{tmp_path}/jdk-{release} builds {tmp_path}/service-{release}" for release in (17, 21)
    }
