"""Reads CodeBuild's environment variables: the commit of the source, and the address of the build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_build.model.commit import is_full_commit

if TYPE_CHECKING:
    from collections.abc import Mapping

PLANNED_COMMIT = "ERP_BUILD_COMMIT"
"""Variable of a worker: the full commit that the run which began it has planned."""

ARN_PARTS = 6
CONSOLE_HOSTS = {
    "aws": "{region}.console.aws.amazon.com",
    "aws-cn": "{region}.console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""Partition -> host of its console."""


def commit_from(variables: Mapping[str, str], name: str) -> str | None:
    """Return the full commit in an environment variable; None if it is unset, empty, all zeros or no full commit.

    The value may be an ARN (a pipeline's CODEBUILD_SOURCE_VERSION) or 40 zeros (the commit before a branch's first).
    """
    value = variables.get(name, "").strip().lower()
    return value if is_full_commit(value) and value.strip("0") else None


def pipeline_that_started(variables: Mapping[str, str]) -> str:
    """Return the name of the pipeline that started the build; empty if none did."""
    kind, _, name = variables.get("CODEBUILD_INITIATOR", "").partition("/")
    return name if kind == "codepipeline" else ""


def project_of_build(variables: Mapping[str, str]) -> str:
    """Return the project that this build belongs to, if its source is its own; a pipeline's cannot be built alone."""
    return "" if pipeline_that_started(variables) else variables.get("CODEBUILD_BUILD_ID", "").partition(":")[0]


def build_link(variables: Mapping[str, str]) -> str:
    """Return the build's address in the console, from CodeBuild's variable or from the build's ARN; else empty."""
    if link := variables.get("CODEBUILD_BUILD_URL", ""):
        return link
    # The last part has a colon of its own: build/PROJECT:ID.
    parts = variables.get("CODEBUILD_BUILD_ARN", "").split(":", 5)
    if len(parts) != ARN_PARTS or not parts[5].startswith("build/"):
        return ""
    from urllib.parse import quote

    _, partition, _, region, account, resource = parts
    build = resource.removeprefix("build/")
    host = CONSOLE_HOSTS.get(partition, CONSOLE_HOSTS["aws"]).format(region=region)
    project = quote(build.partition(":")[0], safe="")
    place = f"{account}/projects/{project}/build/{quote(build, safe='')}"
    return f"https://{host}/codesuite/codebuild/{place}/?region={region}"
