"""The deployed ERP with two contents of each half, and ways to let a run of it go wrong."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import erp_build_process
from sandbox.aws.fault_proxy.client import Faults
from sandbox.cluster import go_binaries
from sandbox.paths import ADMIN_KUBECONFIG
from sandbox.sample import erp_commits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world.conftest import Erp

SERVICE, EMPLOYEE = "notification-service", "employee-service"
REQUEST, PROCESSING = "approval-request-service", "approval-processing-service"

PENDING = """\
#!/bin/sh
# Helm, which stops the upgrade while its revision is pending.
case " $* " in
  *" --dry-run"*) ;;
  *" upgrade "*)
    shift
    {helm} upgrade --wait "$@" &
    helm=$!
    look="{helm} history {release} --namespace {namespace} --kubeconfig {kubeconfig}"
    until $look 2>/dev/null | tail -n 1 | grep -q pending-upgrade; do sleep 0.1; done
    {then};;
esac
exec {helm} "$@"
"""
KILLED, WAITING = "kill -9 $helm $PPID; exit 1", "echo 1 >{mark}; wait $helm; exit $?"
"""What then: Helm and the run that called it are killed; or it is marked, and Helm goes on."""


@dataclass
class Pair:
    """The ERP with two contents of each half whose images are all there: deploying any of them builds nothing."""

    erp: Erp

    def next(self, *names: str) -> str:
        """Commit the other content of both halves, or of some services; returns the commit."""
        return erp_commits.toggle(self.erp.repository, *(names or (SERVICE, EMPLOYEE)))

    def run(self, *words: str, env: dict[str, str] | None = None, config: str = "") -> erp_build_process.Finished:
        return self.erp.run(*words, env=env, config=config)

    def call(self, *words: str, helm: int = 3) -> erp_build_process.Finished:
        return self.erp.call(*words, helm=helm)

    def config(self, old: str, new: str) -> str:
        """The configuration with something else in it."""
        assert self.erp.config.count(old) == 1
        return self.erp.config.replace(old, new)


def updates() -> int:
    """How often Lambda was asked to change a function's code."""
    return sum(call["operation"] == "UpdateFunctionCode" for call in Faults().log())


def seconds_of(done: erp_build_process.Finished, *names: str) -> float:
    """What some stages took together."""
    return float(sum(stage["seconds"] for stage in done.report["stages"] if stage["name"] in names))


def with_helm(pair: Pair, helm: int, folder: Path, then: str) -> dict[str, str]:
    """An environment whose helm does something while the release is pending."""
    real = go_binaries.helm4() if helm == 4 else go_binaries.helm3()
    tenant = pair.erp.tenant
    names = {"helm": real, "release": tenant.release, "namespace": tenant.namespace, "kubeconfig": ADMIN_KUBECONFIG}
    program = folder / "helm"
    program.write_text(PENDING.format(**names, then=then.format(mark=folder / "mark")), encoding="utf-8")
    program.chmod(0o755)
    env = erp_build_process.environment(helm)
    return {**env, "PATH": f"{folder}:{env['PATH']}"}


def administrators_helm(*words: str, helm: int = 3) -> str:
    """What Helm prints to somebody who may do everything; what it learns of the cluster stays in the sandbox."""
    program = go_binaries.helm4() if helm == 4 else go_binaries.helm3()
    env = {**os.environ, "KUBECACHEDIR": str(ADMIN_KUBECONFIG.parent / "helm-cache")}
    argv = [str(program), *words, "--kubeconfig", str(ADMIN_KUBECONFIG)]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout


def drift(pair: Pair) -> dict[str, list[str]]:
    """Target -> its drift, of those that have some."""
    done = pair.call("status", "--json")
    assert done.code == 0, done.stderr
    return {one["name"]: one["drift"] for one in json.loads(done.stdout)["targets"] if one["drift"]}


def wait_for(wanted: object, read: Callable[[], object], seconds: float = 60, every: float = 0.5) -> None:
    """Wait until what is read is what is wanted; otherwise tell what was read last."""
    deadline = time.monotonic() + seconds
    while (seen := read()) != wanted:
        assert time.monotonic() < deadline, f"{seen} after {seconds:.0f} s, not {wanted}"
        time.sleep(every)


def wait_until(holds: Callable[[], bool], seconds: float = 60, every: float = 0.5) -> None:
    """Wait for what pods do; a look at them costs the processor that they start on, so that there are few."""
    wait_for(wanted=True, read=holds, seconds=seconds, every=every)
