"""What a machine tells of itself: programs by their own words, JDKs by their folders."""

from pathlib import Path

import pytest

from erp_build.clients.machine.inventory import LocalMachine

SPEAKS = {
    "git": "git version 2.39.5",
    "helm": "v3.19.5+gae8ab1c",
    "kubectl": "Client Version: v1.34.1\nKustomize Version: v5.7.1",
    "mvn": "Apache Maven 3.9.12 (848fbb4bf2d427b72bdb2471c22fced7ebd9a7a1)\nJava version: 17.0.15",
}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder: Path, name: str, script: str) -> None:
    """A program that is a shell script."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("name", "version"),
    [("git", (2, 39, 5)), ("helm", (3, 19, 5)), ("kubectl", (1, 34, 1)), ("mvn", (3, 9, 12))],
)
def test_a_program_tells_its_version(name: str, version: tuple[int, int, int], programs: Path) -> None:
    text = SPEAKS[name].replace("\n", "\\n")
    install(programs, name, f"printf '{text}\\n'")
    assert LocalMachine().version_of(name) == version


@pytest.mark.parametrize("script", ["exit 1", "echo 1.2.3; exit 3", "echo no number"])
def test_a_program_that_does_not_tell_has_no_version(script: str, programs: Path) -> None:
    install(programs, "helm", script)
    assert LocalMachine().version_of("helm") is None


def test_a_program_that_cannot_be_run_has_no_version(programs: Path) -> None:
    (programs / "helm").write_bytes(b"\x7fELF no program")
    (programs / "helm").chmod(0o755)
    assert LocalMachine().version_of("helm") is None


@pytest.mark.usefixtures("programs")
def test_a_program_that_is_not_there_has_no_version() -> None:
    assert LocalMachine().version_of("helm") is None


def test_jdks_are_found_by_their_variables(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = programs / "jdk"
    home.mkdir()
    (home / "release").write_text('JAVA_VERSION="21.0.2"\n', encoding="utf-8")
    monkeypatch.setenv("JAVA_21_HOME", str(home))
    assert LocalMachine().jdks()[21] == str(home)


def test_disk_memory_and_python_are_those_of_this_machine(tmp_path: Path) -> None:
    machine = LocalMachine()
    assert machine.free_disk(tmp_path) > 0
    assert machine.python() >= (3, 11, 0)
    memory = machine.memory()
    assert memory is None or memory > 0
