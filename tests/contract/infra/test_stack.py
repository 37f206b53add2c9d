"""The template, created and read back in an account in this process (moto), by the SDK as a user would do it.

Moto's CloudFormation makes most resources and passes over nine. Those are made here from the same properties by the
services' own API, or held to AWS's model of it where moto has none; tests/world/test_template.py has the project again.
"""

import ast
import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from erp_build.clients.aws.parameters import ParameterStore
from erp_build.clients.secrets import Secrets
from erp_build.config.environment import PARAMETER_RULES
from sandbox.aws.pipeline_template import BUILD_ROLE, CONNECTION, TEMPLATE, Template

REGION = "ap-northeast-2"
PASSED_OVER = {
    "ArtifactsPolicy",
    "Reports",
    "TopicPolicy",
    "AccessEntry",
    "Project",
    "Workers",
    "Check",
    "CheckAccessEntry",
    "Pipeline",
}
WANTED = {
    "MakeWorkers": "true",
    "WorkerProject": "erp-unified-workers",
    "WorkersAtOnce": "8",
    "CheckSchedule": "rate(1 day)",
}
"""Everything that the template makes only where it is asked for."""
ROLES = re.compile(r"\{(\w+Role)\.Arn\}")


@pytest.fixture(scope="module")
def stack() -> Iterator[dict[str, str]]:
    """The created stack: logical name -> physical id of what moto made."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
            patch.delenv(name, raising=False)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "invented")
        with mock_aws(), warnings.catch_warnings():
            # Of the nine; which ones they are is the first test's business.
            warnings.simplefilter("ignore", UserWarning)
            api = client("cloudformation")
            values = {"ConnectionArn": CONNECTION, "SourceRepository": "example/erp", **WANTED}
            api.create_stack(
                StackName="erp-build",
                TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
                Capabilities=["CAPABILITY_NAMED_IAM"],
                Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            )
            assert api.describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
            made = api.list_stack_resources(StackName="erp-build")["StackResourceSummaries"]
            yield {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in made if one.get("LogicalResourceId")}


def client(service: Any) -> Any:
    return boto3.client(service, region_name=REGION)


def properties(resource: str, **given: str) -> Any:
    """The properties of a resource, with the ARNs of the roles that they lead to."""
    template = Template({**WANTED, **given})
    text = json.dumps(template.resolve(template.document["Resources"][resource]["Properties"]))
    return json.loads(ROLES.sub(lambda match: f"arn:aws:iam::123456789012:role/{role_name(match[1])}", text))


def role_name(resource: str) -> str:
    template = Template({})
    return str(template.ref(template.document["Resources"][resource]["Properties"]["RoleName"]["Ref"]))


def as_request(value: Any) -> Any:
    """Properties as the service's own API has them: the same names in lower camel case; what users name is kept."""
    if isinstance(value, list):
        return [as_request(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {_camel(name): inner if name == "Configuration" else as_request(inner) for name, inner in value.items()}


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def test_everything_is_made_except_what_moto_passes_over(stack: dict[str, str]) -> None:
    assert set(Template({}).document["Resources"]) - set(stack) == PASSED_OVER


def test_a_run_reads_its_six_parameters(stack: dict[str, str]) -> None:
    assert stack["AccountId"] == "/erp/dev/account-id"
    read = ParameterStore(client("ssm"), Secrets()).read([f"/erp/dev/{name}" for name in PARAMETER_RULES])
    assert len(read) == len(PARAMETER_RULES) == 6
    assert read["/erp/dev/eks/cluster-name"] == "erp-dev"


def test_the_role_of_a_run_has_the_policy_of_the_template(stack: dict[str, str]) -> None:
    iam = client("iam")
    found = iam.get_role_policy(RoleName=stack["BuildRole"], PolicyName="run")["PolicyDocument"]
    (shipped,) = Template(WANTED).policies(BUILD_ROLE)
    # Moto keeps an inline policy as the text of a Python value.
    assert actions(ast.literal_eval(found) if isinstance(found, str) else found) == actions(shipped)
    trust = iam.get_role(RoleName=stack["BuildRole"])["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert trust["Principal"] == {"Service": "codebuild.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def actions(document: dict[str, Any]) -> dict[str, str]:
    """Action by action; where CloudFormation leaves out what `AWS::NoValue` stands for, moto has a null."""
    statements = [one for one in document["Statement"] if one]
    return {f"{one['Sid']} {action}": one["Resource"] for one in statements for action in one["Action"]}


def test_the_bucket_is_encrypted_and_takes_its_policy(stack: dict[str, str]) -> None:
    s3, bucket = client("s3"), stack["Artifacts"]
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(properties("ArtifactsPolicy")["PolicyDocument"]))
    statement = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")


def test_the_log_ends_and_the_rule_leads_to_the_topic(stack: dict[str, str]) -> None:
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix=stack["Logs"])["logGroups"]
    assert group["retentionInDays"] == 90
    (target,) = client("events").list_targets_by_rule(Rule="erp-unified-pipeline-failed")["Targets"]
    assert target["Arn"] == stack["Topic"]
    client("sns").set_topic_attributes(
        TopicArn=stack["Topic"],
        AttributeName="Policy",
        AttributeValue=json.dumps(properties("TopicPolicy")["PolicyDocument"]),
    )
    policy = json.loads(client("sns").get_topic_attributes(TopicArn=stack["Topic"])["Attributes"]["Policy"])
    assert {one["Principal"]["Service"] for one in policy["Statement"]} == {
        "events.amazonaws.com",
        "cloudwatch.amazonaws.com",
    }


def test_a_schedule_starts_the_check_by_a_role_that_may_do_nothing_else(stack: dict[str, str]) -> None:
    events, iam = client("events"), client("iam")
    assert events.describe_rule(Name="erp-running-check-schedule")["ScheduleExpression"] == "rate(1 day)"
    (target,) = events.list_targets_by_rule(Rule="erp-running-check-schedule")["Targets"]
    assert target["RoleArn"].endswith(f":role/{stack['CheckStarterRole']}")
    (told,) = events.list_targets_by_rule(Rule="erp-running-check-failed")["Targets"]
    assert told["Arn"] == stack["Topic"]
    assert iam.list_role_policies(RoleName=stack["CheckRole"])["PolicyNames"] == ["check"]
    assert stack["CheckLogs"] == "/aws/codebuild/erp-running-check"


def taken(stack: dict[str, str], name: str, **given: str) -> list[Any]:
    """The first action of each stage of the pipeline, as its own service has taken it."""
    pipeline = as_request(properties("Pipeline", **given))
    assert pipeline["roleArn"].endswith(stack["PipelineRole"])
    for stage in pipeline["stages"]:
        for action in stage["actions"]:
            action["configuration"] = {key: str(value) for key, value in action["configuration"].items()}
    codepipeline = client("codepipeline")
    codepipeline.create_pipeline(pipeline=pipeline | {"version": 1, "name": name})
    return [stage["actions"][0] for stage in codepipeline.get_pipeline(name=name)["pipeline"]["stages"]]


def test_the_pipeline_is_taken_by_its_own_service(stack: dict[str, str]) -> None:
    source, build = (action["configuration"] for action in taken(stack, "erp-unified-pipeline"))
    assert source["OutputArtifactFormat"] == "CODEBUILD_CLONE_REF"
    assert build == {"ProjectName": "erp-unified-build"}


def test_the_pipeline_with_an_approval_is_taken_by_its_own_service_too(stack: dict[str, str]) -> None:
    _, build, approve, deploy = taken(stack, "approved", Approval="true")
    assert approve["actionTypeId"]["category"] == "Approval"
    assert "--until cleared" in build["configuration"]["EnvironmentVariables"]
    assert "--plan" in deploy["configuration"]["EnvironmentVariables"]


@pytest.mark.parametrize(
    ("service", "call", "resource"),
    [
        ("codebuild", "create_report_group", "Reports"),
        ("codebuild", "create_project", "Project"),
        ("codebuild", "create_project", "Workers"),
        ("codebuild", "create_project", "Check"),
        ("eks", "create_access_entry", "AccessEntry"),
    ],
)
def test_what_moto_has_nowhere_is_held_to_the_model_of_its_api(service: str, call: str, resource: str) -> None:
    api = boto3.client(
        service,  # type: ignore[call-overload]
        region_name=REGION,
        aws_access_key_id="invented",
        aws_secret_access_key="invented",
    )
    request = as_request(properties(resource))
    request.pop("deleteReports", None)  # a decision of CloudFormation alone
    if call == "create_project":
        # The one name that differs between the two APIs, and numbers that a parameter's default has as a text.
        request["source"]["buildspec"] = request["source"].pop("buildSpec")
        numbers = ("timeoutInMinutes", "queuedTimeoutInMinutes", "concurrentBuildLimit")
        request |= {name: int(request[name]) for name in numbers if name in request}
    with Stubber(api) as stub:
        stub.add_response(call, {})
        assert getattr(api, call)(**request) == {}


def test_a_stack_that_is_asked_for_workers_makes_their_role_and_log(stack: dict[str, str]) -> None:
    found = client("iam").get_role_policy(RoleName=stack["WorkerRole"], PolicyName="build")["PolicyDocument"]
    document = ast.literal_eval(found) if isinstance(found, str) else found
    services = {name.partition(":")[0].split()[1] for name in actions(document)}
    assert services == {"codeconnections", "codestar-connections", "s3", "logs", "ssm", "ecr"}
    assert stack["WorkerLogs"] == "/aws/codebuild/erp-unified-workers"
