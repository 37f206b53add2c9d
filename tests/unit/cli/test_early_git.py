"""The comparison that is started before the imports: taken when it is the right one, and never missed."""

import json
import os
from pathlib import Path

import pytest

from erp_build.cli.fast_path.early_git import start
from erp_build.clients.git import early_diff
from erp_build.clients.git.repository import GitRepository
from tests.support.cli import CommandLine, built
from tests.support.git import Checkout
from tests.support.samples import NOTIFICATION
from tests.support.wrapper import GitCalls

N = "backend/notification-service"


@pytest.mark.parametrize("form", [(), ("--json",), ("--markdown",), ("--strict",)])
@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.usefixtures("poms_known")
def test_a_plan_of_two_full_commits_starts_git_once(
    two: tuple[Checkout, str, str], calls: GitCalls, erp_build: CommandLine, form: tuple[str, ...], *, joined: bool
) -> None:
    erp, base, head = two
    words = [f"--base={base}", f"--head={head}"] if joined else ["--base", base, "--head", head]
    answer = erp_build("plan", "--repo", erp.root, *words, *form)
    assert answer.code == 0
    assert NOTIFICATION in answer.out
    assert len(calls.made()) == 1


def test_a_first_plan_reads_the_poms_by_a_git_of_its_own(
    two: tuple[Checkout, str, str], calls: GitCalls, erp_build: CommandLine
) -> None:
    erp, base, head = two
    for _ in range(2):
        assert erp_build("plan", "--repo", erp.root, "--base", base, "--head", head).code == 0
    assert ["diff-tree" in call for call in calls.made()] == [True, False, True]


@pytest.mark.usefixtures("poms_known")
def test_a_plan_of_head_starts_git_once_as_well(
    two: tuple[Checkout, str, str], calls: GitCalls, erp_build: CommandLine
) -> None:
    erp, base, head = two
    answer = erp_build("plan", "--repo", erp.root, "--base", base, "--json")
    assert json.loads(answer.out)["head"] == head
    assert ["diff-tree" in call for call in calls.made()] == [True]


