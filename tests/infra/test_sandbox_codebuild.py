"""The sandbox's CodeBuild: what a build finds around it, which buildspec it runs, and what ends it in the end."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.codebuild.build import LOG_VARIABLE, Build, pids_of
from sandbox.aws.codebuild.component import end_left
from sandbox.aws.codebuild.surroundings import environment_of, variables_of
from sandbox.aws.codebuild.worker import spec_of
from sandbox.docker import engine

LINE = '{"version": 0.2, "phases": {"build": {"commands": ["true"]}}}'
ENDPOINT = "http://127.0.0.1:4603"


def build(folder: Path, *, privileged: bool = False, **asked: Any) -> Build:
    image = {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"}
    given = [{"name": "A", "value": "of the project"}, {"name": "B", "value": "of the project"}]
    project = {
        "name": "erp-workers",
        "source": {"type": "GITHUB", "location": "/erp"},
        "serviceRole": "arn:aws:iam::123456789012:role/erp",
        "environment": {**image, "privilegedMode": privileged, "environmentVariables": given},
    }
    return Build(project, asked, 1, folder, environment=environment_of(project, asked))


def test_a_build_has_its_own_variables_and_none_of_who_began_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANG", "LC_ALL", "DOCKER_HOST", "PYTHONPATH", "AWS_PROFILE", "CODEBUILD_WEBHOOK_PREV_COMMIT"):
        monkeypatch.setenv(name, "of this machine")
    one = build(tmp_path, environmentVariablesOverride=[{"name": "B", "value": "of the start"}])
    found = variables_of(one, ENDPOINT, {"AWS_ACCESS_KEY_ID": "of the role"})
    assert "of this machine" not in found.values()
    assert (found["A"], found["B"]) == ("of the project", "of the start")
    assert (found["AWS_ENDPOINT_URL"], found["AWS_ACCESS_KEY_ID"]) == (ENDPOINT, "of the role")
    assert found["CODEBUILD_BUILD_ID"] == one.id
    assert found["PATH"].startswith(f"{Path(sys.executable).parent}:")
    assert all(Path(found[name]).is_relative_to(one.folder) for name in ("HOME", "TMPDIR"))


@pytest.mark.parametrize("privileged", [True, False])
def test_a_project_in_privileged_mode_has_an_engine(tmp_path: Path, *, privileged: bool) -> None:
    found = variables_of(build(tmp_path, privileged=privileged), ENDPOINT, {})
    assert found.get("DOCKER_HOST") == (engine.address() if privileged else None)


@pytest.mark.parametrize("buildspec", [LINE, "ci/worker.yml", ""], ids=["itself", "a path", "none"])
def test_a_buildspec_is_given_or_lies_in_the_source(tmp_path: Path, buildspec: str) -> None:
    (tmp_path / "ci").mkdir()
    for place in ("ci/worker.yml", "buildspec.yml"):
        (tmp_path / place).write_text(LINE, encoding="ascii")
    assert spec_of(buildspec, tmp_path)["phases"]["build"]["commands"] == ["true"]


@pytest.mark.parametrize("buildspec", ["{", "{}", "a\nb", '{"phases": []}'])
def test_what_is_no_buildspec_is_refused(tmp_path: Path, buildspec: str) -> None:
    with pytest.raises(ValueError, match="YAML_FILE_ERROR"):
        spec_of(buildspec, tmp_path)


def test_what_a_killed_server_has_left_is_ended_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    words = ["sh", "-c", "env -i setsid sleep 60 & sleep 60"]
    children = [
        subprocess.Popen(words, env={**os.environ, LOG_VARIABLE: name}, start_new_session=True)
        for name in ("ours", "another's")
    ]
    try:
        end_left(tmp_path)
        assert pids_of("ours") == ()
        assert children[0].wait(5) == -9
        assert len(pids_of("another's")) >= 1
    finally:
        (tmp_path / "another's").mkdir()
        end_left(tmp_path)
        for child in children:
            child.wait(5)
    assert pids_of("another's") == ()
