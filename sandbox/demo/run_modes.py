"""How the demo runs erp_build: as a program of this machine, or by the buildspec in one of the runner images."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import erp_build_process
from sandbox.codebuild import build_container, buildspec
from sandbox.sample.erp_repository import VALUES
from sandbox.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Run:
    """A run that ended: its exit code, its report (empty: none), and the values file as it left it."""

    code: int
    report: dict[str, Any]
    values: bytes


RunMode = Callable[[Tenant, Path, Path], Run]
"""Takes whose ERP it is, the repository at the commit to deploy, and where the report has to be afterwards.

Either way the run has the rights of the tenant's build role, and no others.
"""


def on_this_machine(helm: int = 3) -> RunMode:
    """`python -m erp_build run` in the developers' repository, with this machine's Python and this Helm."""

    def run(erp: Tenant, repository: Path, report: Path) -> Run:
        words = ("run", "--repo", str(repository), "--report", str(report))
        done = erp_build_process.run(
            *words, env=erp_build_process.environment(helm, role_of=erp), report=report, loud=True
        )
        print(done.stdout)
        return Run(done.code, done.report, (repository / VALUES).read_bytes())

    return run


def in_a_build_container(*, engine: bool) -> RunMode:
    """The repository's buildspec, in a build container, on a source as CodePipeline's full clone hands it over.

    The artifacts are put beside the report, into a folder with its name.

    Args:
        engine: in the runner image, with an engine of the container's own; otherwise in the slim image, without any.
    """
    started = build_container.started if engine else build_container.started_without_engine

    def run(erp: Tenant, repository: Path, report: Path) -> Run:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True)
        commit, artifacts = head.stdout.strip(), report.with_suffix("")
        source = buildspec.full_clone(repository, commit, report.parent / "source")
        try:
            with started(source, loud=True) as machine:
                build = buildspec.run_buildspec(source, commit, build_container.variables(erp), machine)
            erp_build_process.SAID.append(build.output)
            shutil.copytree(source / "erp-build-report", artifacts, dirs_exist_ok=True)
            shutil.copy(artifacts / "report.json", report)
            found = json.loads(report.read_text(encoding="utf-8"))
            return Run(build.phases[-1].code, found, (source / VALUES).read_bytes())
        finally:
            shutil.rmtree(source)

    return run
