"""Runs erp_build as its users do: as a program of its own, with an environment that knows nothing but the sandbox."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.layout import DOCKER_SOCKET, aws_environment
from sandbox.parts import binaries
from sandbox.tenant import Tenant, role_credentials

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended, what it printed, and the report that it left (empty: none)."""

    code: int
    stdout: str
    stderr: str
    report: dict[str, Any]


def environment(helm: int = 3, extra: Mapping[str, str] | None = None, role_of: Tenant | None = None) -> dict[str, str]:
    """The variables of a run against the sandbox.

    Args:
        helm: 3 or 4, which is first in the path.
        extra: what is added.
        role_of: the tenant whose build role calls, as in CodeBuild; None: the root of the account.
    """
    program = binaries.helm4() if helm == 4 else binaries.helm3()  # noqa: PLR2004 - the version
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = f"{program.parent}:{Path(sys.executable).parent}:{kept['PATH']}"
    role = role_credentials(role_of) if role_of else {}
    docker = os.environ.get("SANDBOX_DOCKER_HOST", f"unix://{DOCKER_SOCKET}")
    return {**kept, "PATH": path, "DOCKER_HOST": docker, **aws_environment(), **role, **(extra or {})}


def erp_build(*words: str, env: Mapping[str, str], report: Path | None = None, loud: bool = False) -> Finished:
    """Run `python -m erp_build` and wait for it.

    Args:
        words: its arguments.
        env: its whole environment.
        report: where the arguments make it write its report.
        loud: let its progress be seen while it runs; `stderr` of the answer is empty then.
    """
    if report:
        report.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "erp_build", *words],
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=None if loud else subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    found = json.loads(report.read_text(encoding="utf-8")) if report and report.exists() else {}
    return Finished(done.returncode, done.stdout, done.stderr or "", found)
