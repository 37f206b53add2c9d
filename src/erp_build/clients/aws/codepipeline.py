"""CodePipeline, CodeBuild and the connections to GitHub: what they say of the pipeline. Reading only."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from erp_build.clients.aws.session import error_code, translate_aws_errors
from erp_build.model.codepipeline import BuildProject, CodePipeline, SourceAction

if TYPE_CHECKING:
    from mypy_boto3_codebuild import CodeBuildClient
    from mypy_boto3_codepipeline import CodePipelineClient

NO_PIPELINE = "PipelineNotFoundException"
OLD_SERVICE = ":codestar-connections:"
"""In the ARN of a connection from before the service got another name; only that service's API knows it."""


class AwsDelivery:
    """Reads a pipeline, its build project and its connection.

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
        with translate_aws_errors("codepipeline:GetPipeline", name):
            try:
                found: Any = self._pipelines.get_pipeline(name=name)["pipeline"]
            except ClientError as error:
                if error_code(error) == NO_PIPELINE:
                    return None
                raise
        actions = [action for stage in found["stages"] for action in stage["actions"]]
        return CodePipeline(
            name=name,
            sources=tuple(_source(one) for one in actions if one["actionTypeId"]["category"] == "Source"),
            projects=tuple(
                one["configuration"]["ProjectName"] for one in actions if one["actionTypeId"]["provider"] == "CodeBuild"
            ),
            bucket=found.get("artifactStore", {}).get("location", ""),
        )

    def project(self, name: str) -> BuildProject | None:
        """The CodeBuild project, or None where there is none with this name."""
        with translate_aws_errors("codebuild:BatchGetProjects", name):
            found: list[Any] = list(self._builds.batch_get_projects(names=[name])["projects"])
        if not found:
            return None
        project = found[0]
        source = project.get("source", {})
        return BuildProject(
            name=name,
            role=project.get("serviceRole", ""),
            privileged=bool(project.get("environment", {}).get("privilegedMode")),
            # CodeBuild's own default where the project says nothing.
            timeout=60.0 * project.get("timeoutInMinutes", 60),
            source=source.get("type", ""),
            clone_depth=source.get("gitCloneDepth", 0),
        )

    def connection_status(self, arn: str) -> str:
        """`AVAILABLE`, `PENDING` or `ERROR`."""
        client = self._old_connections if OLD_SERVICE in arn else self._connections
        service = "codestar-connections" if OLD_SERVICE in arn else "codeconnections"
        with translate_aws_errors(f"{service}:GetConnection", arn):
            return str(client.get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"])


def _source(action: Any) -> SourceAction:
    configuration = action.get("configuration", {})
    return SourceAction(
        name=action["name"],
        provider=action["actionTypeId"]["provider"],
        connection=configuration.get("ConnectionArn", ""),
        output=configuration.get("OutputArtifactFormat", ""),
    )
