"""What `doctor` reads of an account: its pipeline, a role's permissions, and the settings of image repositories."""

from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from erp_build.clients.aws.codebuild import project_of_answer
from erp_build.clients.aws.session import UNREADABLE_OF_AWS, translate_aws_errors
from erp_build.clients.foreign_answer import reads_answers_of
from erp_build.errors import ConfigurationError
from erp_build.model.codepipeline import BuildProject, CodePipeline, SourceAction

if TYPE_CHECKING:
    from mypy_boto3_codebuild import CodeBuildClient
    from mypy_boto3_codepipeline import CodePipelineClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_iam import IAMClient

OLD_SERVICE = ":codestar-connections:"
"""In the ARN of a connection from before the service got another name; only that service's API knows it."""

ALLOWED = "allowed"
"""A decision of IAM's policy simulator."""


@reads_answers_of("CodePipeline and CodeBuild", ConfigurationError, UNREADABLE_OF_AWS)
class AwsDelivery:
    """Reads a pipeline, its build project and its connection to GitHub.

    Args:
        pipelines, builds: clients of CodePipeline and CodeBuild.
        connections: client of CodeConnections.
        old_connections: client of the same service under its old name.
    """

    def __init__(
        self, pipelines: "CodePipelineClient", builds: "CodeBuildClient", connections: Any, old_connections: Any
    ) -> None:
        self._pipelines = pipelines
        self._builds = builds
        self._connections = connections
        self._old_connections = old_connections

    def pipeline(self, name: str) -> CodePipeline | None:
        """The pipeline, or None where there is none with this name."""
        found: Any = None
        with (
            translate_aws_errors("codepipeline:GetPipeline", name),
            suppress(self._pipelines.exceptions.PipelineNotFoundException),
        ):
            found = self._pipelines.get_pipeline(name=name)["pipeline"]
        if found is None:
            return None
        actions = [action for stage in found["stages"] for action in stage["actions"]]
        return CodePipeline(
            name=name,
            sources=tuple(_source(one) for one in actions if one["actionTypeId"]["category"] == "Source"),
            projects=tuple(
                one["configuration"]["ProjectName"] for one in actions if one["actionTypeId"]["provider"] == "CodeBuild"
            ),
            bucket=found.get("artifactStore", {}).get("location", ""),
            approves=any(one["actionTypeId"]["category"] == "Approval" for one in actions),
        )

    def names(self) -> tuple[str, ...]:
        """The names of all pipelines of the account and region."""
        with translate_aws_errors("codepipeline:ListPipelines", "the pipelines of this region"):
            pages = self._pipelines.get_paginator("list_pipelines").paginate()
            return tuple(one["name"] for page in pages for one in page["pipelines"])

    def project(self, name: str) -> BuildProject | None:
        """The CodeBuild project, or None where there is none with this name."""
        with translate_aws_errors("codebuild:BatchGetProjects", name):
            found: Any = self._builds.batch_get_projects(names=[name])["projects"]
        return project_of_answer(name, found)

    def connection_status(self, arn: str) -> str:
        """`AVAILABLE`, `PENDING` or `ERROR`."""
        client = self._old_connections if OLD_SERVICE in arn else self._connections
        service = "codestar-connections" if OLD_SERVICE in arn else "codeconnections"
        with translate_aws_errors(f"{service}:GetConnection", arn):
            return str(client.get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"])


@reads_answers_of("IAM", ConfigurationError, UNREADABLE_OF_AWS)
class RolePolicies:
    """Simulates the policies of a role with IAM; the actions themselves are not called."""

    def __init__(self, client: "IAMClient") -> None:
        self._client = client

    def denied(self, role: str, actions: Sequence[str], resource: str) -> tuple[str, ...]:
        """Those of the actions that the role (an ARN) may not take on the resource, in the order in which they came."""
        with translate_aws_errors("iam:SimulatePrincipalPolicy", role):
            pages = self._client.get_paginator("simulate_principal_policy").paginate(
                PolicySourceArn=role, ActionNames=list(actions), ResourceArns=[resource]
            )
            allowed = {
                result["EvalActionName"]
                for page in pages
                for result in page["EvaluationResults"]
                if result["EvalDecision"] == ALLOWED
            }
        return tuple(action for action in actions if action not in allowed)


@reads_answers_of("ECR", ConfigurationError, UNREADABLE_OF_AWS)
class RepositorySettings:
    """Reads the settings of the account's image repositories."""

    def __init__(self, client: "ECRClient") -> None:
        self._client = client

    def may_move(self, repository: str, tag: str) -> bool | None:
        """Whether a tag may be moved to another image; None where there is no such repository."""
        found: Any = None
        with (
            translate_aws_errors("ecr:DescribeRepositories", repository),
            suppress(self._client.exceptions.RepositoryNotFoundException),
        ):
            found = self._client.describe_repositories(repositoryNames=[repository])["repositories"][0]
        if found is None:
            return None
        mode = found.get("imageTagMutability", "MUTABLE")
        filters = [one["filter"] for one in found.get("imageTagMutabilityExclusionFilters", ())]
        is_excluded = mode.endswith("_WITH_EXCLUSION") and any(fnmatchcase(tag, pattern) for pattern in filters)
        return bool(mode.startswith("IMMUTABLE") == is_excluded)


def _of_github(configuration: Any) -> str:
    """The repository of a source action of the first GitHub provider, which has a token and no connection."""
    owner, name = configuration.get("Owner", ""), configuration.get("Repo", "")
    return f"{owner}/{name}" if owner and name else ""


def _source(action: Any) -> SourceAction:
    configuration = action.get("configuration", {})
    return SourceAction(
        name=action["name"],
        provider=action["actionTypeId"]["provider"],
        connection=configuration.get("ConnectionArn", ""),
        output=configuration.get("OutputArtifactFormat", ""),
        repository=configuration.get("FullRepositoryId", "") or _of_github(configuration),
    )
