"""What the full name of a commit is: every caller is held to the cases of `tests/cases/full_commit.json`."""

from contextlib import nullcontext
from typing import Any

import pytest

from erp_build.changes.live_state import commit_of
from erp_build.cli.fast_path.early_git import start
from erp_build.clients.git.early_diff import EarlyDiff
from erp_build.config.codebuild import commit_from
from erp_build.model.commit import is_full_commit
from erp_build.model.releases.release import Revision
from tests.support.cases import table
from tests.support.git import Checkout

CASES = pytest.mark.parametrize("case", table("full_commit"))


@CASES
def test_the_rule_itself(case: dict[str, Any]) -> None:
    assert is_full_commit(case["text"]) == case["full"]


@CASES
def test_a_variable_of_codebuild_names_a_commit(case: dict[str, Any]) -> None:
    assert commit_from({"V": case["text"]}, "V") == (case["text"] if case["full"] else None)


@CASES
def test_a_releases_description_names_a_commit(case: dict[str, Any]) -> None:
    revision = Revision(number=1, status="deployed", description="erp_build {}".format(case["text"]))
    assert commit_of(revision, (revision,)) == (case["text"] if case["full"] else None)


@CASES
@pytest.mark.parametrize("option", ["--base", "--head"])
def test_git_is_started_early_for_full_commits_alone(option: str, case: dict[str, Any], erp: Checkout) -> None:
    words = {"--base": erp.head(), "--head": erp.head(), option: case["text"]}
    early = start(["--repo", str(erp.root), *(word for pair in words.items() for word in pair)])
    # An empty head is none that was given: HEAD is read.
    assert (early is not None) == (case["full"] or (option == "--head" and not case["text"]))
    if early:
        early.output()


@CASES
def test_a_head_that_stands_in_its_file_is_a_full_commit(case: dict[str, Any], erp: Checkout) -> None:
    base = erp.head()
    (erp.root / ".git" / "HEAD").write_text(case["text"] + "\n", encoding="utf-8")
    refused = pytest.raises(OSError, match="names no full commit")
    with nullcontext() if case["full"] else refused:
        EarlyDiff(str(erp.root), base, None).output()
