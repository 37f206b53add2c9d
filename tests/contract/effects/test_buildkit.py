"""What the docker program is asked to build with BuildKit: a program in its place notes its arguments."""

import tempfile
from pathlib import Path

import pytest

from erp_build.clients.docker.buildkit import BuildKit
from erp_build.clients.docker.engine import EngineBuild


def words_of(folder: Path, build: EngineBuild) -> list[str]:
    with tempfile.TemporaryFile() as context:
        context.write(b"context")
        context.seek(0)
        BuildKit().build(build, context, lambda _: None)
    return (folder / "words").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in PATH with a docker program that writes its arguments beside itself."""
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/words\ncat > {tmp_path}/context\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_a_build_names_its_arguments_and_the_stage_that_it_ends_with(folder: Path) -> None:
    words = words_of(folder, EngineBuild("Dockerfile", "host/a:1", {"l": "m"}, {"A": "b c"}, "a/Dockerfile", "runtime"))
    assert words[:2] == ["buildx", "build"]
    assert words[words.index("--target") + 1] == "runtime"
    assert words[words.index("--build-arg") + 1] == "A=b c"
    assert (folder / "context").read_bytes() == b"context"


def test_without_a_stage_the_last_one_is_built(folder: Path) -> None:
    assert "--target" not in words_of(folder, EngineBuild("Dockerfile", "host/a:1", {}, {}, "a/Dockerfile"))
