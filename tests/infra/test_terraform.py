"""What a Terraform configuration takes from us, held against the template: it can be parsed and cannot fall behind."""

import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.pipeline_template import BUILD_ROLE, CONNECTION, PIPELINE_ROLE, TEMPLATE, Template
from tests.support.terraform import filled, named, parsed, statements, variables

ROOT = Path(__file__).parents[2]
FILE = ROOT / "infra" / "erp-build.tf"
TEXT = FILE.read_text(encoding="utf-8")
BLOCKS = parsed(TEXT)
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/1"
BASES = "arn:aws:ecr:us-east-1:210987654321:repository/base/*"
DOMAIN = "arn:aws:codeartifact:ap-northeast-2:123456789012:domain/erp"
BUCKET = "erp-unified-pipeline-123456789012-ap-northeast-2"
OF_TERRAFORM = {"artifacts_bucket", "access_entry"}
"""Variables that the template has no parameter for: there the bucket is its own, and the entry is `MakeAccessEntry`."""

GIVEN = {
    **{f"var.{name}": default for name, default in variables(BLOCKS).items()},
    "var.connection_arn": CONNECTION,
    "var.artifacts_bucket": BUCKET,
    "local.partition": "aws",
    "local.here": "ap-northeast-2:123456789012",
}
SETTINGS: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({}, {}),
    ({"Publish": "true"}, {"var.publish": True}),
    ({"EnhancedScanning": "true"}, {"var.enhanced_scanning": True}),
    ({"Traces": "true"}, {"var.traces": True}),
    ({"KeyArn": KEY}, {"var.key_arn": KEY}),
    ({"BaseImages": BASES}, {"var.base_images": BASES}),
    ({"CreateOnPush": "true"}, {"var.create_on_push": True}),
    ({"PublicEcr": "true"}, {"var.public_ecr": True}),
    ({"Approval": "true"}, {"var.approval": True}),
    ({"WorkerProject": "erp-unified-workers"}, {"var.worker_project": "erp-unified-workers"}),
    (
        {"CodeArtifactDomain": DOMAIN, "CodeArtifactPackages": f"{DOMAIN}/*"},
        {"var.code_artifact_domain": DOMAIN, "var.code_artifact_packages": f"{DOMAIN}/*"},
    ),
]


@pytest.mark.parametrize(
    ("role", "document"), [(BUILD_ROLE, "run"), (PIPELINE_ROLE, "pipeline"), ("WorkerRole", "worker")]
)
@pytest.mark.parametrize(
    ("template", "terraform"),
    SETTINGS,
    ids=[
        *("default", "publish", "inspector", "traces", "key", "bases"),
        *("push", "public", "approval", "workers", "tokens"),
    ],
)
def test_the_policies_are_those_of_the_template(
    template: dict[str, str], terraform: dict[str, Any], role: str, document: str
) -> None:
    (policy,) = Template(template).policies(role)
    of_template = {
        (
            one["Sid"],
            frozenset(one["Action"]),
            *([one["Resource"]] if isinstance(one["Resource"], str) else one["Resource"]),
        )
        for one in policy["Statement"]
    }
    block = named(BLOCKS, "data", "aws_iam_policy_document", document)
    assert {
        (sid, actions, *resources) for sid, actions, resources in statements(block, GIVEN | terraform)
    } == of_template
    assert len(of_template) > 3


