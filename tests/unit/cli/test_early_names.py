"""What the names of commits mean to a comparison that is started before the imports: the same as to Git."""

import hashlib
import json
from pathlib import Path

import pytest

from erp_build.cli.fast_path.early_git import start
from erp_build.clients.git.repository import GitRepository
from tests.support.cli import CommandLine, built
from tests.support.git import Checkout
from tests.support.samples import NOTIFICATION
from tests.support.wrapper import GitCalls

N = "backend/notification-service"

UNKNOWN = "d" * 40

NAMES = ["HEAD~1", "@~1", "main~1", "before", "v1.4", "refs/tags/v1.4", "v1.4^{commit}", "both", "결재", "before^0"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.usefixtures("poms_known")
def test_a_plan_of_names_asks_git_what_they_mean_and_compares(
    two: tuple[Checkout, str, str], calls: GitCalls, erp_build: CommandLine, name: str, form: tuple[str, ...]
) -> None:
    erp, base, head = two
    for branch in ("before", "both", "결재"):
        erp.git("branch", branch, base)
    erp.git("tag", "--annotate", "--message", "a tag", "v1.4", base)
    erp.git("tag", "both", base)
    calls.made()
    named = erp_build("plan", "--repo", erp.root, "--base", name, "--head", "main", *form)
    assert ["cat-file" in call or "diff-tree" in call for call in calls.made()] == [True, True]
    full = erp_build("plan", "--repo", erp.root, "--base", base, "--head", head, *form)
    assert named == full


def test_a_tag_goes_before_a_branch_of_the_same_name_as_it_does_for_git(
    two: tuple[Checkout, str, str], erp_build: CommandLine
) -> None:
    erp, base, head = two
    erp.git("branch", "both", head)
    erp.git("tag", "both", base)
    answer = erp_build("plan", "--repo", erp.root, "--json", "--base", "both")
    assert json.loads(answer.out)["targets"][0]["baseline"]["commit"] == base
    assert built(answer.out) == [NOTIFICATION]
    said = "both is a tag and a branch: the tag is taken, as Git does; refs/heads/both is the branch"
    assert json.loads(answer.out)["warnings"] == [said]
    for words in (("--base", "refs/heads/both"), ("--base", "refs/tags/both"), ("--base", base)):
        assert said not in erp_build("plan", "--repo", erp.root, *words).out


@pytest.mark.parametrize("early", [True, False], ids=["early", "in the ordinary way"])
@pytest.mark.parametrize("name", ["both", "both~0", "both^{commit}"])
def test_a_name_that_a_tag_and_a_branch_have_is_in_doubt(
    two: tuple[Checkout, str, str], name: str, erp_build: CommandLine, *, early: bool
) -> None:
    erp, base, head = two
    erp.git("branch", "both", head)
    erp.git("branch", "same", head)
    erp.git("tag", "both", base)
    erp.git("tag", "same", head)
    repository = GitRepository(erp.root, start(["--repo", str(erp.root), "--base", name]) if early else None)
    assert repository.is_ambiguous(name)
    assert not repository.is_ambiguous(head)
    assert not GitRepository(erp.root).is_ambiguous("same")
    assert erp_build("plan", "--repo", erp.root, "--base", name, "--strict").code == 3
    answer = erp_build("plan", "--repo", erp.root, "--base", base, "--head", name)
    assert f"Warning: {name} is a tag and a branch" in answer.out


NO_COMMITS = ["absent", " ", "HEAD ", "-x", "^HEAD", "HEAD..main", "HEAD^{tree}", "HEAD:", ":/absent", "d" * 39, "a\nb"]


@pytest.mark.parametrize("name", NO_COMMITS, ids=repr)
@pytest.mark.parametrize("option", ["--base", "--head"])
def test_a_name_of_no_commit_is_refused_as_without_an_early_comparison(
    two: tuple[Checkout, str, str], option: str, name: str, erp_build: CommandLine
) -> None:
    erp, base, head = two
    words = {"--base": base, "--head": head} | {option: name}
    answer = erp_build("plan", "--repo", erp.root, *[f"{option}={value}" for option, value in words.items()])
    assert answer.code == 2
    assert f"{option} names no commit" in answer.err
    assert f"git does not know {name!r}" in answer.err


def test_a_short_id_means_its_commit(two: tuple[Checkout, str, str], erp_build: CommandLine) -> None:
    erp, base, _ = two
    answer = erp_build("plan", "--repo", erp.root, "--json", "--base", base[:8])
    assert json.loads(answer.out)["targets"][0]["baseline"]["commit"] == base


def test_a_short_id_of_two_commits_is_refused(
    two: tuple[Checkout, str, str], tmp_path: Path, erp_build: CommandLine
) -> None:
    erp, _, _ = two
    short, *texts = commits_with_the_same_start(erp.git("rev-parse", "HEAD^{tree}"))
    for text in texts:
        (tmp_path / "commit").write_text(text, encoding="utf-8")
        assert erp.git("hash-object", "-t", "commit", "-w", str(tmp_path / "commit")).startswith(short)
    answer = erp_build("plan", "--repo", erp.root, "--base", short)
    assert answer.code == 2
    assert f"git does not know {short!r}" in answer.err


def commits_with_the_same_start(tree: str) -> tuple[str, str, str]:
    """Four hex digits, and two commits whose ids begin with them."""
    seen: dict[str, str] = {}
    for second in range(5000):
        by = f"T <t@example.invalid> {second} +0000"
        text = f"tree {tree}\nauthor {by}\ncommitter {by}\n\nx\n"
        data = f"commit {len(text)}\0{text}".encode()
        short = hashlib.sha1(data, usedforsecurity=False).hexdigest()[:4]
        if short in seen:
            return short, seen[short], text
        seen[short] = text
    raise AssertionError("no two of them")


@pytest.mark.parametrize("option", ["--base", "--head"])
def test_a_full_commit_that_nobody_has_is_told_as_ever(
    two: tuple[Checkout, str, str], option: str, erp_build: CommandLine
) -> None:
    erp, base, head = two
    words = {"--base": base, "--head": head} | {option: UNKNOWN}
    answer = erp_build("plan", "--repo", erp.root, *[word for pair in words.items() for word in pair])
    assert answer.code == 2
    assert f"{option} names no commit" in answer.err
    assert f"git does not know '{UNKNOWN}'" in answer.err


@pytest.mark.parametrize("option", ["--base", "--head"])
def test_the_id_of_a_tag_means_its_commit(two: tuple[Checkout, str, str], option: str, erp_build: CommandLine) -> None:
    """`git rev-parse v1.4` prints the id of an annotated tag, which is no commit but names one."""
    erp, base, head = two
    words = {"--base": base, "--head": head}
    erp.git("tag", "--annotate", "--message", "a tag", "v1.4", words[option])
    words[option] = erp.git("rev-parse", "v1.4")
    answer = erp_build("plan", "--repo", erp.root, "--json", *[word for pair in words.items() for word in pair])
    document = json.loads(answer.out)
    assert (document["head"], document["targets"][0]["baseline"]["commit"]) == (head, base)
    assert built(answer.out) == [NOTIFICATION]


@pytest.mark.parametrize(
    ("option", "what"),
    [
        pytest.param("--head", "HEAD^{tree}", id="a tree as head"),
        pytest.param("--head", f"HEAD:{N}/new", id="a file as head"),
        pytest.param("--base", "HEAD~1^{tree}", id="a tree as base"),
        pytest.param("--base", f"HEAD:{N}/new", id="a file as base"),
    ],
)
def test_the_id_of_what_is_no_commit_is_refused(
    two: tuple[Checkout, str, str], option: str, what: str, erp_build: CommandLine
) -> None:
    erp, base, head = two
    words = {"--base": base, "--head": head} | {option: erp.git("rev-parse", what)}
    answer = erp_build("plan", "--repo", erp.root, *[word for pair in words.items() for word in pair])
    assert answer.code == 2
    assert f"{option} names no commit" in answer.err
