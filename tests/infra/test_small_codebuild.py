"""The small CodeBuild that the world tests run buildspecs with: what runs after a failure, and what a command knows."""

from pathlib import Path

import pytest

from sandbox.codebuild.buildspec import Build, run_buildspec

COMMIT = "c" * 40
MACHINE = {"PATH": "/usr/bin:/bin", "LANG": "ko_KR.UTF-8", "LC_ALL": "ko_KR.UTF-8"}


def build(folder: Path, **phases: str) -> Build:
    lines = [f"  {name}:\n    commands:\n      - {command}" for name, command in phases.items()]
    (folder / "buildspec.yml").write_text("\n".join(["version: 0.2", "phases:", *lines]), encoding="utf-8")
    return run_buildspec(folder, COMMIT, MACHINE)


def ran(done: Build) -> list[tuple[str, int]]:
    return [(phase.name, phase.code) for phase in done.phases]


def test_post_build_runs_after_a_failed_build_and_knows_of_it(tmp_path: Path) -> None:
    done = build(tmp_path, build="exit 6", post_build="echo succeeding=$CODEBUILD_BUILD_SUCCEEDING")
    assert ran(done) == [("build", 6), ("post_build", 0)]
    assert "succeeding=0" in done.output
    assert not done.succeeded


@pytest.mark.parametrize("broken", ["install", "pre_build"])
def test_nothing_runs_after_a_phase_that_failed_before_the_build(tmp_path: Path, broken: str) -> None:
    done = build(tmp_path, **{broken: "exit 1", "build": "echo built", "post_build": "echo afterwards"})
    assert ran(done) == [(broken, 1)]


def test_a_command_knows_what_codepipeline_says_and_no_more(tmp_path: Path) -> None:
    done = build(tmp_path, build="env")
    assert done.succeeded
    known = dict(line.split("=", 1) for line in done.output.splitlines() if "=" in line)
    assert known["CODEBUILD_RESOLVED_SOURCE_VERSION"] == COMMIT
    assert known["CODEBUILD_INITIATOR"].startswith("codepipeline/")
    assert known["CODEBUILD_BUILD_SUCCEEDING"] == "1"
    assert [name for name in known if "WEBHOOK" in name or name == "LANG" or name.startswith("LC_")] == []
