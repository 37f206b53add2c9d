"""A Dockerfile that mounts secrets is held against what erp-build.toml gives, before anything is built."""

from pathlib import Path

import pytest

from erp_build.errors import BuildFailed
from erp_build.model.build_options import Builder, BuildOptions
from erp_build.model.project import Service
from tests.fakes.account import FakeProgress
from tests.support.assembly import assembly

SERVICE = Service("a", "backend/a", "a", "services.a")
GIVEN = (("NPM_TOKEN", "/erp/dev/npm"),)


def require(root: Path, mount: str, secrets: tuple[tuple[str, str], ...] = (), builder: Builder = "auto") -> list[str]:
    """What is said of a Dockerfile with a mount; a docker program that has buildx is in PATH."""
    folder = root / SERVICE.path
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f"FROM node:22\nRUN --mount=type=secret,{mount} npm ci\n")
    progress = FakeProgress()
    options = BuildOptions(secrets=secrets, builder=builder)
    assembly(root, root / "scratch", progress=progress, options=options).images.require_buildable(SERVICE)
    return progress.lines


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_a_secret_that_is_given_may_be_mounted(root: Path) -> None:
    assert require(root, "id=NPM_TOKEN,required", GIVEN) == []


def test_a_required_secret_that_nobody_gives_is_told_with_its_line(root: Path) -> None:
    with pytest.raises(BuildFailed, match="requires a secret") as caught:
        require(root, "id=NPM_TOKEN,required=true")
    assert caught.value.where == "backend/a/Dockerfile:2"
    assert "[build.secrets] NPM_TOKEN" in caught.value.next_step


def test_an_optional_one_is_a_warning(root: Path) -> None:
    (line,) = require(root, "id=OTHER", GIVEN)
    assert "backend/a/Dockerfile:2 mounts the secret OTHER" in line


def test_the_classic_builder_cannot_give_one(root: Path) -> None:
    with pytest.raises(BuildFailed, match="the classic builder cannot give a secret") as caught:
        require(root, "id=NPM_TOKEN", GIVEN, builder="classic")
    assert 'builder = "auto"' in caught.value.next_step