@pytest.mark.usefixtures("poms_known")
def test_a_plan_of_thousands_of_services_starts_git_once(
    two: tuple[Checkout, str, str], calls: GitCalls, erp_build: CommandLine
) -> None:
    erp, base, head = two
    text = "".join(f'[[service]]\npath = "backend/s{number}"\n' for number in range(2000))
    erp.write("erp-build.toml", text + f'[[service]]\npath = "{N}"\n')
    answer = erp_build("plan", "--repo", erp.root, "--base", base, "--head", head)
    assert len(calls.made()) == 1
    assert [line.split()[0] for line in answer.out.splitlines()[1:]] == [NOTIFICATION, f"{N}/new", "helm-chart", "2000"]
    assert answer.out.endswith("  2000 other targets do not differ\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["--base", "BASE", "--head", "HEAD"], True, id="two full commits"),
        pytest.param(["--base", "BASE"], True, id="a full base, and HEAD in a file"),
        pytest.param(["--head=HEAD", "--json", "--base=BASE"], True, id="with equals signs, in any order"),
        pytest.param(["--base", "BASE", "--live"], False, id="compared with what runs"),
        pytest.param(["--head", "HEAD"], False, id="no base"),
        pytest.param(["--base"], False, id="a base without its value"),
        pytest.param(["--base", "before", "--head", "HEAD"], True, id="a branch"),
        pytest.param(["--base", "BASE", "--head", "main"], True, id="a branch as head"),
        pytest.param(["--base", "v1.4"], True, id="an annotated tag, and no head"),
        pytest.param(["--base", "main~1", "--head", "@"], True, id="counted back from a branch"),
        pytest.param(["--base", "UPPER", "--head", "HEAD"], True, id="capital letters"),
        pytest.param(["--base", "a\nb", "--head", "HEAD"], False, id="more than one line"),
        pytest.param(["--base", "x" * 100_000, "--head", "HEAD"], False, id="more than a pipe holds"),
        pytest.param(["--base", "--output=/tmp/x", "--head", "HEAD"], False, id="what looks like an option"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_git_is_started_early_where_a_base_is_named(
    two: tuple[Checkout, str, str], arguments: list[str], *, expected: bool
) -> None:
    erp, base, head = two
    erp.git("branch", "before", base)
    erp.git("tag", "--annotate", "--message", "a tag", "v1.4", base)
    words = [word.replace("BASE", base).replace("HEAD", head).replace("UPPER", base.upper()) for word in arguments]
    early = start(["--repo", str(erp.root), *words])
    assert (early is not None) == expected
    if early:
        assert (early.base, early.head) == (base, head)
        assert early.output() is not None
        assert early.output() == early.output()


def test_an_early_answer_is_the_ordinary_one(two: tuple[Checkout, str, str], calls: GitCalls) -> None:
    erp, base, head = two
    early = GitRepository(erp.root, start(["--repo", str(erp.root), "--base", base]))
    assert early.has_metadata()
    assert early.resolve(base) == base
    assert early.has_commit(head)
    found = early.changed_paths(base, head)
    assert len(calls.made()) == 1
    assert found == GitRepository(erp.root).changed_paths(base, head)
    assert [change.path for change in found] == [f"{N}/new"]


def test_a_plan_for_the_checkout_tells_of_uncommitted_files_and_one_of_two_commits_does_not(
    two: tuple[Checkout, str, str], erp_build: CommandLine
) -> None:
    erp, base, _ = two
    erp.git("checkout", "--quiet", "-b", "topic", "--track", "main")
    erp.write("README.md", "edited\n")
    for words in ([], ["--base", "HEAD~1"]):
        assert "1 file is changed but not committed" in erp_build("plan", "--repo", erp.root, *words).out
    for words in (["--base", base], ["--head", "HEAD"]):
        assert "not committed" not in erp_build("plan", "--repo", erp.root, *words).out


def test_another_comparison_than_the_early_one_is_asked_of_git(two: tuple[Checkout, str, str], tmp_path: Path) -> None:
    erp, base, head = two
    repository = GitRepository(erp.root, start(["--repo", str(erp.root), "--base", base]))
    assert [change.status for change in repository.changed_paths(head, base)] == ["D"]
    other = Checkout.create(tmp_path / "other", a="x")
    elsewhere = GitRepository(other.root, start(["--repo", str(erp.root), "--base", base]))
    assert elsewhere.resolve(base) is None


def test_without_git_the_plan_says_so(
    two: tuple[Checkout, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, erp_build: CommandLine
) -> None:
    erp, base, head = two
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = erp_build("plan", "--repo", erp.root, "--base", base, "--head", head)
    assert answer.code == 2
    assert "there is no git" in answer.err


@pytest.mark.parametrize("form", ["packed references", "a worktree", "a bare repository", "a linked folder"])
@pytest.mark.parametrize("named", [True, False], ids=["head named", "head not named"])
def test_every_form_of_repository_has_the_same_plan(
    two: tuple[Checkout, str, str], tmp_path: Path, form: str, erp_build: CommandLine, *, named: bool
) -> None:
    erp, base, head = two
    root = erp.root
    if form == "packed references":
        erp.git("pack-refs", "--all", "--prune")
    elif form == "a worktree":
        root = tmp_path / "tree"
        erp.git("worktree", "add", "--quiet", str(root), "HEAD")
    elif form == "a bare repository":
        root = erp.clone_to(tmp_path / "bare.git", "--bare").root
    else:
        root = tmp_path / "link"
        root.symlink_to(erp.root)
    answer = erp_build("plan", "--repo", root, "--json", "--base", base, *(("--head", head) if named else ()))
    assert answer.code == 0
    assert json.loads(answer.out)["head"] == head
    assert built(answer.out) == [NOTIFICATION]


@pytest.mark.usefixtures("poms_known")
def test_a_repository_in_the_working_directory_needs_no_option(
    two: tuple[Checkout, str, str], monkeypatch: pytest.MonkeyPatch, calls: GitCalls, erp_build: CommandLine
) -> None:
    erp, base, _ = two
    monkeypatch.chdir(erp.root)
    assert built(erp_build("plan", "--base", base, "--json").out) == [NOTIFICATION]
    assert ["diff-tree" in call for call in calls.made()] == [True]


def test_no_file_of_an_early_comparison_stays_open(two: tuple[Checkout, str, str], erp_build: CommandLine) -> None:
    erp, base, head = two
    erp_build("plan", "--repo", erp.root, "--base", base)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - as a count
    for _ in range(3):
        erp_build("plan", "--repo", erp.root, "--base", base, "--head", head)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - as a count


def test_a_git_that_does_not_end_is_given_up_and_asked_in_the_ordinary_way(
    two: tuple[Checkout, str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    erp, base, head = two
    monkeypatch.setattr(early_diff, "EARLY_S", 0.05)
    (tmp_path / "git").write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    (tmp_path / "git").chmod(0o755)
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{path}")
    early = start(["--repo", str(erp.root), "--base", base, "--head", head])
    assert early is not None
    assert early.output() is None
    monkeypatch.setenv("PATH", path)
    assert [change.path for change in GitRepository(erp.root, early).changed_paths(base, head)] == [f"{N}/new"]
