"""The pipeline, its build project and its connection: over moto, and over answers checked against the API's model."""

from typing import Any

import pytest

from erp_build.clients.aws.inspection import AwsDelivery
from erp_build.errors import ConfigurationError
from erp_build.model.codepipeline import BuildProject, CodePipeline, SourceAction
from tests.contract.aws.conftest import client, stubbed

ARN = "arn:aws:codeconnections:ap-northeast-2:123456789012:connection/0a1b"
OLD_ARN = ARN.replace("codeconnections", "codestar-connections")
ROLE = "arn:aws:iam::123456789012:role/erp-dev-codebuild-role"
CONFIGURATION = {"ConnectionArn": ARN, "FullRepositoryId": "kim/erp", "BranchName": "main"}


def action(name: str, category: str, provider: str, **configuration: str) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, "configuration": configuration}


def make_pipeline(**more: str) -> None:
    """The user's pipeline: a source action with a connection, and one build."""
    trust = '{"Statement": [{"Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
    role = client("iam").create_role(RoleName="pipeline", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    source = action("Source", "Source", "CodeStarSourceConnection", **CONFIGURATION, **more)
    build = action("Build", "Build", "CodeBuild", ProjectName="erp-unified-build")
    client("codepipeline").create_pipeline(
        pipeline={
            "name": "erp-unified-pipeline",
            "roleArn": role,
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": [{"name": "Source", "actions": [source]}, {"name": "Build", "actions": [build]}],
            "version": 1,
        }
    )


def make_project(**more: Any) -> None:
    """The user's build project; moto asks for the location of everything."""
    client("codebuild").create_project(
        name="erp-unified-build",
        source={"type": "CODEPIPELINE", "location": "any"},
        artifacts={"type": "CODEPIPELINE", "location": "any"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "privilegedMode": True,
        },
        serviceRole=ROLE,
        **more,
    )


def delivery() -> AwsDelivery:
    """The tool over whatever answers."""
    names: tuple[Any, ...] = ("codepipeline", "codebuild", "codeconnections", "codestar-connections")
    return AwsDelivery(*(client(name) for name in names))


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(("more", "output"), [({}, ""), ({"OutputArtifactFormat": "CODEBUILD_CLONE_REF"},) * 2])
def test_a_pipeline_tells_its_source_its_build_and_its_bucket(more: dict[str, str], output: object) -> None:
    make_pipeline(**more)
    source = SourceAction(
        name="Source",
        provider="CodeStarSourceConnection",
        connection=ARN,
        output="CODEBUILD_CLONE_REF" if output else "",
        repository="kim/erp",
    )
    assert delivery().pipeline("erp-unified-pipeline") == CodePipeline(
        name="erp-unified-pipeline", sources=(source,), projects=("erp-unified-build",), bucket="artifacts"
    )


@pytest.mark.usefixtures("account")
def test_all_pipelines_of_the_region_are_named() -> None:
    assert delivery().names() == ()
    make_pipeline()
    assert delivery().names() == ("erp-unified-pipeline",)


@pytest.mark.usefixtures("account")
def test_a_pipeline_or_project_that_is_not_there_is_none() -> None:
    assert delivery().pipeline("elsewhere") is None
    assert delivery().project("elsewhere") is None


@pytest.mark.usefixtures("account")
def test_a_project_tells_its_role_its_mode_and_its_time() -> None:
    make_project(timeoutInMinutes=90)
    assert delivery().project("erp-unified-build") == BuildProject(
        name="erp-unified-build",
        role=ROLE,
        privileged=True,
        timeout=5400.0,
        location="any",
        image="aws/codebuild/standard:7.0",
        machine="LINUX_CONTAINER",
        compute="BUILD_GENERAL1_SMALL",
    )


def test_a_project_with_a_source_of_its_own_tells_how_deep_it_is_cloned() -> None:
    builds, stub = stubbed("codebuild")
    source = {"type": "GITHUB", "gitCloneDepth": 1}
    project = {"name": "erp", "serviceRole": ROLE, "source": source, "environment": ENVIRONMENT}
    stub.add_response("batch_get_projects", {"projects": [project]}, {"names": ["erp"]})
    found = AwsDelivery(client("codepipeline"), builds, None, None).project("erp")
    assert found
    assert (found.source, found.clone_depth, found.privileged, found.timeout) == ("GITHUB", 1, False, 3600.0)


ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"}


@pytest.mark.parametrize("status", ["PENDING", "AVAILABLE", "ERROR"])
@pytest.mark.parametrize(("service", "arn"), [("codeconnections", ARN), ("codestar-connections", OLD_ARN)])
def test_a_connection_is_asked_of_the_service_that_its_name_names(service: str, arn: str, status: str) -> None:
    connections, stub = stubbed(service)
    stub.add_response("get_connection", {"Connection": {"ConnectionStatus": status}}, {"ConnectionArn": arn})
    others = (connections, None) if service == "codeconnections" else (None, connections)
    assert AwsDelivery(client("codepipeline"), client("codebuild"), *others).connection_status(arn) == status


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("codepipeline", "get_pipeline", "codepipeline:GetPipeline"),
        ("codebuild", "batch_get_projects", "codebuild:BatchGetProjects"),
        ("codeconnections", "get_connection", "codeconnections:GetConnection"),
    ],
)
def test_who_may_not_ask_learns_which_action_it_needs(service: str, operation: str, action: str) -> None:
    made, stub = stubbed(service)
    stub.add_client_error(operation, "AccessDeniedException")
    tool = AwsDelivery(made, made, made, None)
    ask = {"get_pipeline": tool.pipeline, "batch_get_projects": tool.project, "get_connection": tool.connection_status}
    with pytest.raises(ConfigurationError, match=f"{action} is not allowed"):
        ask[operation](ARN)
