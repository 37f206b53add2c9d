"""What the docker program is asked to build with BuildKit: a program in its place notes its arguments."""

import base64
import io
import json
import tarfile
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import EngineBuild
from erp_build.clients.docker.server import DockerServer
from erp_build.clients.secrets import Secrets
from erp_build.errors import BuildFailed


@contextmanager
def packed() -> Iterator[IO[bytes]]:
    """A context with a Dockerfile, and a `.dockerignore` that has been obeyed already."""
    with tempfile.TemporaryFile() as spool:
        with tarfile.open(fileobj=spool, mode="w") as tar:
            for name, text in {".dockerignore": b"*", "Dockerfile": b"FROM scratch", "src/App.java": b"class"}.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text))
        spool.seek(0)
        yield spool


def words_of(folder: Path, build: EngineBuild) -> list[str]:
    with packed() as context:
        BuildKit().build(build, context, lambda _: None)
    return (folder / "words").read_text(encoding="utf-8").splitlines()


LOOK = """for last; do :; done
(cd "$last" && find . -mindepth 1 -printf '%P\\n') > {0}/files
while [ "$1" != --file ]; do shift; done
cat "$2.dockerignore" > {0}/ignored
"""
"""What the program in Docker's place notes of the context."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in PATH with a docker program that writes its arguments beside itself."""
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/words\n{LOOK.format(tmp_path)}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_a_build_names_its_arguments_and_the_stage_that_it_ends_with(folder: Path) -> None:
    words = words_of(folder, EngineBuild("Dockerfile", "host/a:1", {"l": "m"}, {"A": "b c"}, "a/Dockerfile", "runtime"))
    assert words[:2] == ["buildx", "build"]
    assert words[words.index("--target") + 1] == "runtime"
    assert words[words.index("--build-arg") + 1] == "A=b c"


def test_the_context_is_a_folder_because_a_stream_can_be_read_once(folder: Path) -> None:
    words = words_of(folder, EngineBuild("Dockerfile", "host/a:1", {}, {}, "a/Dockerfile"))
    files = (folder / "files").read_text(encoding="utf-8").splitlines()
    assert sorted(files) == [".dockerignore", "Dockerfile", "src", "src/App.java"]
    # An own file for this Dockerfile, which excludes nothing, comes before that of the context.
    assert (folder / "ignored").read_text(encoding="utf-8").startswith("#")
    assert Path(words[words.index("--file") + 1]).parent != Path(words[-1])
    assert not Path(words[-1]).exists()


def test_what_is_there_for_the_builder_alone_is_no_part_of_the_context(folder: Path) -> None:
    words_of(folder, EngineBuild("Dockerfile", "host/a:1", {}, {}, "a", unsent=("Dockerfile", ".dockerignore")))
    assert sorted((folder / "files").read_text(encoding="utf-8").splitlines()) == ["src", "src/App.java"]


def test_without_a_stage_the_last_one_is_built(folder: Path) -> None:
    assert "--target" not in words_of(folder, EngineBuild("Dockerfile", "host/a:1", {}, {}, "a/Dockerfile"))


SIGN_INS = {"ghcr.io": SignIn("https://ghcr.io", "kim", "invented-password")}
SECRETS = {"NPM_TOKEN": "invented: token/+", "CODEARTIFACT_AUTH_TOKEN": "invented-other"}


@pytest.fixture
def noting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker program that notes its arguments, its environment, and the configuration that it was given."""
    program = tmp_path / "docker"
    program.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/words\nenv > {tmp_path}/environment\n"
        f'cp "$DOCKER_CONFIG/config.json" {tmp_path}/seen\n'
        f'ls -ld "$DOCKER_CONFIG" "$DOCKER_CONFIG"/* > {tmp_path}/modes\n'
        f'echo "$DOCKER_CONFIG" > {tmp_path}/folder\ncat > /dev/null\n'
        f'if [ -f {tmp_path}/fails ]; then echo "ERROR: $NPM_TOKEN is refused" >&2; exit 1; fi\n'
    )
    program.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.json").write_text('{"credsStore": "nowhere", "auths": {"quay.io": {"auth": "a2ltOng="}}}')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_CONFIG", str(home))
    monkeypatch.setenv("DOCKER_CONTEXT", "other")
    return tmp_path


def build_noted(folder: Path, secrets: Secrets, lines: list[str]) -> None:
    server = DockerServer("tcp://10.0.0.1:2376", is_tls=True, verifies=True, certificates="/certificates")
    request = EngineBuild("Dockerfile", "host/a:1", {}, {}, "a/Dockerfile", sign_ins=SIGN_INS)
    with packed() as context:
        BuildKit(lambda: server, folder / "home", secrets.mask).build(request, context, lines.append, SECRETS)


def masked() -> Secrets:
    secrets = Secrets()
    for value in SECRETS.values():
        secrets.add(value)
    return secrets


def test_the_program_gets_the_sign_ins_of_its_build_and_nothing_of_the_users(noting: Path) -> None:
    build_noted(noting, masked(), [])
    seen = json.loads((noting / "seen").read_text())
    assert seen == {"auths": {"ghcr.io": {"auth": base64.b64encode(b"kim:invented-password").decode()}}}
    modes = (noting / "modes").read_text().splitlines()
    assert [line.split()[0].rstrip(".+") for line in modes] == ["drwx------", "-rw-------"]
    assert not Path((noting / "folder").read_text().strip()).exists()


def test_the_program_asks_the_engine_that_everything_else_asks(noting: Path) -> None:
    build_noted(noting, masked(), [])
    environment = dict(line.split("=", 1) for line in (noting / "environment").read_text().splitlines() if "=" in line)
    assert environment["DOCKER_HOST"] == "tcp://10.0.0.1:2376"
    assert environment["DOCKER_TLS_VERIFY"] == "1"
    assert environment["DOCKER_CERT_PATH"] == "/certificates"
    # Its name is none of the private configuration, and the program would stop at it.
    assert "DOCKER_CONTEXT" not in environment


def test_a_secret_is_a_variable_and_no_argument(noting: Path) -> None:
    build_noted(noting, masked(), [])
    words = (noting / "words").read_text().splitlines()
    mounts = [words[place + 1] for place, word in enumerate(words) if word == "--secret"]
    assert mounts == [f"id={name},env={name}" for name in SECRETS]
    assert not any(value in "\n".join(words) for value in (*SECRETS.values(), "invented-password"))
    assert f"NPM_TOKEN={SECRETS['NPM_TOKEN']}" in (noting / "environment").read_text()


def test_a_secret_that_a_build_prints_is_in_no_line_and_no_error(noting: Path) -> None:
    (noting / "fails").touch()
    lines: list[str] = []
    with pytest.raises(BuildFailed) as caught:
        build_noted(noting, masked(), lines)
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.why + "".join(lines)
    assert "*** is refused" in caught.value.why
    assert not any(value in shown for value in SECRETS.values())
    assert not Path((noting / "folder").read_text().strip()).exists()
