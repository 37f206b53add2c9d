"""Runs erp_build as its users do: as a program of its own, with an environment that knows nothing but the sandbox."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sandbox.aws.environment import aws_environment
from sandbox.cluster import go_binaries
from sandbox.paths import DOCKER_SOCKET, ROOT
from sandbox.tenants.roles import role_credentials
from sandbox.tenants.tenant import Tenant

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
        helm: 3 or 4, which is first in the path; 0: neither, for what needs no Helm.
        extra: what is added.
        role_of: the tenant whose build role calls, as in CodeBuild; None: the root of the account.
    """
    programs = {3: go_binaries.helm3, 4: go_binaries.helm4}
    first = f"{programs[helm]().parent}:" if helm else ""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = f"{first}{Path(sys.executable).parent}:{kept['PATH']}"
    role = role_credentials(role_of) if role_of else {}
    docker = os.environ.get("SANDBOX_DOCKER_HOST", f"unix://{DOCKER_SOCKET}")
    return {**kept, "PATH": path, "DOCKER_HOST": docker, **aws_environment(), **role, **(extra or {})}


SAID: list[str] = []
"""Everything that runs have printed and written beside their reports, for whoever looks for secrets in it."""

WRITTEN = {".json", ".xml", ".sarif", ".md", ".html", ".txt", ".log"}
"""Endings of what a run writes for people and tools."""


class Started:
    """An erp_build that goes on while its caller does something else.

    Args:
        words: its arguments.
        env: its whole environment.
        report: where the arguments make it write its report.
        loud: let its progress be seen while it runs.
        module: what is run in its place, with the same arguments at the end.
    """

    def __init__(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        report: Path | None = None,
        *,
        loud: bool = False,
        module: Sequence[str] = ("erp_build",),
    ) -> None:
        if report:
            report.unlink(missing_ok=True)
        self._report = report
        self._child = subprocess.Popen(
            [sys.executable, "-m", *module, *words],
            cwd=ROOT,
            env=dict(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self._lines: list[str] = []
        self._printed: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(self._child.stderr, self._lines, loud), daemon=True),
            threading.Thread(target=self._read, args=(self._child.stdout, self._printed, False), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def until(self, text: str, seconds: float = 120) -> None:
        """Wait until it has said something; `AssertionError` when it ends, or the time does, before."""
        deadline = time.monotonic() + seconds
        while text not in "".join(tuple(self._lines)):
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"it never said {text!r}:\n{''.join(tuple(self._lines))}")
            time.sleep(0.05)

    def until_stopped(self, seconds: float = 300) -> None:
        """Wait until the program is stopped by SIGSTOP; `AssertionError` when it ends, or the time does, before."""
        deadline = time.monotonic() + seconds
        status = Path(f"/proc/{self._child.pid}/stat")
        while self._child.poll() is not None or status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "T":
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"it was never stopped:\n{''.join(tuple(self._lines))}")
            time.sleep(0.05)

    def go_on(self) -> None:
        """Let a stopped program go on."""
        self._child.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the program by KILL: it puts nothing away."""
        self._child.kill()

    @property
    def said(self) -> str:
        """Its progress so far."""
        return "".join(tuple(self._lines))

    def finish(self, seconds: float | None = None) -> Finished:
        """Wait for its end."""
        self._child.wait(seconds)
        for reader in self._readers:
            reader.join(5)
        report = self._report
        found = json.loads(report.read_text(encoding="utf-8")) if report and report.exists() else {}
        done = Finished(self._child.returncode, "".join(self._printed), "".join(self._lines), found)
        SAID.extend((done.stdout, done.stderr))
        if report:
            written = [path for path in report.parent.iterdir() if path.suffix in WRITTEN and path.is_file()]
            SAID.extend(path.read_text(encoding="utf-8", errors="replace") for path in written)
        return done

    @staticmethod
    def _read(stream: IO[str], lines: list[str], loud: bool) -> None:  # noqa: FBT001 - given to a thread
        for line in stream:
            lines.append(line)
            if loud:
                print(line, end="", file=sys.stderr, flush=True)


def run(*words: str, env: Mapping[str, str], report: Path | None = None, loud: bool = False) -> Finished:
    """Run `python -m erp_build` and wait for it; the arguments are those of `Started`."""
    return Started(words, env, report, loud=loud).finish()
