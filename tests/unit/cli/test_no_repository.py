"""What is said where Git reads no commit: each cause by its own words, with what to do, and none is called another."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.samples import EVERYTHING, NOTIFICATION

N = "backend/notification-service"
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


def no_git(erp: Checkout) -> None:
    shutil.rmtree(erp.root / ".git")


def empty(erp: Checkout) -> None:
    no_git(erp)
    erp.git("init", "--quiet")


def empty_folder(erp: Checkout) -> None:
    no_git(erp)
    (erp.root / ".git").mkdir()


def leads_nowhere(erp: Checkout) -> None:
    no_git(erp)
    erp.write(".git", "gitdir: /nowhere/at/all\n")


def no_objects(erp: Checkout) -> None:
    shutil.rmtree(erp.root / ".git" / "objects")
    (erp.root / ".git" / "objects").mkdir()


def empty_branch(erp: Checkout) -> None:
    erp.write(".git/refs/heads/main", "")


def unreadable_head(erp: Checkout) -> None:
    (erp.root / ".git" / "HEAD").unlink()
    (erp.root / ".git" / "HEAD").mkdir()


CAUSES: tuple[tuple[Callable[[Checkout], None], str, str], ...] = (
    (no_git, "this is not a Git repository: there is no .git here or further up", "run in a clone"),
    (empty, "the repository has no commit yet", "git commit"),
    (empty_folder, "the repository is damaged (fatal: not a git repository", "git fsck"),
    (leads_nowhere, "the file .git names /nowhere/at/all, which is not there", "a new clone"),
    (no_objects, "the repository is damaged (fatal: bad object HEAD)", "git fsck"),
    (empty_branch, "the repository is damaged (fatal: your current branch appears to be broken)", "git fsck"),
    (unreadable_head, "/HEAD: Is a directory)", "let the user who runs this read it"),
)


@pytest.mark.parametrize("in_a_build", [False, True], ids=["at a desk", "in a build"])
@pytest.mark.parametrize(("cause", "what", "then"), CAUSES, ids=lambda value: getattr(value, "__name__", ""))
def test_each_cause_has_its_own_words(
    erp: Checkout,
    cause: Callable[[Checkout], None],
    what: str,
    then: str,
    erp_build: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    *,
    in_a_build: bool,
) -> None:
    cause(erp)
    if in_a_build:
        monkeypatch.setenv("CODEBUILD_BUILD_ID", "erp:1")
    answer = erp_build("plan", "--repo", erp.root)
    assert answer.code == 2
    is_zip = in_a_build and cause is no_git
    assert ("the source has no .git (CODE_ZIP" if is_zip else what) in answer.err
    assert ("choose full clone" if is_zip else then) in answer.err
    assert ("CODE_ZIP" in answer.err) == is_zip


def test_a_build_whose_repository_is_damaged_builds_everything_and_says_what_git_says(
    erp: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEBUILD_RESOLVED_SOURCE_VERSION", erp.head())
    leads_nowhere(erp)
    document = json.loads(erp_build("plan", "--repo", erp.root, "--json").out)
    assert {target["name"] for target in document["targets"] if target["action"] != "none"} == set(EVERYTHING)
    assert "the file .git names /nowhere/at/all, which is not there" in document["targets"][0]["because"][0]["rule"]


@only_root
def test_a_repository_that_this_user_may_not_read_is_called_unreadable(erp: Checkout, erp_build: CommandLine) -> None:
    for folder in (erp.root, *erp.root.parents):
        if folder.name.startswith(("erp", "test_", "pytest-", "popen-")):
            folder.chmod(0o755)
    (erp.root / ".git").chmod(0o700)
    os.seteuid(65534)
    try:
        answer = erp_build("plan", "--repo", erp.root)
    finally:
        os.seteuid(0)
    assert answer.code == 2
    assert "Permission denied" in answer.err
    assert "CODE_ZIP" not in answer.err


def test_a_damaged_object_is_told_with_gits_last_line(erp: Checkout, erp_build: CommandLine) -> None:
    base = erp.head()
    head = erp.commit({f"{N}/new": "x"})
    tree = erp.git("rev-parse", f"{head}:backend")
    (erp.root / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    answer = erp_build("plan", "--repo", erp.root, "--base", base, "--head", head)
    assert answer.code == 2
    assert "git cannot compare two commits" in answer.err
    assert f"fatal: unable to read tree ({tree})" in answer.err or f"unable to read tree {tree}" in answer.err
    assert "git fsck" in answer.err


def test_an_old_git_is_told_by_its_version(
    erp: Checkout, erp_build: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "git"
    program.write_text(
        f"#!/bin/sh\n[ \"$1\" = --version ] && echo 'git version 2.17.1' && exit\n"
        f'for word; do [ "$word" = --end-of-options ] && printf "error: unknown option\\nusage\\n" >&2 && exit 129\n'
        f'done\nexec {real} "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    answer = erp_build("plan", "--repo", erp.root)
    assert answer.code == 2
    assert "git is too old" in answer.err
    assert "it is 2.17: error: unknown option" in answer.err
    assert "install git 2.30 or newer" in answer.err


@pytest.mark.parametrize("how", ["by the option", "by the working directory"])
def test_a_folder_of_the_repository_will_do_as_it_does_for_git(
    erp: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    erp.commit({f"{N}/new": "x"})
    if how == "by the working directory":
        monkeypatch.chdir(erp.root / N / "src")
    words = [] if how == "by the working directory" else ["--repo", str(erp.root / N / "src")]
    document = json.loads(erp_build("plan", *words, "--base", "HEAD~1", "--json").out)
    assert [target["name"] for target in document["targets"] if target["action"] == "build"] == [NOTIFICATION]


def test_the_source_of_a_build_is_no_folder_of_a_repository_further_up(
    erp: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp.write("backend/erp-build.toml", '[[service]]\npath = "notification-service"\n')
    monkeypatch.setenv("CODEBUILD_SRC_DIR", str(erp.root / "backend"))
    monkeypatch.setenv("CODEBUILD_RESOLVED_SOURCE_VERSION", erp.head())
    document = json.loads(erp_build("plan", "--repo", erp.root / "backend", "--json").out)
    assert {target["action"] for target in document["targets"]} == {"build", "redeploy"}


def test_a_folder_with_a_configuration_below_the_root_is_told_where_the_root_is(
    erp: Checkout, erp_build: CommandLine
) -> None:
    erp.commit({"backend/erp-build.toml": ""})
    answer = erp_build("plan", "--repo", erp.root / "backend")
    assert answer.code == 2
    assert f"this is a folder of the repository {erp.root}, not its root" in answer.err
    assert f"--repo {erp.root}" in answer.err


def test_the_last_line_of_a_fetch_is_kept_without_its_password(
    erp: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp.git("remote", "add", "origin", "http://user:hunter2@127.0.0.1:1/nowhere")
    monkeypatch.setenv("CODEBUILD_WEBHOOK_PREV_COMMIT", "d" * 40)
    document = json.loads(erp_build("plan", "--repo", erp.root, "--json").out)
    rule = document["targets"][0]["because"][0]["rule"]
    assert "(origin: fatal: unable to access 'http://127.0.0.1:1/nowhere/'" in rule
    assert "hunter2" not in rule
