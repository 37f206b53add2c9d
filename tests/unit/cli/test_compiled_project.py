"""The kept form of a project is the project itself, and a damaged one is as good as none."""

import json
import marshal
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erp_build.changes.rules import Rules
from erp_build.cli.fast_path import compiled_project as index
from erp_build.cli.fast_path.compiled_project import ProjectIndex, compile_project, load_index
from erp_build.clients.files import kept
from erp_build.config.load import default_project, load_project, parse_project
from erp_build.errors import ConfigurationError
from tests.support.projects import FILES, SPELLINGS, configurations

ONE = '[[service]]\npath = "a"\n'
TWO = '[[service]]\npath = "b"\n'
SHARED_FIXTURES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "erp-build"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "erp-build.toml").write_text(ONE, encoding="utf-8")
    return tmp_path / "root"


def names(root: Path) -> list[str]:
    return [service.name for service in load_index(str(root)).project().services]


def replace_compiled(cache: Path) -> None:
    """Put another project into the entry, which shows whether the entry was used."""
    file = next(cache.iterdir())
    *made_from, _ = marshal.loads(file.read_bytes()[kept.CHECKSUM :])  # noqa: S302 - ours
    entry = marshal.dumps((*made_from, compile_project(parse_project(TWO))))
    file.write_bytes(kept._checksum(entry) + entry)


@SHARED_FIXTURES
@given(text=configurations())
def test_a_kept_project_is_the_one_that_a_fresh_reading_gives(root: Path, cache: Path, text: str) -> None:
    (root / "erp-build.toml").write_text(text, encoding="utf-8")
    fresh = load_project(root)
    first, second = load_index(str(root)), load_index(str(root))
    assert len(list(cache.iterdir())) == 1
    assert first.project() == second.project() == fresh
    assert second.size == len(fresh.targets)


@given(text=configurations(most=10), paths=st.lists(FILES, max_size=4))
def test_a_narrowed_project_has_every_owner_of_the_paths(text: str, paths: list[str]) -> None:
    project = parse_project(text)
    narrowed = ProjectIndex(compile_project(project)).narrowed(paths)
    full, fewer = Rules(project), Rules(narrowed)
    for path in paths:
        assert fewer.owners(path) == full.owners(path)
    assert set(narrowed.targets) <= set(project.targets)
    assert narrowed.chart == project.chart


@pytest.mark.parametrize(
    ("shared", "config_path", "path"),
    [
        pytest.param("proto/**", "", "proto/a", id="below a shared directory"),
        pytest.param("proto/**", "", "proto", id="a shared directory that became a file"),
        pytest.param(f"{SPELLINGS[1]}/**", "", f"{SPELLINGS[0]}/a", id="a pattern as macOS writes it"),
        pytest.param(f"{SPELLINGS[1]}?", "", f"{SPELLINGS[0]}x", id="a pattern with a wildcard as macOS writes it"),
        pytest.param("x", "ci/erp-build.toml", "ci/erp-build.toml", id="the configuration"),
        pytest.param("x", f"{SPELLINGS[1]}.toml", f"{SPELLINGS[1]}.toml", id="the configuration as macOS writes it"),
    ],
)
def test_what_everybody_shares_narrows_nothing(shared: str, config_path: str, path: str) -> None:
    project = parse_project(f"shared = {json.dumps([shared])}\n{ONE}{TWO}", config_path=config_path)
    assert set(Rules(project).owners(path)) == {"a", "b"}
    assert ProjectIndex(compile_project(project)).narrowed([path]) == project


@pytest.mark.parametrize("path", ["backend/.gitattributes", ".mvn/maven.config", ".gitattributes"])
def test_what_is_read_from_above_keeps_what_lies_below(path: str) -> None:
    project = parse_project('shared = ["backend/proto/**"]\n[[service]]\npath = "backend/a"\n[[service]]\npath = "b"\n')
    narrowed = ProjectIndex(compile_project(project)).narrowed([path])
    assert Rules(project).owners(path).keys() == Rules(narrowed).owners(path).keys()


