"""The buildspecs and the runner image as texts: no shell logic, nothing installed without a hash."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from erp_build.cli.reported import REPORT
from sandbox.cluster import go_binaries

ROOT = Path(__file__).parents[2]
BUILDSPECS = {name: ROOT / name for name in ("buildspec.yml", "examples/erp/buildspec.yml")}

LOGIC = re.compile(r"[|&;<>`\n]|\$\(|\b(if|for|while|case|until|eval|export|set|curl|wget)\b")
"""Pipes, lists, redirections, substitutions, branches, state, downloads."""

HOST = re.compile(r"https?://|--(extra-)?index-url|--find-links")

every_buildspec = pytest.mark.parametrize("name", BUILDSPECS)


def spec(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load(BUILDSPECS[name].read_text(encoding="utf-8")))


def commands(name: str) -> list[str]:
    return [command for phase in spec(name)["phases"].values() for command in phase["commands"]]


@every_buildspec
def test_every_command_is_a_line_that_a_posix_shell_reads(name: str) -> None:
    for command in commands(name):
        done = subprocess.run(["sh", "-n"], input=command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@every_buildspec
def test_no_command_holds_shell_logic(name: str) -> None:
    assert [command for command in commands(name) if LOGIC.search(command)] == []


@every_buildspec
def test_there_is_one_line_of_work(name: str) -> None:
    (command,) = spec(name)["phases"]["build"]["commands"]
    assert command.startswith("python -m erp_build run")
    assert set(spec(name)["phases"]) == {"install", "build"}


@every_buildspec
def test_everything_is_installed_from_hashes_and_no_host_is_named(name: str) -> None:
    engine, *install = spec(name)["phases"]["install"]["commands"]
    assert engine == "start-engine"
    assert all(command.startswith("python -m pip install ") for command in install)
    from_lock = [command for command in install if "--require-hashes" in command]
    of_this_source = [command for command in install if "--no-deps" in command]
    assert from_lock + of_this_source == install
    assert all(command.endswith(" --no-build-isolation .") for command in of_this_source)
    assert not HOST.search(BUILDSPECS[name].read_text(encoding="utf-8"))


@every_buildspec
def test_the_report_is_the_only_artifact_and_maven_is_cached(name: str) -> None:
    assert spec(name)["artifacts"] == {"files": ["erp-build-report/**/*"]}
    assert spec(name)["cache"] == {"paths": ["/root/.m2/**/*"]}


@every_buildspec
def test_the_cases_of_a_run_are_a_report_group_whose_file_the_run_writes(name: str) -> None:
    ((group, report),) = spec(name)["reports"].items()
    assert group == "erp-build"
    assert report == {"files": ["junit.xml"], "base-directory": "erp-build-report", "file-format": "JUNITXML"}
    assert REPORT.parent == Path(report["base-directory"])


@every_buildspec
def test_no_runtime_is_chosen_because_the_image_has_one_of_each(name: str) -> None:
    assert spec(name)["version"] == 0.2
    assert set(spec(name)["phases"]["install"]) == {"commands"}
    assert len(commands(name)) > 1


def test_the_sample_shows_how_its_repository_pins_erp_build() -> None:
    text = BUILDSPECS["examples/erp/buildspec.yml"].read_text(encoding="utf-8")
    assert text.count("      # - python -m pip install --require-hashes -r ci/erp-build.lock\n") == 1


@pytest.mark.parametrize("logic", ["mvn package || true", "a | b", "a; b", "x=$(date)", "if true", "curl x", "a\nb"])
def test_what_counts_as_shell_logic(logic: str) -> None:
    assert LOGIC.search(logic)


@pytest.mark.parametrize("lock", ["run", "build", "dev"])
def test_every_package_of_a_lock_has_a_version_and_a_hash(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert packages
    assert [line for line in packages if "==" not in line or "--hash=sha256:" not in line] == []
    assert not HOST.search(text)


def test_the_runner_image_has_the_helm_that_the_sandbox_tests_with() -> None:
    tested = tomllib.loads((ROOT / "sandbox" / "versions.toml").read_text(encoding="utf-8"))["go"]["helm3"]
    assert f"ARG HELM={tested}\n" in _runner()


def test_the_runner_image_installs_from_hashes_and_downloads_nothing_unchecked() -> None:
    installs = re.findall(r"pip install [^\n]*", _runner())
    assert installs
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    assert not re.search(r"curl|wget|^ADD ", _runner(), flags=re.MULTILINE)
    assert not HOST.search(_runner())


def test_an_engine_that_was_given_and_does_not_answer_is_named(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    (tmp_path / "docker").chmod(0o755)
    done = start_engine({"PATH": f"{tmp_path}:/usr/bin:/bin", "DOCKER_HOST": "unix:///nowhere"})
    assert done.returncode == 1
    assert done.stderr == "start-engine: no engine answers at DOCKER_HOST=unix:///nowhere\n"


def test_an_engine_that_dies_shows_its_last_words(tmp_path: Path) -> None:
    for name, text in {"docker": "exit 1", "dockerd": "echo no space left; exit 1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
        (tmp_path / name).chmod(0o755)
    done = start_engine({"PATH": f"{tmp_path}:/usr/bin:/bin", "ENGINE_LOG": str(tmp_path / "log")})
    assert done.returncode == 1
    assert done.stderr.startswith("no space left\nstart-engine: the engine does not answer after ")


def test_an_engine_that_answers_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\n", encoding="ascii")
    (tmp_path / "docker").chmod(0o755)
    assert start_engine({"PATH": f"{tmp_path}:/usr/bin:/bin"}).returncode == 0


def test_an_image_without_an_engine_says_so_and_goes_on(tmp_path: Path) -> None:
    shell = shutil.which("sh")
    assert shell
    words = [shell, str(ROOT / "scripts" / "start-engine.sh")]
    for option, said in (([], "start-engine: this image has no engine, and none is started\n"), (["--if-allowed"], "")):
        done = subprocess.run(
            [*words, *option], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == (said, "")


def start_engine(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    script = ROOT / "scripts" / "start-engine.sh"
    return subprocess.run(["sh", str(script)], env=variables, capture_output=True, text=True, check=False)


def test_the_entrypoint_of_the_runner_image_is_posix_and_becomes_the_command() -> None:
    entrypoint = ROOT / "scripts" / "runner-entrypoint.sh"
    done = subprocess.run(
        ["sh", str(entrypoint), "echo", "two words"],
        env={"PATH": "/usr/bin:/bin", "DOCKER_HOST": "unix:///nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "two words\n"


def test_the_runner_trusts_the_checkout_of_nobody_but_its_user() -> None:
    assert "safe.directory" not in _runner()


def test_the_shipped_helm_is_stamped_like_the_tested_one() -> None:
    """Its own version, and the version of Kubernetes that it renders for without a cluster."""
    text = _runner()
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", text, re.MULTILINE))
    stamped = dict(re.findall(r"-X (helm\.sh/\S+?)=([^\s\"]+)", text))
    values = {name: re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], value) for name, value in stamped.items()}
    assert values == {name: value for name, value in go_binaries.stamps() if name.startswith("helm.sh/helm/v3/")}
    assert arguments["HELM"] == go_binaries.VERSIONS["helm3"]


STAGE = re.compile(r"^FROM (?P<base>\S+) AS (?P<name>\S+)\n(?P<text>.*?)(?=^FROM |\Z)", re.MULTILINE | re.DOTALL)


def test_a_build_without_a_target_makes_the_image_with_the_engine() -> None:
    bases = {stage["name"]: stage["base"] for stage in STAGE.finditer(_runner())}
    assert list(bases)[-2:] == ["slim", "runner"]
    assert (bases["slim"], bases["runner"]) == ("${SLIM_TOOLS}", "${TOOLS}")


def test_the_slim_image_has_everything_of_the_runner_but_the_engine_and_its_programs() -> None:
    stages = {stage["name"]: stage["text"] for stage in STAGE.finditer(_runner())}
    lines = {name: [line for line in text.splitlines() if line[:1] not in ("", "#")] for name, text in stages.items()}
    assert lines["slim"] == lines["runner"]
    assert re.findall(r'"([a-z.]+)=', stages["tools"]) == ["docker.io", "iptables"]
    # Neither is built for the slim image.
    assert not re.search(
        "docker|buildx|iptables|=tools", "\n".join(lines["slim-tools"] + lines["slim"] + lines["wheel"])
    )


def _runner() -> str:
    return (ROOT / "Dockerfile.runner").read_text(encoding="utf-8")


@every_buildspec
def test_git_may_fetch_with_the_credentials_of_the_source(name: str) -> None:
    assert spec(name)["env"]["git-credential-helper"] is True


def test_the_runner_image_builds_with_buildkit_by_a_plugin_that_the_docker_program_finds() -> None:
    text = _runner()
    assert "COPY --from=buildx /go/bin/buildx /usr/libexec/docker/cli-plugins/docker-buildx\n" in text
    assert f"ARG BUILDX={go_binaries.VERSIONS['buildx']}\n" in text
    assert re.search(r"ARG BUILDX_SUM=h1:\S+=\n", text)
    assert 'go version -m /go/bin/buildx | grep -F "${BUILDX_SUM}"' in text
