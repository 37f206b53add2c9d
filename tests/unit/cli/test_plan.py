"""`plan` against a real repository: the contract of `--json`, the text, and the exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from erp_build.changes.baselines import refuse_doubt
from erp_build.errors import DetectionRefused
from erp_build.model.change import Baseline
from erp_build.model.choice import Choice
from tests.support.cli import CommandLine
from tests.support.documents import keys
from tests.support.git import Checkout
from tests.support.samples import EMPLOYEE, EVERYTHING, NOTIFICATION

N = "backend/notification-service"
EMPLOYEE_PATH = "backend/employee-service"


@pytest.fixture
def two(erp: Checkout) -> Checkout:
    erp.commit({f"{N}/new": "x", "docs/설계.md": "x"})
    return erp


def test_the_json_of_a_plan_is_the_contract(two: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("plan", "--repo", two.root, "--base", "HEAD~1", "--json")
    assert answer.code == 0
    document = json.loads(answer.out)
    baseline = {"commit": "str", "source": "str"}
    target = {"name": "str", "kind": "str", "action": "str", "baseline": baseline}
    assert keys(document) == {
        "schema": "int",
        "head": "str",
        "tag": "str",
        "targets": [{**target, "because": []}, {**target, "because": [{"path": "str", "rule": "str"}]}],
        "unowned": ["str"],
        "warnings": [],
    }
    assert document["schema"] == 1
    assert document["head"] == two.head()
    assert document["tag"] == two.head()[:7]
    assert document["unowned"] == ["docs/설계.md"]


def test_the_json_names_each_target_its_action_and_its_reason(two: Checkout, erp_build: CommandLine) -> None:
    base = two.git("rev-parse", "HEAD~1")
    document = json.loads(erp_build("plan", "--repo", two.root, "--base", "HEAD~1", "--json").out)
    assert [target["name"] for target in document["targets"]] == list(EVERYTHING)
    assert {target["name"] for target in document["targets"] if target["action"] == "build"} == {NOTIFICATION}
    assert document["targets"][2]["baseline"] == {"commit": base, "source": "argument"}
    assert document["targets"][2]["because"] == [{"path": f"{N}/new", "rule": f"{N}/**"}]


def test_the_json_is_one_line_and_nothing_else_is_on_stdout(two: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("plan", "--repo", two.root, "--json")
    assert answer.out.count("\n") == 1
    assert answer.err == ""


def test_a_head_may_be_named(two: Checkout, erp_build: CommandLine) -> None:
    words = ("plan", "--repo", two.root, "--base", "HEAD", "--head", "HEAD~1", "--json")
    document = json.loads(erp_build(*words).out)
    assert document["head"] == two.git("rev-parse", "HEAD~1")
    assert document["targets"][2]["action"] == "build"


def test_a_plan_without_a_change_says_what_it_compared(two: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("plan", "--repo", two.root, "--base", "HEAD")
    assert answer.code == 0
    assert "Nothing to do: no target differs from its baseline." in answer.out
    assert answer.out.count(f"compared with {two.head()[:12]} (argument)") == 5


def test_a_plan_without_any_baseline_builds_everything_and_says_so(two: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("plan", "--repo", two.root)
    assert answer.code == 0
    assert answer.out.count("no baseline: upstream: the branch has no upstream") == 5


def test_strict_refuses_a_plan_without_baseline(two: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("plan", "--repo", two.root, "--strict")
    assert answer.code == 3
    assert "5 baselines are in doubt" in answer.err
    assert answer.out == ""
    assert erp_build("plan", "--repo", two.root, "--strict", "--base", "HEAD~1").code == 0


def test_a_head_that_is_not_the_checkout_ends_with_two(
    two: Checkout, erp_build: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEBUILD_RESOLVED_SOURCE_VERSION", two.git("rev-parse", "HEAD~1"))
    answer = erp_build("plan", "--repo", two.root)
    assert answer.code == 2
    assert "the checkout is not the commit that CodeBuild names" in answer.err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        pytest.param(("--repo", "/nowhere/at/all"), "the repository is not there", id="no such folder"),
        pytest.param(("--base", "nowhere"), "--base names no commit", id="no such base"),
        pytest.param(("--head", "nowhere"), "--head names no commit", id="no such head"),
        pytest.param(("--config", "/nowhere.toml"), "the configuration is not there", id="no such configuration"),
    ],
)
def test_a_mistake_of_the_caller_ends_with_two(
    two: Checkout, words: tuple[str, ...], what: str, erp_build: CommandLine
) -> None:
    answer = erp_build("plan", "--repo", two.root, *words)
    assert answer.code == 2
    assert f"erp_build: {what}" in answer.err
    assert "  next:  " in answer.err


def test_a_mistake_in_the_configuration_names_its_line(two: Checkout, erp_build: CommandLine) -> None:
    two.write("erp-build.toml", "\nshard = []\n")
    answer = erp_build("plan", "--repo", two.root)
    assert answer.code == 2
    assert f"where: {two.root}/erp-build.toml:2" in answer.err
    assert "did you mean `shared`?" in answer.err


def test_the_configurations_own_change_builds_everything(two: Checkout, erp_build: CommandLine) -> None:
    two.commit({"erp-build.toml": f'[[service]]\npath = "{N}"\n'})
    document = json.loads(erp_build("plan", "--repo", two.root, "--base", "HEAD~1", "--json").out)
    assert document["targets"][0]["because"] == [
        {"path": "erp-build.toml", "rule": "build configuration: erp-build.toml"}
    ]


def test_a_plan_says_what_is_built_because_it_was_asked_for(erp: Checkout, erp_build: CommandLine) -> None:
    words = ("plan", "--repo", erp.root, "--base", "HEAD", "--rebuild", NOTIFICATION)
    document = json.loads(erp_build(*words, "--json").out)
    assert {target["name"]: target["action"] for target in document["targets"] if target["action"] != "none"} == {
        NOTIFICATION: "build"
    }
    (text,) = [line for line in erp_build(*words).out.splitlines() if "--rebuild" in line]
    assert text.strip() == "--rebuild"


@pytest.mark.parametrize("order", [("--rebuild", "*", "--json"), ("--json", "--rebuild", "*")])
def test_a_rebuild_of_everything_is_one_of_every_service_and_function(
    erp: Checkout, erp_build: CommandLine, order: tuple[str, ...]
) -> None:
    document = json.loads(erp_build("plan", "--repo", erp.root, "--base", "HEAD", *order).out)
    assert {target["action"] for target in document["targets"] if target["kind"] != "chart"} == {"build"}


@pytest.mark.parametrize("order", [("--rebuild", "--json"), ("--json", "--rebuild")])
def test_a_rebuild_without_a_name_needs_what_runs(
    erp: Checkout, erp_build: CommandLine, order: tuple[str, str]
) -> None:
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD", *order)
    assert answer.code == 2
    assert "only what runs tells what is to be built anew" in answer.err
    assert "plan --live --rebuild" in answer.err


def test_a_rebuild_of_an_unknown_name_is_a_mistake_with_a_hint(erp: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("plan", "--repo", erp.root, "--rebuild", "notification-servise")
    assert answer.code == 2
    assert "did you mean `notification-service`?" in answer.err


PART = ("--base", "HEAD~1")


def test_a_plan_of_a_part_names_what_is_left_out_and_by_which_option(erp: Checkout, erp_build: CommandLine) -> None:
    erp.commit({f"{N}/new": "x", f"{EMPLOYEE_PATH}/new": "x"})
    words = ("plan", "--repo", erp.root, *PART)
    document = json.loads(erp_build(*words, "--only", NOTIFICATION, "--json").out)
    assert {one["name"]: one["action"] for one in document["targets"] if one["because"]} == {
        NOTIFICATION: "build",
        EMPLOYEE: "none",
    }
    (left_out,) = [one for one in document["targets"] if one.get("left_out")]
    assert left_out["name"] == EMPLOYEE
    assert [reason["rule"] for reason in left_out["because"]] == ["left out by --only", f"{EMPLOYEE_PATH}/**"]
    assert "left out by --except" in erp_build(*words, "--except", NOTIFICATION, EMPLOYEE).out
    assert f"Left out: {EMPLOYEE}." in erp_build(*words, "--except", EMPLOYEE, "--markdown").out


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_a_part_with_an_unknown_name_is_a_mistake_with_a_hint(erp: Checkout, erp_build: CommandLine, verb: str) -> None:
    answer = erp_build(verb, "--repo", erp.root, "--only", EMPLOYEE, "notification-servise")
    assert answer.code == 2
    assert "--only notification-servise: there is no such target" in answer.err
    assert "did you mean `notification-service`?" in answer.err


def test_what_is_left_out_cannot_be_rebuilt(erp: Checkout, erp_build: CommandLine) -> None:
    answer = erp_build("plan", "--repo", erp.root, "--except", EMPLOYEE, "--rebuild", EMPLOYEE)
    assert answer.code == 2
    assert f"--rebuild {EMPLOYEE}: --except leaves it out" in answer.err


def test_a_rebuild_of_everything_is_one_of_what_was_chosen(erp: Checkout, erp_build: CommandLine) -> None:
    words = ("--base", "HEAD", "--only", EMPLOYEE, "--rebuild", "*", "--json")
    document = json.loads(erp_build("plan", "--repo", erp.root, *words).out)
    assert [one["name"] for one in document["targets"] if one["action"] == "build"] == [EMPLOYEE]


def test_strictness_asks_only_for_the_baselines_of_what_was_chosen() -> None:
    one = Baseline(target=EMPLOYEE, commit="a" * 40, source="deployed")
    other = Baseline(target=NOTIFICATION, commit=None, source="none", because="nothing of it runs yet")
    refuse_doubt((one, other), Choice(only=frozenset({EMPLOYEE})))
    with pytest.raises(DetectionRefused, match="1 baselines are in doubt"):
        refuse_doubt((one, other), Choice(without=frozenset({EMPLOYEE})))


def test_a_damaged_index_is_said_and_is_not_taken_for_a_clean_checkout(erp: Checkout, erp_build: CommandLine) -> None:
    erp.write(".git/index", "damaged")
    answer = erp_build("plan", "--repo", erp.root, "--base", "HEAD")
    assert answer.code == 0
    assert "git status fails (fatal: " in answer.out


def test_a_repository_with_a_chart_alone_has_a_plan(tmp_path: Path, erp_build: CommandLine) -> None:
    Checkout.create(tmp_path, **{"erp-build.toml": "", "helm-chart/Chart.yaml": "x"})
    document = json.loads(erp_build("plan", "--repo", tmp_path, "--json").out)
    assert [(target["name"], target["action"]) for target in document["targets"]] == [("helm-chart", "redeploy")]


@pytest.mark.parametrize("words", [("--json",), ()])
@pytest.mark.parametrize("encoding", ["utf-8:strict", "utf-8:surrogateescape", "ascii:strict", "latin-1:strict"])
def test_any_name_can_be_printed_in_any_locale(two: Checkout, words: tuple[str, ...], encoding: str) -> None:
    """As a process of its own, because it is about the streams that the interpreter makes."""
    two.write(b"backend/employee-service/\xb0\xa1.java")
    two.write("설계😀.md")
    two.commit()
    done = subprocess.run(
        [sys.executable, "-m", "erp_build", "plan", "--repo", two.root, "--base", "HEAD~1", *words],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    text = done.stdout.decode("utf-8")
    assert "\\udcb0\\udca1.java" in text
    assert "설계😀.md" in text
    if words:
        target = next(target for target in json.loads(text)["targets"] if target["name"] == EMPLOYEE)
        assert target["because"][0]["path"] == os.fsdecode(b"backend/employee-service/\xb0\xa1.java")


def test_a_korean_path_is_found_in_a_locale_that_knows_no_korean(two: Checkout) -> None:
    two.commit({"erp-build.toml": '[[service]]\npath = "백엔드/알림"\n'})
    two.commit({"백엔드/알림/pom.xml": "x"})
    done = subprocess.run(
        [sys.executable, "-m", "erp_build", "plan", "--repo", two.root, "--base", "HEAD~1", "--json"],
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    service = json.loads(done.stdout)["targets"][0]
    assert service["because"] == [{"path": "백엔드/알림/pom.xml", "rule": "백엔드/알림/**"}]
