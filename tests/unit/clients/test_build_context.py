"""The build context: the same files are the same bytes, and what is excluded is not in it."""

import hashlib
import io
import os
import socket
import tarfile
from pathlib import Path

import pytest

from erp_build.clients.docker.build_context import Context

FILES = {"Dockerfile": "FROM scratch\n", "pom.xml": "<project/>", "src/App.java": "x", "target/app.jar": "jar"}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def packed(folder: Path, dockerfile: str = "Dockerfile") -> bytes:
    spool = io.BytesIO()
    assert Context(folder, dockerfile).write(spool) == dockerfile
    return spool.read()


def names(folder: Path, dockerfile: str = "Dockerfile") -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(packed(folder, dockerfile))) as tar:
        return {entry.name for entry in tar if not entry.isdir()}


def test_the_same_files_are_the_same_bytes_wherever_and_whenever_they_lie(tmp_path: Path) -> None:
    first = write(tmp_path / "first", FILES)
    second = write(tmp_path / "second", dict(reversed(FILES.items())))
    os.utime(second / "pom.xml", (1, 1))
    (second / "pom.xml").chmod(0o600)
    assert hashlib.sha256(packed(first)).digest() == hashlib.sha256(packed(second)).digest()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: (folder / "pom.xml").write_text("other"), id="a content"),
        pytest.param(lambda folder: (folder / "pom.xml").chmod(0o755), id="an executable bit"),
        pytest.param(lambda folder: (folder / "pom.xml").rename(folder / "pom2.xml"), id="a name"),
    ],
)
def test_a_difference_that_matters_is_a_difference(tmp_path: Path, change: object) -> None:
    folder = write(tmp_path, FILES)
    before = packed(folder)
    assert callable(change)
    change(folder)
    assert packed(folder) != before


@pytest.mark.parametrize(
    ("ignore", "expected"),
    [
        pytest.param("", {"pom.xml", "src/App.java", "target/app.jar"}, id="nothing"),
        pytest.param("src\n", {"pom.xml", "target/app.jar"}, id="a folder"),
        pytest.param("*\n!target/*.jar\n", {"target/app.jar"}, id="everything but the jar"),
        pytest.param("# pom.xml\n\n  src  \n", {"pom.xml", "target/app.jar"}, id="comments and blanks"),
        pytest.param("\ufeffsrc\r\n", {"pom.xml", "target/app.jar"}, id="a byte order mark and CRLF"),
        pytest.param("**/*.java\n", {"pom.xml", "target/app.jar"}, id="two stars"),
    ],
)
def test_what_the_dockerignore_excludes_is_not_sent(tmp_path: Path, ignore: str, expected: set[str]) -> None:
    write(tmp_path, {**FILES, ".dockerignore": ignore})
    assert names(tmp_path) - {"Dockerfile", ".dockerignore"} == expected


def test_the_dockerfile_is_sent_although_it_is_excluded(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, "Dockerfile.lambda": "FROM scratch\n", ".dockerignore": "*\n!target\n"})
    assert names(tmp_path, "Dockerfile.lambda") >= {"Dockerfile.lambda", "target/app.jar"}
    assert "Dockerfile" not in names(tmp_path, "Dockerfile.lambda")


def test_the_content_of_a_file_is_its_own(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, "설정/큰 파일.txt": "한" * 5000})
    with tarfile.open(fileobj=io.BytesIO(packed(tmp_path))) as tar:
        member = tar.extractfile("설정/큰 파일.txt")
        assert member is not None
        assert member.read().decode() == "한" * 5000


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "link").symlink_to("pom.xml")
    with tarfile.open(fileobj=io.BytesIO(packed(tmp_path))) as tar:
        assert tar.getmember("link").linkname == "pom.xml"


def test_a_file_with_two_names_is_packed_like_two_files(tmp_path: Path) -> None:
    linked = write(tmp_path / "linked", FILES)
    os.link(linked / "pom.xml", linked / "zz.xml")
    copied = write(tmp_path / "copied", {**FILES, "zz.xml": FILES["pom.xml"]})
    assert packed(linked) == packed(copied)


def test_a_rewritten_dockerfile_lies_beside_the_services_own(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    spool = io.BytesIO()
    name = Context(tmp_path, "Dockerfile").write(spool, "FROM scratch\nLABEL a=한글\n")
    with tarfile.open(fileobj=spool) as tar:
        found = {entry: tar.extractfile(entry) for entry in ("Dockerfile", name)}
        assert {entry: stream and stream.read().decode() for entry, stream in found.items()} == {
            "Dockerfile": "FROM scratch\n",
            name: "FROM scratch\nLABEL a=한글\n",
        }


def test_what_is_no_file_is_left_out_and_an_empty_folder_is_sent(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    (tmp_path / "empty").mkdir()
    with tarfile.open(fileobj=io.BytesIO(packed(tmp_path))) as tar:
        found = set(tar.getnames())
    assert "empty" in found
    assert found.isdisjoint({"pipe", "socket"})


@pytest.mark.parametrize("classic", [True, False], ids=["classic", "BuildKit"])
@pytest.mark.parametrize(
    ("copy", "what"),
    [
        ("target/app.jar", "COPY target/app.jar: it exists, but .dockerignore line 2 excludes it"),
        ("target/*.jar", "COPY target/*.jar: target/app.jar exists, but .dockerignore line 2 excludes it"),
        ("target/other.jar", "COPY target/other.jar: no such file in the build context"),
    ],
)
def test_a_file_that_is_there_and_excluded_is_told_with_its_line(
    tmp_path: Path, copy: str, what: str, *, classic: bool
) -> None:
    write(tmp_path, {**FILES, ".dockerignore": "# what is made\ntarget\n"})
    found = Context(tmp_path, "Dockerfile").missing_sources(f"FROM jre\nCOPY {copy} /\n", classic=classic)
    assert [(one.line, one.what) for one in found] == [(2, what)]


def test_the_own_dockerignore_of_a_dockerfile_is_named(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, "Dockerfile.dockerignore": "target\n", ".dockerignore": "src\n"})
    (found,) = Context(tmp_path, "Dockerfile").missing_sources("FROM jre\nCOPY target/app.jar /\n")
    assert found.what.endswith("it exists, but Dockerfile.dockerignore line 1 excludes it")


def test_a_pattern_that_matches_nothing_is_left_to_buildkit(tmp_path: Path) -> None:
    context = Context(write(tmp_path, FILES), "Dockerfile")
    assert context.missing_sources("FROM jre\nCOPY *.crt /\n", classic=False) == ()
    assert [one.name for one in context.missing_sources("FROM jre\nCOPY *.crt /\n")] == ["*.crt"]