def test_of_many_services_only_the_touched_one_is_made() -> None:
    text = "".join(f'[[service]]\npath = "backend/s{number}"\n' for number in range(2000))
    found = ProjectIndex(compile_project(parse_project(text)))
    assert found.size == 2001
    assert [target.name for target in found.narrowed(["backend/s7/x", "docs/x"]).targets] == ["s7", "helm-chart"]


def test_a_second_reading_uses_what_was_kept(root: Path, cache: Path) -> None:
    assert names(root) == ["a"]
    replace_compiled(cache)
    assert names(root) == ["b"]


def test_a_file_with_other_bytes_is_read_anew(root: Path, cache: Path) -> None:
    """Size and time are the same, as after a checkout within one tick of the clock."""
    assert names(root) == ["a"]
    replace_compiled(cache)
    file = root / "erp-build.toml"
    before = file.stat()
    file.write_text('[[service]]\npath = "c"\n', encoding="utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert names(root) == ["c"]


def test_another_format_is_read_anew(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert names(root) == ["a"]
    replace_compiled(cache)
    monkeypatch.setattr(index, "FORMAT", "of another version")
    assert names(root) == ["a"]


def test_an_entry_of_another_repository_is_not_used(root: Path, cache: Path, tmp_path: Path) -> None:
    """The names of entries are short checksums, and two of them may be the same."""
    assert names(root) == ["a"]
    replace_compiled(cache)
    ours = next(cache.iterdir())
    other = tmp_path / "other"
    other.mkdir()
    (other / "erp-build.toml").write_text(ONE, encoding="utf-8")
    assert names(other) == ["a"]
    theirs = next(file for file in cache.iterdir() if file != ours)
    theirs.write_bytes(ours.read_bytes())
    assert names(other) == ["a"]


@SHARED_FIXTURES
@given(data=st.data())
def test_a_damaged_entry_is_read_anew_and_mended(root: Path, cache: Path, data: st.DataObject) -> None:
    assert names(root) == ["a"]
    file = next(cache.iterdir())
    whole = file.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damage = data.draw(st.sampled_from(["cut", "flip", "garbage"]))
    if damage == "cut":
        file.write_bytes(whole[:place])
    elif damage == "flip":
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
    else:
        file.write_bytes(data.draw(st.binary()))
    assert names(root) == ["a"]
    assert file.read_bytes() == whole


@pytest.mark.parametrize("value", [5, (), ("x",), None, [1, 2, 3]], ids=repr)
def test_an_entry_of_another_shape_is_read_anew(root: Path, cache: Path, value: Any) -> None:
    assert names(root) == ["a"]
    entry = marshal.dumps(value)
    next(cache.iterdir()).write_bytes(kept._checksum(entry) + entry)
    assert names(root) == ["a"]


@pytest.mark.parametrize("obstacle", ["a file is the folder", "a folder is the entry", "no folder can be made"])
def test_a_cache_that_cannot_be_written_is_no_obstacle(
    root: Path, cache: Path, obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if obstacle == "a file is the folder":
        cache.parent.mkdir()
        cache.write_text("", encoding="utf-8")
    elif obstacle == "a folder is the entry":
        assert names(root) == ["a"]
        entry = next(cache.iterdir())
        entry.unlink()
        (entry / "below").mkdir(parents=True)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    assert names(root) == ["a"]
    assert names(root) == ["a"]


def test_a_part_that_was_written_is_not_left_behind(root: Path, cache: Path) -> None:
    assert names(root) == ["a"]
    assert [file.suffix for file in cache.iterdir()] == [""]
    assert next(cache.iterdir()).stat().st_mode & 0o077 == 0


def test_a_mistake_is_not_kept(root: Path, cache: Path) -> None:
    (root / "erp-build.toml").write_text("shard = []\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="shard"):
            load_index(str(root))
    assert not cache.exists()


def test_a_repository_without_a_file_is_the_default_and_keeps_nothing(tmp_path: Path, cache: Path) -> None:
    for target in default_project().targets:
        (tmp_path / target.path).mkdir(parents=True)
    assert load_index(str(tmp_path)).project() == load_project(tmp_path)
    assert not cache.exists()


def test_another_configuration_has_an_entry_of_its_own(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(TWO, encoding="utf-8")
    for _ in range(2):
        assert load_index(str(root), str(other)).project() == load_project(root, other)
        assert names(root) == ["a"]
