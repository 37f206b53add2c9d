"""Which texts are names: every caller is held to the cases of `tests/cases/names.json`."""

import json
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_build.clients.kubernetes.connection import namespaced
from erp_build.config.environment import PARAMETER_RULES, make_environment, parameter_names, require_repositories
from erp_build.config.grammar import KEYS, NAMES, leads_out
from erp_build.config.load import default_project, parse_project
from erp_build.errors import ConfigurationError
from erp_build.model import build_options
from erp_build.model import project as model
from erp_build.model.environment import Environment
from erp_build.model.packaging import dockerfile_of
from erp_build.model.project import Project
from erp_build.model.releases.release import Release
from tests.support.cases import rows, table
from tests.support.cli import CommandLine

CASES = pytest.mark.parametrize("case", table("names"))
FILES = {
    "Project": "{}",
    "Service": '[[service]]\n{}path = "backend/x"\npackage = "none"\n',
    "Function": '[[service]]\n{}path = "backend/x"\nkind = "lambda"\nfunction = "f"\npackage = "none"\n',
    "Chart": "[[chart]]\n{}",
    "GatePolicy": "[gate]\n{}",
    "DeployPolicy": '[deploy]\n{}bake = "1m"\n',
    "NotifyPolicy": "[notify]\n{}",
    "Check": '[[check]]\n{}name = "c"\n',
    "BuildOptions": "[build]\n{}",
    "FanOut": "[build.fan_out]\n{}workers = 2\n",
    "CodeArtifact": '[build.codeartifact]\n{}domain = "erp"\n',
}
"""Class of a table -> a file that is right but for the line that is put in."""

LISTS = {"shared", "ignore", "inputs", "maven", "command", "bake_alarms", "bake_command"}


def file_with(kind: str, key: str, text: str) -> str:
    """A configuration in which one key has this text, on a line of its own."""
    value = json.dumps([text] if key in LISTS else text)
    # The line of the same key in the template is left out.
    template = re.sub(rf"(?<=[\n}}]){key} = [^\n]*\n", "", FILES[kind])
    return template.format(f"{key} = {value}\n")


@CASES
def test_the_rule_itself(case: dict[str, Any]) -> None:
    assert NAMES[case["rule"]].accepts(case["text"]) == case["right"]


@CASES
def test_a_configuration_is_read_or_refused_with_the_line_of_the_name(case: dict[str, Any]) -> None:
    places = [(kind, key) for kind, keys in KEYS.items() for key, rule in keys.items() if rule == case["rule"]]
    for kind, key in places:
        text = file_with(kind, key, case["text"])
        # TOML has an escape for each character but these are written as JSON does, which has none for DEL.
        text = text.replace("\x7f", "\\u007f")
        if case["right"] and case["text"].strip():
            parse_project(text)
            continue
        if not case["right"]:
            with pytest.raises(ConfigurationError) as caught:
                parse_project(text)
            line = 1 if kind == "Project" else 2
            assert caught.value.where == f"erp-build.toml:{line}", text
            assert key in caught.value.what
            assert caught.value.next_step
            assert caught.value.what.isprintable()


def test_every_rule_has_right_and_wrong_cases() -> None:
    found = {(row["rule"], row["right"]) for row in rows("names")}
    assert found == {(rule, right) for rule in NAMES for right in (True, False)}


def test_the_example_of_a_rule_is_right() -> None:
    assert [rule for rule, name in NAMES.items() if not name.accepts(name.example)] == []


def test_every_key_with_a_text_has_a_rule() -> None:
    """A key that is new gets a rule, or stands here with the reason why it has none."""
    chosen = {"kind", "tests", "builder", "docker_config", "on_failure", "write_back", "undefined", "block", "on"}
    own = {("Check", "name"), ("Check", "targets"), ("Check", "reports"), ("Check", "secrets")}
    # The name of a `[[chart]]`, which has a rule; any other one is refused.
    own |= {("Service", "chart"), ("Function", "chart")}
    # Computed, and not read.
    own.add(("Project", "config_path"))
    # Read from the list `values`, whose rule holds for each of its files.
    own.add(("Chart", "below"))
    # Read from `pass` and from tables below [build], which have rules of their own.
    own |= {("BuildOptions", "passed"), ("BuildOptions", "codeartifact")}
    # A path of the repository, which `Table.path` reads.
    own.add(("FanOut", "buildspec"))
    classes = vars(build_options) | vars(model)
    for kind in FILES:
        for field, hint in classes[kind].__annotations__.items():
            if hint in (str, tuple[str, ...]):
                assert field in KEYS.get(kind, {}) or field in chosen or (kind, field) in own, (kind, field)


@CASES
def test_a_parameter_of_the_environment_keeps_to_the_same_rule(case: dict[str, Any]) -> None:
    good = {"account-id": "123456789012", "region": "ap-northeast-2", "eks/cluster-name": "c",
            "ecr/repository-prefix": "erp", "project-name": "erp", "environment": "dev"}  # fmt: skip
    for name, rule in PARAMETER_RULES.items():
        if rule != case["rule"]:
            continue
        values = good | {name: case["text"]}
        found = dict(zip(parameter_names("/p"), values.values(), strict=True))
        account, region = values["account-id"], values["region"]
        if case["right"]:
            make_environment("/p", found, account=account, region=region)
        else:
            with pytest.raises(ConfigurationError, match="unusable value") as caught:
                make_environment("/p", found, account=account, region=region)
            assert caught.value.where == f"/p/{name}"


