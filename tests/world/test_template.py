"""The template in the sandbox's CloudFormation, which knows other resources than moto: project, policies, role."""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import yaml

from sandbox.aws import ministack
from sandbox.aws.pipeline_template import BUILD_ROLE, CONNECTION, Template

pytestmark = pytest.mark.world

ACCOUNT = "210987654321"
"""An account of its own: the stand-in keeps one per key of twelve digits."""
UNKNOWN = {"AWS::CodeBuild::ReportGroup", "AWS::CodePipeline::Pipeline", "AWS::EKS::AccessEntry"}
"""What it refuses; tests/contract/infra holds these to the model of their APIs."""
STACK = "erp-build"


def client(service: Any) -> Any:
    return boto3.client(
        service,
        region_name="ap-northeast-2",
        endpoint_url=ministack.ADDRESS,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="sandbox",
    )


@pytest.fixture(scope="module")
def stack() -> Iterator[dict[str, str]]:
    """Type -> status of what was made."""
    document = Template({}).document
    left_out = {name for name, one in document["Resources"].items() if one["Type"] in UNKNOWN}
    document["Resources"] = {name: one for name, one in document["Resources"].items() if name not in left_out}
    document["Outputs"].pop("Pipeline")
    api = client("cloudformation")
    api.create_stack(
        StackName=STACK,
        TemplateBody=yaml.safe_dump(document),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": "ConnectionArn", "ParameterValue": CONNECTION},
            {"ParameterKey": "SourceRepository", "ParameterValue": "example/erp"},
        ],
    )
    deadline = time.monotonic() + 60
    while (found := api.describe_stacks(StackName=STACK)["Stacks"][0])["StackStatus"] == "CREATE_IN_PROGRESS":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert found["StackStatus"] == "CREATE_COMPLETE", found.get("StackStatusReason")
    resources = api.describe_stack_resources(StackName=STACK)["StackResources"]
    yield {one["ResourceType"]: one["ResourceStatus"] for one in resources}
    api.delete_stack(StackName=STACK)


def test_the_stack_is_made_but_for_three_kinds(stack: dict[str, str]) -> None:
    kinds = {one["Type"] for one in Template({}).document["Resources"].values()}
    assert set(stack) == kinds - UNKNOWN
    assert set(stack.values()) == {"CREATE_COMPLETE"}


@pytest.mark.usefixtures("stack")
def test_the_project_of_the_stack_has_the_role_of_the_stack_and_an_engine() -> None:
    (project,) = client("codebuild").batch_get_projects(names=["erp-unified-build"])["projects"]
    assert project["serviceRole"] == f"arn:aws:iam::{ACCOUNT}:role/erp-dev-codebuild-role"
    assert project["environment"]["privilegedMode"] in (True, "true")
    assert int(project["timeoutInMinutes"]) == 300


@pytest.mark.usefixtures("stack")
def test_the_role_of_the_stack_has_the_policy_that_the_runs_of_these_tests_have() -> None:
    answer = client("iam").get_role_policy(RoleName="erp-dev-codebuild-role", PolicyName="run")["PolicyDocument"]
    found = json.loads(answer) if isinstance(answer, str) else answer
    (shipped,) = Template({"AWS::AccountId": ACCOUNT}).policies(BUILD_ROLE)
    assert found["Statement"][-1] == shipped["Statement"][-1]
    assert [one["Action"] for one in found["Statement"]] == [one["Action"] for one in shipped["Statement"]]
