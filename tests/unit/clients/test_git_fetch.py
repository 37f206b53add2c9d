"""What is fetched: a full commit, into this repository, with the caller's sign-in."""

from pathlib import Path

import pytest

from erp_build.clients.git.repository import GitRepository
from erp_build.errors import ErpBuildError
from tests.support.git import Checkout

N = "backend/notification-service"


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_INDEX_FILE"])
def test_what_is_fetched_lands_in_this_repository_whatever_a_hook_says(
    erp: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    base = erp.head()
    erp.commit({f"{N}/new": "x"})
    clone = erp.clone_to(tmp_path / "clone", "--depth=1")
    other = Checkout.create(tmp_path / "other", a="x")
    places = {"GIT_OBJECT_DIRECTORY": ".git/objects", "GIT_INDEX_FILE": ".git/index"}
    monkeypatch.setenv(variable, str(other.root / places.get(variable, ".git")))
    assert GitRepository(clone.root).has_commit(base)
    monkeypatch.delenv(variable)
    assert clone.git("cat-file", "-t", base) == "commit"
    with pytest.raises(AssertionError, match=r"could not get object info|Not a valid object name"):
        other.git("cat-file", "-t", base)


def test_a_fetch_signs_in_with_what_the_caller_says(
    erp: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = tmp_path / "called"
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@" > {called}\nexit 1\n', encoding="utf-8")
    ssh.chmod(0o755)
    erp.git("remote", "add", "other", "ssh://other.invalid/x")
    erp.git("remote", "add", "origin", "ssh://example.invalid/x")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.sshCommand")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(ssh))
    assert not GitRepository(erp.root).has_commit("d" * 40)
    assert "example.invalid" in called.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["main", "HEAD", "+main:refs/heads/moved", "--upload-pack=/bin/true", "v1.4"])
def test_what_is_no_full_commit_is_not_fetched(erp: Checkout, tmp_path: Path, name: str) -> None:
    clone = erp.clone_to(tmp_path / "clone")
    erp.commit({f"{N}/new": "x"})
    assert not GitRepository(clone.root)._fetch(name)
    assert clone.git("branch", "--list") == "* main"


def test_a_revision_that_looks_like_an_option_is_none(erp: Checkout, tmp_path: Path) -> None:
    repository = GitRepository(erp.root)
    assert not repository.has_commit(f"--output={tmp_path}/x")
    assert not repository.is_ancestor("--all", "HEAD")
    with pytest.raises(ErpBuildError, match="git cannot compare two commits"):
        repository.changed_paths(f"--output={tmp_path}/x", "HEAD")
    assert not (tmp_path / "x").exists()
