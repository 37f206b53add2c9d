"""A pipeline of CodePipeline and a project of CodeBuild: where the source comes from, and what runs the build."""

from dataclasses import dataclass

FULL_CLONE = "CODEBUILD_CLONE_REF"
"""The source action's format that brings `.git`; every other one is a zip of the files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceAction:
    """A source action of a pipeline.

    Attributes:
        name: of the action.
        provider: such as `CodeStarSourceConnection`.
        connection: ARN of the connection to GitHub; empty where the provider knows none.
        output: `OutputArtifactFormat`; empty where it is not set, which means a zip.
        repository: `owner/name` on GitHub; empty where the provider says it otherwise.
    """

    name: str
    provider: str
    connection: str = ""
    output: str = ""
    repository: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CodePipeline:
    """A pipeline of CodePipeline.

    Attributes:
        name: of the pipeline.
        sources: its source actions.
        projects: the CodeBuild projects that it starts.
        bucket: of its artifacts.
        approves: whether it waits for a manual approval.
    """

    name: str
    sources: tuple[SourceAction, ...] = ()
    projects: tuple[str, ...] = ()
    bucket: str = ""
    approves: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildProject:
    """A CodeBuild project.

    Attributes:
        role: ARN of its service role.
        privileged: whether a Docker engine may run in it.
        timeout: seconds after which CodeBuild ends a build.
        source: type of its source; `CODEPIPELINE` where a pipeline gives it.
        clone_depth: commits that a source of its own is cloned with; 0: all.
        location: address of a source of its own; empty: it has none.
        image, machine, compute: name of the image that a build runs in, the kind of its machine (`LINUX_CONTAINER`,
            `ARM_CONTAINER`), and how large it is.
        at_once: builds that may go on at once; None: as many as the account's quota allows.
    """

    name: str
    role: str
    privileged: bool
    timeout: float
    source: str = "CODEPIPELINE"
    clone_depth: int = 0
    location: str = ""
    image: str = ""
    machine: str = ""
    compute: str = ""
    at_once: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """A manual approval of a pipeline's execution.

    Attributes:
        action: its name in the pipeline.
        by: who answered, an ARN or a name; empty: CodePipeline does not say.
        at: when, ISO 8601, UTC.
        summary: what was written with the answer; empty: nothing.
    """

    action: str
    by: str = ""
    at: str = ""
    summary: str = ""

    def __str__(self) -> str:
        """For the reader."""
        said = f": {self.summary}" if self.summary else ""
        return f"{self.by or 'somebody'} at {self.at}{said}"
