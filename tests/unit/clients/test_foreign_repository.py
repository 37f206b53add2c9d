"""A repository of somebody else is read, and nothing that its settings name is run."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from erp_build.cli.fast_path.early_git import start
from erp_build.clients.git.command import belongs_to_caller
from erp_build.clients.git.objects import texts
from erp_build.clients.git.repository import GitRepository
from tests.support.cli import CommandLine
from tests.support.git import Checkout

N = "backend/notification-service"
SOMEBODY = 65534
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")

PROGRAMS = {
    "core.fsmonitor": "{}",
    "core.sshCommand": "{}",
    "core.gitProxy": "{}",
    "core.askPass": "{}",
    "core.pager": "{}",
    "core.editor": "{}",
    "core.alternateRefsCommand": "{}",
    "credential.helper": "!{}",
    "filter.evil.clean": "{}",
    "filter.evil.smudge": "{}",
    "filter.evil.process": "{}",
    "diff.external": "{}",
    "diff.evil.command": "{}",
    "diff.evil.textconv": "{}",
    "gpg.program": "{}",
    "remote.origin.uploadpack": "{}",
    "remote.origin.receivepack": "{}",
    "remote.origin.vcs": "evil",
    "uploadpack.packObjectsHook": "{}",
    "pager.diff-tree": "{}",
    "protocol.ext.allow": "always",
}
"""Settings of Git that name a program, or let an address name one."""

HOOKS = ("reference-transaction", "post-index-change", "pre-push", "post-checkout", "pre-auto-gc", "fsmonitor-watchman")


class Trap:
    """A program that leaves a file behind, and everything in a repository that can name it."""

    def __init__(self, checkout: Checkout, folder: Path) -> None:
        self.evil = folder / "evil.sh"
        self.evil.write_text(f'#!/bin/sh\necho "$0 $*" >> {folder}/ran\nexit 1\n', encoding="utf-8")
        self.evil.chmod(0o755)
        self._ran = folder / "ran"
        for key, value in PROGRAMS.items():
            checkout.git("config", key, value.format(self.evil))
        hooks = checkout.root / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        for name in HOOKS:
            (hooks / name).symlink_to(self.evil)
        checkout.write(".git/info/attributes", "* filter=evil diff=evil\n")
        self._ran.unlink(missing_ok=True)

    def ran(self) -> str:
        """What has been run, a line a call."""
        return self._ran.read_text(encoding="utf-8") if self._ran.exists() else ""


def give_away(root: Path) -> None:
    """Let a checkout belong to somebody else."""
    for path in (root, *root.rglob("*")):
        os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)


@pytest.fixture
def trapped(erp: Checkout, tmp_path: Path) -> tuple[Checkout, Trap]:
    """A checkout with two commits, the second in the notification service, and traps in all its settings."""
    erp.commit({f"{N}/new": "x"})
    return erp, Trap(erp, tmp_path)


@only_root
def test_a_plan_of_it_runs_nothing_of_it_and_is_the_same_plan(
    trapped: tuple[Checkout, Trap], erp_build: CommandLine
) -> None:
    erp, trap = trapped
    base = erp.git("rev-parse", "HEAD~1")
    words = ("plan", "--repo", erp.root, "--json", "--base")
    ours = erp_build(*words, base)
    erp.write(f"{N}/new", "edited\n")
    give_away(erp.root)
    trap._ran.unlink(missing_ok=True)
    theirs = erp_build(*words, base)
    assert json.loads(theirs.out)["targets"] == json.loads(ours.out)["targets"]
    named = json.loads(erp_build(*words, "HEAD~1").out)
    assert [warning.endswith(f"{N}/new") for warning in named["warnings"]] == [True]
    assert trap.ran() == ""


@only_root
@pytest.mark.parametrize("address", ["ext::{} %S", "evil::x", "ssh://example.invalid/x", "https://example.invalid/x"])
def test_a_commit_that_it_lacks_is_fetched_without_its_programs(
    trapped: tuple[Checkout, Trap], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp, trap = trapped
    erp.git("config", "remote.origin.url", address.format(trap.evil))
    give_away(erp.root)
    trap._ran.unlink(missing_ok=True)
    # No other program may sign in there either.
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")
    assert not GitRepository(erp.root).has_commit("d" * 40)
    assert trap.ran() == ""


@only_root
def test_a_caller_who_declares_every_folder_safe_runs_nothing_of_it_either(
    trapped: tuple[Checkout, Trap], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp, trap = trapped
    (tmp_path / ".gitconfig").write_text("[safe]\n\tdirectory = *\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    erp.write(f"{N}/new", "edited\n")
    give_away(erp.root)
    trap._ran.unlink(missing_ok=True)
    assert GitRepository(erp.root).uncommitted() == (f"{N}/new",)
    assert trap.ran() == ""


@only_root
def test_the_trap_is_one_in_a_checkout_of_ones_own(trapped: tuple[Checkout, Trap]) -> None:
    """What is tested here is the owner: the same settings do name programs where they are the caller's."""
    erp, trap = trapped
    GitRepository(erp.root).uncommitted()
    assert str(trap.evil) in trap.ran()


