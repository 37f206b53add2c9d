"""What the full name of a commit is: every caller is held to the cases of `tests/cases/full_commit.json`."""

from typing import Any

import pytest

from erp_build.changes.live_state import commit_of
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
def test_git_compares_at_once_what_names_full_commits(case: dict[str, Any], erp: Checkout) -> None:
    early = EarlyDiff(str(erp.root), case["text"], erp.head())
    assert (early._asked is None) == case["full"]
    early.output()


@CASES
def test_a_head_that_stands_in_its_file_is_compared_at_once(case: dict[str, Any], erp: Checkout) -> None:
    base = erp.head()
    (erp.root / ".git" / "HEAD").write_text(case["text"] + "\n", encoding="utf-8")
    early = EarlyDiff(str(erp.root), base, "HEAD")
    assert (early._asked is None) == case["full"]
    early.output()
