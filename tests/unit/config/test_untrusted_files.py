"""Files of any shape: each costs what its size says, and what cannot be read is said in one error."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from erp_build.changes.baselines import RESOLVED
from erp_build.clients.docker.build_context import Context
from erp_build.clients.git.sources.work_tree import files_on_disk
from erp_build.config.load import load_project
from erp_build.config.read_file import path_below
from erp_build.config.toml_table import parsed_toml
from erp_build.config.waivers import load_waivers
from erp_build.errors import BuildFailed, ConfigurationError
from erp_build.formats.json_text import parsed_json
from tests.support.cli import CommandLine

SHAPES = [
    pytest.param("a = " + "[" * 50_000, "nested too deeply", id="lists in lists"),
    pytest.param("a = " + "[" * 20_000 + "]" * 20_000, "nested too deeply", id="lists in lists, closed"),
    pytest.param("a = " + "{a = " * 20_000, "nested too deeply", id="tables in tables"),
    pytest.param("a" + ".a" * 100_000 + " = 1", "more than 100 parts", id="a long key"),
    pytest.param("x = {'a'" + ". 'a'" * 50_000 + " = 1}", "more than 100 parts", id="a long key of quoted parts"),
    pytest.param("[a" + ".a" * 100_000 + "]", "more than 100 parts", id="a long head of a table"),
    pytest.param("a = " + "1" * 5000, "4300 digits", id="a number of thousands of digits"),
]


@pytest.mark.parametrize(("text", "why"), SHAPES)
def test_a_configuration_costs_what_its_size_says(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "erp-build.toml").write_text(text, encoding="utf-8")
    for read in (lambda: load_project(tmp_path), lambda: load_waivers(tmp_path / "erp-build.toml")):
        began = time.process_time()
        with pytest.raises(
            ConfigurationError, match=r"the configuration is not TOML|the waivers cannot be read"
        ) as found:
            read()
        assert why in found.value.why
        assert time.process_time() - began < 2


def test_long_words_are_no_long_keys() -> None:
    text = f'a = ["{"a" * 300_000}/**", "{"x." * 90}x"]\n'
    began = time.process_time()
    assert len(parsed_toml(text)["a"]) == 2
    assert time.process_time() - began < 2


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), Path.mkdir])
@pytest.mark.parametrize("option", [(), ("--config", "erp-build.toml")])
def test_a_configuration_that_is_no_file_is_not_waited_for(
    make: Callable[[Path], None], option: tuple[str, ...], tmp_path: Path, erp_build: CommandLine
) -> None:
    make(tmp_path / "erp-build.toml")
    option = tuple(str(tmp_path / word) if word.endswith("toml") else word for word in option)
    answer = erp_build("explain", "--repo", tmp_path, *option, "x")
    assert answer.code == 2
    assert "the configuration cannot be read" in answer.err
    assert "not a file" in answer.err


def test_a_values_file_that_is_a_pipe_is_not_waited_for(tmp_path: Path, erp_build: CommandLine) -> None:
    os.mkfifo(tmp_path / "values.yaml")
    answer = erp_build("values", "set", tmp_path / "values.yaml", "services.a", "1")
    assert answer.code == 2
    assert "it is a pipe, not a file" in answer.err


def test_a_pipe_or_a_socket_among_the_sources_is_no_part_of_them(
    tmp_path: Path, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source without Git: what Git would not commit is no input either."""
    folder = tmp_path / "backend" / "a"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (tmp_path / "erp-build.toml").write_text('[[service]]\npath = "backend/a"\n', encoding="utf-8")
    os.mkfifo(folder / "pipe")
    assert [file.path for file in files_on_disk(tmp_path)] == ["erp-build.toml", "backend/a/Dockerfile"]
    monkeypatch.setenv(RESOLVED, "c" * 40)
    assert erp_build("plan", "--repo", tmp_path).code == 0
    with (tmp_path / "spool").open("w+b") as spool:
        assert Context(folder, "Dockerfile").write(spool) == "Dockerfile"


def test_a_dockerignore_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".dockerignore")
    with pytest.raises(BuildFailed, match=r"cannot read the \.dockerignore") as caught:
        Context(tmp_path, "Dockerfile")
    assert "it is a pipe" in caught.value.why


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_json_that_is_nested_too_deeply_is_none(text: str, tmp_path: Path, erp_build: CommandLine) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parsed_json(text)
    (tmp_path / "answers.json").write_text(text, encoding="utf-8")
    (tmp_path / "policy.toml").write_text("[gate]\n", encoding="utf-8")
    answer = erp_build("gate", "--recorded", tmp_path / "answers.json", "--policy", tmp_path / "policy.toml")
    assert answer.code == 2
    assert "the recorded answers cannot be read" in answer.err


@pytest.mark.parametrize("path", ["link/values.yaml", "file", "up/../../x"])
def test_a_path_that_links_lead_out_of_the_repository_is_told(tmp_path: Path, path: str) -> None:
    root = tmp_path / "repository"
    (root / "up").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "file").symlink_to("../outside/values.yaml")
    with pytest.raises(ConfigurationError, match=f"{path} leads out of the repository") as caught:
        path_below(root, path)
    assert caught.value.why.startswith("a link leads to ")


def test_a_link_within_the_repository_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert path_below(tmp_path, "link/x") == tmp_path / "link" / "x"