@pytest.mark.parametrize("case", [row for row in table("names") if row.values[0]["rule"] == "branch"])
def test_git_agrees_what_a_branch_is(case: dict[str, Any]) -> None:
    text = case["text"]
    if "\0" in text or len(text) > 200:
        return
    # Without --branch: that would read `@{-1}` as a branch that was checked out before.
    done = subprocess.run(["git", "check-ref-format", f"refs/heads/{text}"], check=False)
    # Git takes a name that begins with `-` only where no command could read it as an option.
    assert (done.returncode == 0 and not text.startswith("-")) == case["right"]


@given(st.text(alphabet="ab./@{}~^:?*[\\- \x01lock", max_size=12))
def test_git_takes_every_branch_that_the_rule_takes(text: str) -> None:
    if NAMES["branch"].accepts(text):
        assert subprocess.run(["git", "check-ref-format", f"refs/heads/{text}"], check=False).returncode == 0


@given(st.text(max_size=40), st.sampled_from(["release", "namespace", "cluster", "branch", "target", "repository"]))
def test_no_name_is_an_option_or_has_a_control_character(text: str, rule: str) -> None:
    if NAMES[rule].accepts(text):
        assert not text.startswith("-")
        assert not any(char in text for char in "\0\n\r\t\x1b\x7f")


@given(st.sampled_from([(kind, key) for kind, keys in KEYS.items() for key in keys]), st.text(max_size=30))
def test_no_name_is_a_bug(place: tuple[str, str], text: str) -> None:
    with suppress(ConfigurationError):
        parse_project(file_with(*place, text))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[chart]\nvalues = "../../x.yaml"\n', "`values` cannot be `../../x.yaml` in [chart]"),
        ('[chart]\npath = "deploy/chart"\nvalues = "a/../../../../x"\n', "`values` cannot be"),
    ],
)
def test_a_path_that_leads_out_of_the_repository_is_refused(text: str, what: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_project(text)
    assert caught.value.what.startswith(what)
    assert caught.value.where.startswith("erp-build.toml:")
    assert "leads out of the repository" in caught.value.why


def test_a_path_may_lead_out_of_its_folder_within_the_repository() -> None:
    text = '[chart]\npath = "deploy/chart"\nvalues = "../values.yaml"\n'
    project = parse_project(text)
    assert project.chart.values == "../values.yaml"
    assert not leads_out("a/b", "../../c")


@pytest.mark.parametrize("kind", ["", 'kind = "lambda"\nfunction = "f"\n'], ids=["eks", "lambda"])
@pytest.mark.parametrize(
    ("dockerfile", "is_inside"), [("../../../Dockerfile", False), ("../../docker/a.Dockerfile", True)]
)
def test_a_dockerfile_may_lie_elsewhere_in_the_repository_and_not_outside_of_it(
    kind: str, dockerfile: str, *, is_inside: bool
) -> None:
    text = f'[[service]]\npath = "backend/a"\n{kind}dockerfile = "{dockerfile}"\n'
    if is_inside:
        assert dockerfile_of(parse_project(text).image_targets[0]) == "docker/a.Dockerfile"
        return
    with pytest.raises(ConfigurationError, match="`dockerfile` cannot be") as caught:
        parse_project(text)
    assert caught.value.where.startswith("erp-build.toml:")
    assert "leads out of the repository" in caught.value.why


@pytest.mark.parametrize("pattern", ["!", "a\\"])
def test_a_pattern_that_cannot_be_one_is_refused_with_its_line(pattern: str) -> None:
    text = f"\nignore = [{json.dumps(pattern)}]\n"
    with pytest.raises(ConfigurationError, match="`ignore` has an invalid pattern") as caught:
        parse_project(text)
    assert caught.value.where == "erp-build.toml:2"
    assert caught.value.why


def test_a_long_value_is_not_shown_whole() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_project(f'[chart]\nrelease = "{"a" * 5000}"\n')
    assert len(caught.value.what) < 150
    assert "at most 53 characters" in caught.value.why


def test_a_name_that_no_repository_can_have_is_told_once_the_prefix_is_known() -> None:
    """A plan needs no registry, so a directory of any name has one; a run says what to write."""
    project = parse_project('[[service]]\npath = "backend/결재"\n')
    environment = Environment(account="1", region="r", cluster="c", repository_prefix="erp", project_name="p", name="n")
    with pytest.raises(ConfigurationError, match="결재 has no repository that ECR can have") as caught:
        require_repositories(project, environment)
    assert 'repository = "..."' in caught.value.next_step
    require_repositories(default_project(), environment)
    require_repositories(Project(), environment)


@pytest.mark.parametrize("name", ["-x", "--region=x", "a b", "a/../b"])
def test_a_cluster_of_the_command_line_keeps_to_the_same_rule(name: str, erp_build: CommandLine) -> None:
    answer = erp_build("token", f"--cluster={name}")
    assert answer.code == 2
    assert "--cluster names no cluster" in answer.err


def test_the_path_of_an_object_is_quoted() -> None:
    release = Release("c", "a/../../kube-system?x#y", "r")
    path = namespaced(release, "apis/apps/v1/deployments", "b/../c?d")
    assert path == "apis/apps/v1/namespaces/a%2F..%2F..%2Fkube-system%3Fx%23y/deployments/b%2F..%2Fc%3Fd"


def test_a_file_that_was_kept_before_the_rules_is_read_anew() -> None:
    from erp_build.cli.fast_path import compiled_project

    assert repr(compiled_project.GRAMMAR) in compiled_project.FORMAT


def test_the_pages_of_the_sample_are_right() -> None:
    text = (Path(__file__).parents[3] / "examples" / "erp" / "erp-build.toml").read_text(encoding="utf-8")
    assert parse_project(text)
