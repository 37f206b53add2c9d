"""A small CodeBuild: runs the phases of a buildspec as CodeBuild does under CodePipeline, here or in a build container.

Every command gets a shell of its own, so that none can lean on what another one set; CodeBuild itself is not so strict.
Phases that only CodeBuild knows (source, upload of artifacts, caches) are left out, `runtime-versions` too.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

PHASES = ("install", "pre_build", "build", "post_build")
"""Those that have commands, in order."""

PIPELINE = "erp-unified-pipeline"
ARTIFACT = f"arn:aws:s3:::codepipeline-ap-northeast-2-123456789012/{PIPELINE}/SourceArti/a1B2c3D"


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase that ran: its name, the exit code of its last command, and what its commands printed."""

    name: str
    code: int
    output: str


@dataclass(frozen=True, slots=True)
class Build:
    """All phases that ran, in order."""

    phases: tuple[Phase, ...]

    @property
    def succeeded(self) -> bool:
        """Whether CodeBuild would call the build `SUCCEEDED`."""
        return all(phase.code == 0 for phase in self.phases)

    @property
    def output(self) -> str:
        """What all phases printed."""
        return "\n".join(f"--- {phase.name}: exit {phase.code}\n{phase.output}" for phase in self.phases)

    def code(self, name: str) -> int:
        """The exit code of a phase; raises `StopIteration` when it did not run."""
        return next(phase.code for phase in self.phases if phase.name == name)


class Machine(Protocol):
    """Where the commands of a buildspec run."""

    def shell(self, command: str, source: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run a command line at the root of the source; returns its exit code and what it printed."""


@dataclass(frozen=True, slots=True)
class Here:
    """This machine."""

    def shell(self, command: str, source: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run it here, with this environment and nothing else."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=source,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        return done.returncode, done.stdout


HERE = Here()


def full_clone(origin: Path, commit: str, source: Path) -> Path:
    """What CodePipeline's "full clone" hands over: the whole history, a commit checked out, no branch."""
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(origin), str(source)], check=True)
    subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=source, check=True)
    return source


def codebuild_variables(source: Path, commit: str) -> dict[str, str]:
    """What CodeBuild says of a build that CodePipeline started: a resolved commit, no webhook, no locale."""
    return {
        "CODEBUILD_BUILD_ID": "erp-unified-build:0f1e2d3c-0000-4000-8000-000000000001",
        "CODEBUILD_SRC_DIR": str(source),
        "CODEBUILD_INITIATOR": f"codepipeline/{PIPELINE}",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": commit,
        "CODEBUILD_SOURCE_VERSION": ARTIFACT,
    }


def run_buildspec(
    source: Path,
    commit: str,
    variables: Mapping[str, str],
    machine: Machine = HERE,
) -> Build:
    """Run `buildspec.yml` of a source.

    Args:
        source: the unpacked source as the machine sees it; it is the working directory of every command.
        commit: what the pipeline's source action resolved, 40 hex.
        variables: those of the build image; its locale is taken away, as CodeBuild has none.
        machine: where the commands run.
    """
    spec = yaml.safe_load((source / "buildspec.yml").read_text(encoding="utf-8"))
    without_locale = {name: value for name, value in variables.items() if name != "LANG" and not name.startswith("LC_")}
    environment = {**without_locale, **codebuild_variables(source, commit)}
    return Build(tuple(phases_of(spec, source, environment, machine)))


def phases_of(
    spec: Mapping[str, Any],
    source: Path,
    environment: Mapping[str, str],
    machine: Machine,
    begins: Callable[[str], object] = lambda _: None,
) -> Iterator[Phase]:
    """Run the phases of a buildspec, and give each when it has ended.

    Args:
        spec: the buildspec.
        source: the working directory of every command.
        environment: the variables of every command, but for the one that says whether all went well so far.
        machine: where the commands run.
        begins: called with the name of a phase before it.
    """
    done: list[Phase] = []
    for name in PHASES:
        if name not in spec["phases"] or not _goes_on(name, done):
            continue
        begins(name)
        succeeding = {"CODEBUILD_BUILD_SUCCEEDING": "1" if Build(tuple(done)).succeeded else "0"}
        done.append(_run_phase(name, spec["phases"][name], source, {**environment, **succeeding}, machine))
        yield done[-1]


def _goes_on(name: str, done: list[Phase]) -> bool:
    """After a failed build only `post_build` runs; after a failed `install` or `pre_build` nothing does."""
    failed = [phase.name for phase in done if phase.code]
    return not failed or (name == "post_build" and failed == ["build"])


def _run_phase(
    name: str, phase: Mapping[str, Any], source: Path, environment: Mapping[str, str], machine: Machine
) -> Phase:
    code, output = 0, ""
    for command in phase.get("commands", ()):
        code, printed = machine.shell(command, source, environment)
        output += f"$ {command}\n{printed}"
        if code:
            break
    for command in phase.get("finally", ()):
        output += f"$ {command}\n{machine.shell(command, source, environment)[1]}"
    return Phase(name, code, output)
