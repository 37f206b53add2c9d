"""What a build finds around it: its variables, a HOME and a folder for temporary files, and nothing of who began it."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.aws.codebuild.build import LOG_VARIABLE, Build
from sandbox.aws.environment import aws_environment
from sandbox.docker import engine

CredentialsOf = Callable[[str], Mapping[str, str]]

KEPT = ("PATH", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Of this machine. As in CodeBuild, there is no locale."""


def environment_of(project: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The project's environment; variables that StartBuild is given come before those of the same name."""
    environment = dict(project["environment"])
    given = (*environment.get("environmentVariables", ()), *asked.get("environmentVariablesOverride", ()))
    by_name = {one["name"]: {"type": "PLAINTEXT", **one} for one in given}
    return {**environment, "environmentVariables": list(by_name.values())}


def variables_of(build: Build, endpoint: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """The variables of a build's commands. Makes its folders.

    Args:
        build: whose they are.
        endpoint: address of AWS.
        credentials: the variables of a client that has taken on the project's role.
    """
    home, temporary = build.folder / "home", build.folder / "tmp"
    for folder in (home, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    # A machine with an engine is a project in privileged mode.
    has_engine = str(build.environment.get("privilegedMode", "")).lower() == "true"
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{kept.get('PATH', os.defpath)}",
        "HOME": str(home),
        "TMPDIR": str(temporary),
        **({"DOCKER_HOST": engine.address()} if has_engine else {}),
        **aws_environment(),
        "AWS_ENDPOINT_URL": endpoint,
        **credentials,
        **{one["name"]: one["value"] for one in build.environment["environmentVariables"]},
        LOG_VARIABLE: build.stream,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_INITIATOR": "sandbox",
        "CODEBUILD_SOURCE_VERSION": str(build.asked.get("sourceVersion", "")),
        "CODEBUILD_SOURCE_REPO_URL": str(build.project["source"].get("location", "")),
        "CODEBUILD_START_TIME": str(int(build.began * 1000)),
    }
