"""The command line in a repository with several releases: the plan of all, and verbs that are about one."""

import json
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.git import Checkout

CONFIGURATION = "".join(
    f'[[chart]]\nname = "{name}"\npath = "charts/{name}"\n'
    f'[[service]]\npath = "backend/{name}-service"\nchart = "{name}"\n'
    for name in ("erp", "reports")
)


@pytest.fixture
def two(tmp_path: Path) -> Checkout:
    """Two releases, of which the second one's chart and the first one's service have changed."""
    files = {
        f"{folder}{name}{rest}": "x\n"
        for name in ("erp", "reports")
        for folder, rest in (("charts/", "/values-dev.yaml"), ("backend/", "-service/src/B.java"))
    }
    checkout = Checkout.create(tmp_path / "two", **{"erp-build.toml": CONFIGURATION, **files})
    checkout.commit({"charts/reports/Chart.yaml": "x", "backend/erp-service/src/A.java": "x", "notes/a.txt": "x"})
    return checkout


def test_a_plan_has_the_targets_of_every_release(two: Checkout, erp_build: CommandLine) -> None:
    document = json.loads(erp_build("plan", "--repo", two.root, "--base", "HEAD~1", "--json").out)
    assert {one["name"]: one["action"] for one in document["targets"]} == {
        "erp-service": "build",
        "reports-service": "redeploy",
        "erp": "none",
        "reports": "redeploy",
    }
    assert document["unowned"] == ["notes/a.txt"]


def test_a_plan_of_a_part_names_targets_of_any_release(two: Checkout, erp_build: CommandLine) -> None:
    words = ("plan", "--repo", two.root, "--base", "HEAD~1", "--json", "--except", "reports")
    document = json.loads(erp_build(*words).out)
    assert {one["name"]: one["action"] for one in document["targets"] if one["because"]} == {
        "erp-service": "build",
        "reports": "none",
    }


def test_a_change_of_any_chart_is_explained(two: Checkout, erp_build: CommandLine) -> None:
    text = erp_build("explain", "--repo", two.root, "charts/reports/Chart.yaml").out
    assert "reports: a change redeploys every EKS service" in text


def test_a_replay_names_every_chart(two: Checkout, erp_build: CommandLine) -> None:
    (line,) = erp_build("replay", "--repo", two.root, "--range", "HEAD~1..HEAD").out.splitlines()
    assert json.loads(line)["changed"] == ["erp-service", "reports"]


def test_what_runs_is_judged_in_every_release_or_in_the_one_that_is_named(
    two: Checkout, erp_build: CommandLine
) -> None:
    # Without an account nothing is judged; by then it is clear of which releases.
    assert "no AWS region is set" in erp_build("gate", "--running", "--repo", two.root).err
    answer = erp_build("gate", "--running", "--repo", two.root, "--unit", "report")
    assert (answer.code, "did you mean `reports`?" in answer.err) == (2, True)


@pytest.mark.parametrize("words", ["logs", "verify", "rollback", "unlock", "doctor"])
def test_a_verb_about_one_release_asks_which(two: Checkout, erp_build: CommandLine, words: str) -> None:
    answer = erp_build(*words.split(), "--repo", two.root)
    assert answer.code == 2
    assert "there are 2 releases, and this is about one" in answer.err
    assert "--unit NAME, one of: erp, reports" in answer.err
    answer = erp_build(*words.split(), "--repo", two.root, "--unit", "report")
    assert answer.code == 2
    assert "did you mean `reports`?" in answer.err


@pytest.fixture
def apart(two: Checkout) -> Checkout:
    """The same with a function, which is deployed by itself."""
    function = '[[service]]\npath = "backend/pay"\nkind = "lambda"\nfunction = "pay"\nchart = "erp"\n'
    two.commit({"erp-build.toml": f'{CONFIGURATION}{function}[deploy]\nunits = "apart"\n', "backend/pay/a.txt": "x"})
    return two


def test_a_plan_is_the_same_whether_functions_are_apart(apart: Checkout, erp_build: CommandLine) -> None:
    words = ("plan", "--repo", apart.root, "--base", "HEAD~1", "--json")
    document = json.loads(erp_build(*words).out)
    assert [one["name"] for one in document["targets"]] == ["erp-service", "reports-service", "pay", "erp", "reports"]
    text = (apart.root / "erp-build.toml").read_text(encoding="utf-8").replace("apart", "together")
    (apart.root / "erp-build.toml").write_text(text, encoding="utf-8")
    assert json.loads(erp_build(*words).out)["targets"] == document["targets"]


@pytest.mark.parametrize("words", ["rollback", "unlock"])
def test_a_verb_about_one_lock_may_be_about_a_function(apart: Checkout, erp_build: CommandLine, words: str) -> None:
    answer = erp_build(words, "--repo", apart.root)
    assert answer.code == 2
    assert "there are 3 releases and functions, and this is about one" in answer.err
    assert "--unit NAME, one of: pay, erp, reports" in answer.err


@pytest.mark.parametrize("words", ["verify", "gate --running", "doctor"])
def test_what_is_about_a_chart_takes_no_function(apart: Checkout, erp_build: CommandLine, words: str) -> None:
    answer = erp_build(*words.split(), "--repo", apart.root, "--unit", "pay")
    assert answer.code == 2
    assert "--unit pay: there is none of this name among the releases" in answer.err


@pytest.mark.parametrize("words", ["status", "history", "logs"])
def test_what_tells_of_every_unit_may_be_asked_for_one(apart: Checkout, erp_build: CommandLine, words: str) -> None:
    answer = erp_build(words, "--repo", apart.root, "--unit", "payroll")
    assert answer.code == 2
    assert "--unit payroll: there is none of this name among the releases and functions" in answer.err