@only_root
def test_a_clone_of_somebody_else_is_completed_from_its_own_remote(erp: Checkout, tmp_path: Path) -> None:
    base = erp.head()
    erp.commit({f"{N}/new": "x"})
    clone = erp.clone_to(tmp_path / "clone", "--depth=1")
    trap = Trap(clone, tmp_path)
    clone.git("config", "--unset", "remote.origin.vcs")
    trap._ran.unlink(missing_ok=True)
    give_away(clone.root)
    repository = GitRepository(clone.root)
    assert repository.is_shallow()
    assert repository.has_commit(base)
    assert {change.path for change in repository.changed_paths(base, clone_head(repository))} == {f"{N}/new"}
    assert trap.ran() == ""


def clone_head(repository: GitRepository) -> str:
    head = repository.resolve("HEAD")
    assert head
    return head


@only_root
@pytest.mark.parametrize("form", ["packed references", "a worktree", "a bare repository", "SHA-256"])
def test_every_form_of_it_has_the_same_answers(erp: Checkout, tmp_path: Path, form: str) -> None:
    root = erp.root
    if form == "packed references":
        erp.git("pack-refs", "--all", "--prune")
    elif form == "a worktree":
        root = tmp_path / "tree"
        erp.git("worktree", "add", "--quiet", str(root), "HEAD")
    elif form == "a bare repository":
        root = erp.clone_to(tmp_path / "bare.git", "--bare").root
    else:
        root = tmp_path / "other"
        root.mkdir()
        subprocess.run(["git", "init", "--quiet", "--object-format=sha256", str(root)], check=True)
        Checkout(root).commit({f"{N}/x": "x"})
    erp.git("branch", "other")

    def answers() -> tuple[object, ...]:
        one = GitRepository(root)
        head = clone_head(one)
        return one.has_metadata(), head, one.uncommitted(), list(one.source_files(head)), one.origin(), one.is_shallow()

    ours = answers()
    give_away(root)
    assert not belongs_to_caller(str(root))
    assert answers() == ours


@only_root
def test_a_partial_clone_of_somebody_else_is_not_completed_file_by_file(erp: Checkout, tmp_path: Path) -> None:
    """Git would fetch each missing file when it is asked for, by the settings of the clone."""
    erp.git("config", "uploadpack.allowFilter", "true")
    clone = erp.clone_to(tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    trap = Trap(clone, tmp_path)
    give_away(clone.root)
    repository = GitRepository(clone.root)
    files = {file.path: file.identifier for file in repository.source_files(clone_head(repository))}
    assert texts(repository, files) == dict.fromkeys(files, "")
    assert trap.ran() == ""


@only_root
def test_the_upstream_of_it_is_known(erp: Checkout, tmp_path: Path) -> None:
    clone = erp.clone_to(tmp_path / "clone")
    base = clone.head()
    head = clone.commit({f"{N}/new": "x"})
    give_away(clone.root)
    assert GitRepository(clone.root).upstream_base(head) == base


@only_root
@pytest.mark.parametrize("what", [".git", ".git/HEAD"])
def test_a_part_that_belongs_to_somebody_else_decides(erp: Checkout, what: str) -> None:
    assert belongs_to_caller(str(erp.root))
    os.chown(erp.root / what, SOMEBODY, SOMEBODY)
    # Git itself looks at the folders, not at each file.
    assert belongs_to_caller(str(erp.root)) == (what == ".git/HEAD")


@only_root
def test_no_comparison_of_it_is_started_early(erp: Checkout) -> None:
    base = erp.head()
    words = ["--repo", str(erp.root), "--base", base]
    early = start(words)
    assert early is not None
    assert early.output() is not None
    give_away(erp.root)
    assert start(words) is None


@only_root
@pytest.mark.parametrize("name", ["HEAD", "config"])
def test_a_pipe_in_its_folder_is_not_waited_for(erp: Checkout, name: str) -> None:
    place = erp.root / ".git" / name
    place.unlink()
    os.mkfifo(place)
    give_away(erp.root)
    assert not GitRepository(erp.root).has_metadata()


@only_root
def test_what_it_leaves_in_the_temporary_folder_goes_with_it(
    erp: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    give_away(erp.root)
    repository = GitRepository(erp.root)
    assert repository.has_metadata()
    assert list(tmp_path.glob("erp-build-git-*"))
    del repository
    assert not list(tmp_path.glob("erp-build-git-*"))