def test_every_action_has_the_reason_of_the_template() -> None:
    ours = set(re.findall(r'^ +"([a-z0-9-]+:\w+)", # (.*)$', TEXT, flags=re.MULTILINE))
    theirs = set(
        re.findall(r"^ +- ([a-z0-9-]+:\w+)  # (.*)$", TEMPLATE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    assert len(ours) > 30
    assert ours <= theirs


def test_every_variable_has_the_default_of_its_parameter() -> None:
    parameters = {_snake(name): one for name, one in Template({}).document["Parameters"].items()}
    ours = {name: default for name, default in variables(BLOCKS).items() if name not in OF_TERRAFORM}
    assert {name for name in ours if name not in parameters} == set()
    as_text = {True: "true", False: "false"}
    defaults = {name: as_text.get(default, default) or "" for name, default in ours.items()}
    assert defaults == {name: parameters[name].get("Default", "") for name in ours}


def test_the_roles_may_be_assumed_by_their_service_for_this_account_alone() -> None:
    (statement,) = named(BLOCKS, "data", "aws_iam_policy_document", "assumed_by")["statement"]
    assert (statement["actions"], statement["condition"][0]["variable"]) == (["sts:AssumeRole"], "aws:SourceAccount")
    for name, service in (("build", "codebuild"), ("worker", "codebuild"), ("pipeline", "codepipeline")):
        assert f'["{service}"]' in named(BLOCKS, "resource", "aws_iam_role", name)["assume_role_policy"]


def test_the_project_is_that_of_the_template() -> None:
    ours = named(BLOCKS, "resource", "aws_codebuild_project", "build")
    template = Template({})
    theirs = template.resolve(template.document["Resources"]["Project"]["Properties"])
    (environment,) = ours["environment"]
    assert environment["privileged_mode"] == "${var.engine}"
    assert environment["compute_type"] == theirs["Environment"]["ComputeType"]
    assert environment["type"] == theirs["Environment"]["Type"]
    assert environment["image_pull_credentials_type"] == theirs["Environment"]["ImagePullCredentialsType"]
    assert str(ours["build_timeout"]) == theirs["TimeoutInMinutes"]
    assert ours["queued_timeout"] == theirs["QueuedTimeoutInMinutes"]
    assert ours["source"] == [{"type": theirs["Source"]["Type"], "buildspec": theirs["Source"]["BuildSpec"]}]
    assert ours["artifacts"] == [{"type": theirs["Artifacts"]["Type"]}]
    assert (ours["cache"][0]["type"], filled(ours["cache"][0]["location"], GIVEN)) == ("S3", f"{BUCKET}/cache")
    assert theirs["Cache"] == {"Type": "S3", "Location": f"{BUCKET}/cache"}
    logs = named(BLOCKS, "resource", "aws_cloudwatch_log_group", "build")
    group = template.resolve(template.document["Resources"]["Logs"]["Properties"])
    assert filled(logs["name"], GIVEN) == group["LogGroupName"]
    assert str(logs["retention_in_days"]) == group["RetentionInDays"]


@pytest.mark.parametrize("engine", [True, False])
def test_the_engine_is_that_of_the_template(engine: bool) -> None:  # noqa: FBT001 - a case
    template = Template({"Engine": str(engine).lower()})
    theirs = template.resolve(template.document["Resources"]["Project"]["Properties"])["Environment"]
    (environment,) = named(BLOCKS, "resource", "aws_codebuild_project", "build")["environment"]
    privileged = filled(environment["privileged_mode"], GIVEN | {"var.engine": engine})
    assert privileged == str(theirs["PrivilegedMode"])


def test_the_access_entry_is_that_of_the_template() -> None:
    ours = named(BLOCKS, "resource", "aws_eks_access_entry", "build")
    template = Template({})
    theirs = template.resolve(template.document["Resources"]["AccessEntry"]["Properties"])
    assert ours["type"] == theirs["Type"]
    assert [filled(ours["cluster_name"], GIVEN)] == [theirs["ClusterName"]]
    assert [filled(group, GIVEN) for group in ours["kubernetes_groups"]] == theirs["KubernetesGroups"]


def test_what_is_kept_goes_when_the_first_deployment_of_the_stack_fails() -> None:
    resources = Template({}).document["Resources"]
    kept = {name: one["DeletionPolicy"] for name, one in resources.items() if "DeletionPolicy" in one}
    assert kept == dict.fromkeys(("Artifacts", "Logs", "WorkerLogs", "CheckLogs"), "RetainExceptOnCreate")


def test_a_log_group_that_is_there_is_left_alone() -> None:
    template = Template({"MakeLogs": "false"})
    project = template.resolve(template.document["Resources"]["Project"]["Properties"])
    assert project["LogsConfig"]["CloudWatchLogs"]["GroupName"] == "/aws/codebuild/erp-unified-build"
    condition = template.document["Resources"]["Logs"]["Condition"]
    assert template.resolve(template.document["Conditions"][condition]) is False


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
