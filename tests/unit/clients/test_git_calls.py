"""Every call of Git has the same surroundings and an end, and none is made anywhere else."""

import ast
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import erp_build
from erp_build.cli.fast_path.early_git import start
from erp_build.clients.clock import SystemClock
from erp_build.clients.effects import EditRequest
from erp_build.clients.git import command
from erp_build.clients.git.attributes import attributes_of
from erp_build.clients.git.remote.branch import RemoteBranch
from erp_build.clients.git.repository import GitRepository
from erp_build.errors import ErpBuildError, PushFailed
from tests.support.git import Checkout

N = "backend/notification-service"
SOURCES = Path(erp_build.__file__).parent
CALLERS = {
    "clients/git/command.py",
    "clients/git/early_diff.py",
    "clients/git/objects.py",
    "clients/git/remote/branch.py",
    "clients/git/remote/call.py",
    "clients/machine/inventory.py",
}
"""The modules that start Git: each with a limit. `inventory` asks for its version alone."""

SURROUNDINGS = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C.UTF-8",
}


def starts_git(tree: ast.AST) -> Iterator[ast.AST]:
    """The places of a module where a command begins with `git`, or GitPython is imported."""
    for node in ast.walk(tree):
        words = node.elts if isinstance(node, ast.List | ast.Tuple) else node.args if isinstance(node, ast.Call) else []
        keys = node.keys if isinstance(node, ast.Dict) else []
        first = [*words[:1], *keys]
        if any(isinstance(word, ast.Constant) and word.value == "git" for word in first):
            yield node
        if isinstance(node, ast.Import) and any(name.name == "git" for name in node.names):
            yield node
        if isinstance(node, ast.ImportFrom) and node.module == "git":
            yield node


def test_git_is_started_in_these_modules_alone() -> None:
    found = {
        str(file.relative_to(SOURCES))
        for file in SOURCES.rglob("*.py")
        if any(starts_git(ast.parse(file.read_text(encoding="utf-8"))))
    }
    named_only = {"doctor/examine.py", "doctor/machine.py"}  # the name of a check, and what `inventory` is asked for
    assert found - named_only == CALLERS


def test_the_search_sees_every_way_to_start_it() -> None:
    for text in ('run(["git", "x"])', 'spawn("git", words)', "import git", "from git import Repo", '{"git": ("x",)}'):
        assert any(starts_git(ast.parse(text))), text
    assert not any(starts_git(ast.parse('say("no git")')))


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file for each call of Git from now on: its environment."""
    real = shutil.which("git")
    (tmp_path / "bin").mkdir()
    (tmp_path / "calls").mkdir()
    program = tmp_path / "bin" / "git"
    program.write_text(f'#!/bin/sh\nWORDS="$*" env > {tmp_path}/calls/$$\nexec {real} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "calls"


def test_every_call_has_the_same_surroundings(erp: Checkout, tmp_path: Path, surroundings: Path) -> None:
    base = erp.head()
    head = erp.commit({f"{N}/new": "x"})
    clone = erp.clone_to(tmp_path / "clone")
    for file in surroundings.iterdir():
        file.unlink()
    repository = GitRepository(clone.root, start(["--repo", str(clone.root), "--base", base, "--head", head]))
    repository.changed_paths(base, head)
    repository.changed_paths(head, base)
    repository.has_commit("d" * 40)
    repository.upstream_base(head)
    repository.uncommitted()
    list(repository.checked_out(list(repository.source_files(head)), lambda _: True, [""]))
    attributes_of(str(clone.root), ["README.md"])
    erp.git("checkout", "--quiet", "--detach")
    RemoteBranch(clone.root, SystemClock()).edit(
        EditRequest(branch="main", path="README.md", change=lambda old: old + b"new\n", message="tags")
    )
    calls = [
        dict(line.partition("=")[::2] for line in file.read_text().splitlines()) for file in surroundings.iterdir()
    ]
    # GitPython asks for the version when it is imported.
    ours = [call for call in calls if "GIT_CONFIG_NOSYSTEM" not in call and call["WORDS"] != "version"]
    assert len(ours) > 15
    for call in ours:
        assert {name: call.get(name) for name in SURROUNDINGS} == SURROUNDINGS


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `git` that hangs at what stores a file and at what compares trees."""
    real = shutil.which("git")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    hangs = 'case "$*" in *hash-object*|*diff-tree*) exec sleep 60;; esac'
    program.write_text(f'#!/bin/sh\n{hangs}\nexec {real} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(command, "GIT_COMMAND_S", 0.4)


@pytest.mark.usefixtures("hanging")
def test_a_comparison_that_hangs_ends(erp: Checkout) -> None:
    began = time.monotonic()
    with pytest.raises(ErpBuildError, match="git does not come to an end"):
        GitRepository(erp.root).changed_paths(erp.head(), erp.head())
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("hanging")
def test_an_edit_of_the_branch_that_hangs_ends(erp: Checkout, tmp_path: Path) -> None:
    clone = erp.clone_to(tmp_path / "clone")
    request = EditRequest(branch="main", path="README.md", change=lambda old: old + b"new\n", message="tags")
    began = time.monotonic()
    with pytest.raises(PushFailed, match="the tags cannot be written back"):
        RemoteBranch(clone.root, SystemClock()).edit(request)
    assert time.monotonic() - began < 10
