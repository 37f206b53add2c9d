"""Without erp-build.toml the layout of the ERP is the default where the planned commit has it; else exit 2 says why."""

import json
from pathlib import Path
from typing import Any

import pytest

from erp_build.config.default_layout import misspelled
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.samples import EVERYTHING

ONE = '[[service]]\npath = "backend/notification-service"\n'


@pytest.fixture
def other(tmp_path: Path) -> Checkout:
    """A repository of another layout, with two commits."""
    checkout = Checkout.create(tmp_path / "other", **{"services/a/pom.xml": "<project/>\n"})
    checkout.commit({"services/a/App.java": "x"})
    return checkout


@pytest.mark.parametrize(
    "verb", ["plan", "explain services/a/pom.xml", "replay --range HEAD~1..HEAD", "doctor --only git"]
)
def test_another_layout_is_refused_by_every_verb_that_reads_the_targets(
    other: Checkout, erp_build: CommandLine, verb: str
) -> None:
    answer = erp_build(*verb.split(), "--repo", other.root)
    assert (answer.code, answer.out) == (2, "")
    assert "erp_build: there is no erp-build.toml" in answer.err
    assert "backend/approval-request-service" in answer.err
    assert "next:  erp-build init" in answer.err


@pytest.mark.parametrize("gone", ["backend/notification-service", "helm-chart"])
def test_a_layout_that_lacks_one_directory_is_refused(erp: Checkout, erp_build: CommandLine, gone: str) -> None:
    erp.git("rm", "-r", "--quiet", gone)
    erp.commit()
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD~1")
    assert answer.code == 2
    assert f"the default, but {gone} is not there" in answer.err


@pytest.mark.parametrize(
    "name", ["erp_build.toml", "erp-build.tml", "ERP-Build.toml", ".erp-build.toml", "erpbuild.toml", "erp-build.tolm"]
)
def test_a_misspelled_name_is_named_also_in_the_layout_of_the_default(
    erp: Checkout, erp_build: CommandLine, name: str
) -> None:
    erp.commit({name: ONE})
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD~1")
    assert (answer.code, answer.out) == (2, "")
    assert f"there is no erp-build.toml, but {name}" in answer.err
    assert f"next:  git mv {name} erp-build.toml; or --config {name}" in answer.err


def test_a_copy_and_a_name_of_something_else_are_no_misspelling() -> None:
    names = ["erp-build.toml.bak", "erp-build.toml.example", "erp", "erp-build", "enterprise.toml", "pyproject.toml"]
    assert misspelled(names) == []


def test_a_link_that_leads_nowhere_is_said(erp: Checkout, erp_build: CommandLine) -> None:
    (erp.root / "erp-build.toml").symlink_to("ci/erp-build.toml")
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD")
    assert answer.code == 2
    assert "erp-build.toml is a link to what is not there" in answer.err
    assert "it leads to ci/erp-build.toml" in answer.err


def test_a_file_that_a_sparse_checkout_leaves_out_is_said(erp: Checkout, erp_build: CommandLine) -> None:
    erp.commit({"erp-build.toml": ONE})
    erp.git("sparse-checkout", "set", "--no-cone", "/*", "!/erp-build.toml")
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD~1")
    assert answer.code == 2
    assert "erp-build.toml is in the commit, but not in the checkout" in answer.err
    assert "next:  git sparse-checkout add erp-build.toml" in answer.err


def test_a_sparse_checkout_of_the_default_layout_is_planned_by_its_commit(
    erp: Checkout, erp_build: CommandLine
) -> None:
    erp.git("sparse-checkout", "set", "backend/notification-service")
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD", "--json")
    assert [target["name"] for target in json.loads(answer.out)["targets"]] == list(EVERYTHING)


def test_a_file_elsewhere_is_the_next_step(other: Checkout, erp_build: CommandLine) -> None:
    other.commit({"ci/erp-build.toml": ONE, "ci/x/erp_build.toml": ONE})
    answer = erp_build("plan", "--repo", other.root)
    assert answer.code == 2
    assert "did you mean `ci/erp-build.toml`? --config ci/erp-build.toml" in answer.err


def test_a_file_that_was_removed_but_is_in_the_commit_is_said(other: Checkout, erp_build: CommandLine) -> None:
    other.commit({"erp-build.toml": '[[service]]\npath = "services/a"\n'})
    (other.root / "erp-build.toml").unlink()
    answer = erp_build("plan", "--repo", other.root)
    assert answer.code == 2
    assert "next:  git restore erp-build.toml" in answer.err


def test_the_layout_is_that_of_the_commit_that_is_planned(erp: Checkout, erp_build: CommandLine) -> None:
    """The checkout has the layout of the default, the commit has another one."""
    erp.git("checkout", "--quiet", "--orphan", "other")
    erp.git("rm", "-r", "--quiet", "--force", ".")
    erp.commit({"services/a/pom.xml": "x"})
    erp.git("checkout", "--quiet", "main")
    assert erp_build("plan", "--repo", erp.root, "--base", "HEAD").code == 0
    answer = erp_build("plan", "--repo", erp.root, "--base", "main", "--head", "other")
    assert answer.code == 2
    assert "there is no erp-build.toml" in answer.err


def test_a_commit_with_a_file_is_planned_by_it(erp: Checkout, erp_build: CommandLine) -> None:
    head = erp.commit({"erp-build.toml": ONE})
    erp.git("checkout", "--quiet", "HEAD~1")
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD", "--head", head, "--json")
    assert [target["name"] for target in json.loads(answer.out)["targets"]] == ["notification-service", "helm-chart"]


def test_answers_are_judged_in_any_folder(tmp_path: Path, erp_build: CommandLine) -> None:
    answers: list[Any] = [
        {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findingSeverityCounts": {}}}
    ]
    answers[0]["imageScanFindings"]["imageScanCompletedAt"] = "2026-11-26T09:00:00+09:00"
    (tmp_path / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
    answer = erp_build("gate", "--repo", tmp_path, "--recorded", tmp_path / "answers.json")
    assert answer.code == 0, answer.err
    (tmp_path / "erp_build.toml").write_text('[gate]\nblock = ["HIGH"]\n', encoding="utf-8")
    assert erp_build("gate", "--repo", tmp_path, "--recorded", tmp_path / "answers.json").code == 2


@pytest.mark.parametrize("fits", [True, False])
def test_a_bare_repository_is_judged_by_its_commit(
    erp: Checkout, other: Checkout, tmp_path: Path, erp_build: CommandLine, *, fits: bool
) -> None:
    bare = (erp if fits else other).clone_to(tmp_path / "bare.git", "--bare")
    answer = erp_build("plan", "--repo", bare.root, "--base", "HEAD")
    assert answer.code == (0 if fits else 2)
    assert ("there is no erp-build.toml" in answer.err) is not fits
