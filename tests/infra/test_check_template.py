"""The check of what runs by a schedule, in the template and in Terraform: off by default, and it changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from erp_build.cli.app import parser_of
from erp_build.cli.verbs import gate
from erp_build.model.permission import CHECK
from sandbox.aws.pipeline_template import CONNECTION, TEMPLATE, Template
from tests.infra.test_permissions import NAMES as NAMES_OF_A_RUN
from tests.support.terraform import filled, named, parsed, statements, variables

ROOT = Path(__file__).parents[2]
OURS = parsed((ROOT / "infra" / "erp-build-check.tf").read_text(encoding="utf-8"))
BESIDE = parsed((ROOT / "infra" / "erp-build.tf").read_text(encoding="utf-8"))
ON = {"CheckSchedule": "rate(1 day)"}
EVERYTHING = {**ON, "EnhancedScanning": "true", "Publish": "true", "KeyArn": NAMES_OF_A_RUN["key"]}
NAMES = {**NAMES_OF_A_RUN, "check": "erp-running-check", "setting": "SETTING"}
SETTINGS = ("account-id", "region", "eks/cluster-name", "ecr/repository-prefix", "project-name", "environment")
GIVEN: dict[str, Any] = {
    **{f"var.{name}": default for blocks in (BESIDE, OURS) for name, default in variables(blocks).items()},
    "var.connection_arn": CONNECTION,
    "var.source_repository": "example/erp",
    "var.check_schedule": "rate(1 day)",
    "local.partition": "aws",
    "local.here": "ap-northeast-2:123456789012",
}
MADE = (
    *("Check", "CheckRole", "CheckLogs", "CheckStarterRole", "CheckTime", "FailedChecks"),
    "CheckAccessEntry",
)


def properties(resource: str, given: dict[str, str] | None = None) -> Any:
    template = Template(ON if given is None else given)
    return template.resolve(template.document["Resources"][resource]["Properties"])


def resources_of(statement: dict[str, Any]) -> list[str]:
    return [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]


@pytest.mark.parametrize("resource", MADE)
def test_without_a_schedule_nothing_of_it_is_made(resource: str) -> None:
    for given, made in (({}, False), (ON, True)):
        template = Template(given)
        condition = template.document["Resources"][resource]["Condition"]
        assert template.resolve(template.document["Conditions"][condition]) is made


def test_an_access_entry_that_is_there_is_left_alone() -> None:
    template = Template({**ON, "MakeAccessEntry": "false"})
    assert template.resolve(template.document["Conditions"]["ChecksInCluster"]) is False


def test_the_role_carries_exactly_what_a_check_needs() -> None:
    (document,) = Template(EVERYTHING).policies("CheckRole")
    found = {
        (action, place) for one in document["Statement"] for action in one["Action"] for place in resources_of(one)
    }
    expected = set()
    for one in CHECK:
        place = one.on(NAMES)
        expected |= {(one.action, place.replace("SETTING", name)) for name in (SETTINGS if "SETTING" in place else "-")}
    assert found == expected


@pytest.mark.parametrize(
    ("missing", "word"), [("EnhancedScanning", "enhanced"), ("Publish", "alias"), ("KeyArn", "KMS")]
)
def test_what_only_some_need_is_only_given_to_them(missing: str, word: str) -> None:
    (document,) = Template({name: one for name, one in EVERYTHING.items() if name != missing}).policies("CheckRole")
    given = {
        (action, place) for one in document["Statement"] for action in one["Action"] for place in resources_of(one)
    }
    assert {(one.action, one.on(NAMES)) for one in CHECK if word in one.only}.isdisjoint(given)


def test_a_check_can_neither_build_nor_deploy_nor_read_a_secret() -> None:
    actions = {one.action for one in CHECK}
    assert not {one for one in actions if one.partition(":")[2].startswith(("Put", "Update", "Create", "Delete"))} - {
        *("logs:CreateLogStream", "logs:PutLogEvents")
    }
    assert {one for one in actions if one.partition(":")[2].startswith("Start")} == {"ecr:StartImageScan"}
    (document,) = Template(ON).policies("CheckRole")
    (parameters,) = (one for one in document["Statement"] if one["Action"] == ["ssm:GetParameters"])
    assert not any("*" in place for place in parameters["Resource"])


def test_each_action_has_its_reason_beside_it() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert [one for one in CHECK if f"- {one.action}  # {one.reason}\n" not in text] == []


def test_what_it_does_is_a_command_of_ours_on_the_branch_of_the_pipeline_and_without_privileges() -> None:
    check = properties("Check")
    (command,) = json.loads(check["Source"]["BuildSpec"])["phases"]["build"]["commands"]
    words = command.split()
    assert words[:4] == ["python", "-m", "erp_build", "gate"]
    options = parser_of("gate", gate).parse_args(words[4:], gate.Options())
    assert (options.running, options.tell) == (True, True)
    assert check["SourceVersion"] == "main"
    assert check["Environment"]["PrivilegedMode"] is False
    assert check["ConcurrentBuildLimit"] == 1


def test_the_schedule_starts_this_project_and_no_other() -> None:
    (target,) = properties("CheckTime")["Targets"]
    assert properties("CheckTime")["ScheduleExpression"] == "rate(1 day)"
    assert target["Arn"].endswith(":project/erp-running-check")
    (document,) = Template(ON).policies("CheckStarterRole")
    (statement,) = document["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["codebuild:StartBuild"], target["Arn"])


def test_a_check_that_did_not_end_well_is_told_by_eventbridge_too() -> None:
    rule = properties("FailedChecks")
    assert rule["EventPattern"]["detail"] == {
        "project-name": ["erp-running-check"],
        "build-status": ["FAILED", "FAULT", "STOPPED", "TIMED_OUT"],
    }
    publishers = [
        one["Condition"]["ArnEquals"]["aws:SourceArn"]
        for one in properties("TopicPolicy")["PolicyDocument"]["Statement"]
        if one["Principal"] == {"Service": "events.amazonaws.com"}
    ]
    assert publishers == ["{FailedExecutions.Arn}", "{FailedChecks.Arn}"]


def test_in_the_cluster_it_may_only_look_at_its_namespaces() -> None:
    entry = properties("CheckAccessEntry", {**ON, "CheckNamespaces": "erp-dev"})
    (policy,) = entry["AccessPolicies"]
    assert policy["PolicyArn"].endswith("/AmazonEKSViewPolicy")
    assert policy["AccessScope"] == {"Type": "namespace", "Namespaces": "erp-dev"}
    assert "KubernetesGroups" not in entry


@pytest.mark.parametrize(
    ("template", "terraform"),
    [
        ({}, {}),
        ({"Publish": "true"}, {"var.publish": True}),
        ({"EnhancedScanning": "true"}, {"var.enhanced_scanning": True}),
        ({"KeyArn": NAMES["key"]}, {"var.key_arn": NAMES["key"]}),
    ],
    ids=["default", "publish", "inspector", "key"],
)
@pytest.mark.parametrize(("role", "document"), [("CheckRole", "check"), ("CheckStarterRole", "check_starter")])
def test_the_policies_of_terraform_are_those_of_the_template(
    template: dict[str, str], terraform: dict[str, Any], role: str, document: str
) -> None:
    (policy,) = Template({**ON, **template}).policies(role)
    theirs = {(one["Sid"], frozenset(one["Action"]), *resources_of(one)) for one in policy["Statement"]}
    block = named(OURS, "data", "aws_iam_policy_document", document)
    assert {(sid, actions, *places) for sid, actions, places in statements(block, GIVEN | terraform)} == theirs


def test_terraform_makes_it_only_with_a_schedule_and_with_the_defaults_of_the_template() -> None:
    assert variables(OURS)["check_schedule"] == ""
    for kinds in OURS["resource"]:
        for blocks in kinds.values():
            assert all(one["count"].startswith('${var.check_schedule != ""') for one in blocks.values())
    parameters = Template({}).document["Parameters"]
    names = {name: "".join(part.title() for part in name.split("_")) for name in variables(OURS)}
    assert variables(OURS) == {name: parameters[of].get("Default") for name, of in names.items()}


def test_the_project_of_terraform_is_that_of_the_template() -> None:
    ours, theirs = named(OURS, "resource", "aws_codebuild_project", "check"), properties("Check")
    (source,), (environment,) = ours["source"], ours["environment"]
    assert filled(source["location"], GIVEN) == theirs["Source"]["Location"]
    assert "python -m erp_build gate --running --tell" in source["buildspec"]
    assert environment["privileged_mode"] is theirs["Environment"]["PrivilegedMode"]
    assert ours["build_timeout"] == theirs["TimeoutInMinutes"]
    rule = named(OURS, "resource", "aws_cloudwatch_event_rule", "failed_checks")
    assert all(status in rule["event_pattern"] for status in ("FAILED", "FAULT", "STOPPED", "TIMED_OUT"))
