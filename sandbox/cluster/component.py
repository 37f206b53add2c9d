"""Kubernetes on this machine, described and signed in to as EKS is.

There are etcd, API server, controller manager, scheduler, containerd and one kubelet; pods run, are probed, pull from
the registry by digest and are reached at their own addresses. There is no kube-proxy (service addresses lead nowhere,
endpoints are right), no name server for pods, no way out of the pod network, no metrics (an autoscaler shows
`<unknown>`) and no persistent volumes. IP forwarding, which the bridge turns on, stays on after `down`.

`SANDBOX_KUBECONFIG` names the kubeconfig of a cluster to use instead, for instance of kind. Such a cluster does not
know EKS tokens: its own credentials stand in the kubeconfig, and what signs in as EKS users do cannot be tested there.
"""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.cluster import admin_client, control_plane, eks_description, go_binaries
from sandbox.cluster.node import cleanup, containerd, kubelet
from sandbox.cluster.sign_in.component import SIGN_IN
from sandbox.component import Component
from sandbox.errors import SandboxError
from sandbox.machine import processes
from sandbox.paths import ADMIN_KUBECONFIG

_PROGRAMS = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "etcd": "etcd-server",
    "openssl": "openssl",
    "ip": "iproute2",
}
"""What has to be on the machine, and Debian's package of it."""


class Cluster:
    """The one-node cluster, or the one that `SANDBOX_KUBECONFIG` names."""

    name = "cluster"

    def is_up(self) -> bool:
        """Whether the API server answers and its node takes pods."""
        if not eks_description.DESCRIPTION.exists():
            return False
        return (eks_description.foreign() is not None or kubelet.answers()) and admin_client.node_is_ready()

    def up(self) -> None:
        """Put the cluster up and return when the node is ready."""
        foreign = eks_description.foreign()
        if foreign is not None:
            eks_description.adopt(foreign)
            if not admin_client.node_is_ready():
                raise SandboxError(f"the cluster of {eks_description.FOREIGN}={foreign} has no node that is ready")
            return
        _check_machine()
        programs = go_binaries.kubernetes()
        cleanup.remember_machine()
        SIGN_IN.up()
        _timed("API server", lambda: control_plane.start(programs))
        eks_description.describe(control_plane.ENDPOINT, eks_description.authority())
        control_plane.start_controllers(programs)
        _timed("containerd", containerd.start)
        _timed("node", lambda: _start_node(programs))

    def down(self) -> None:
        """End pods and processes and take away what the node left on the machine; another's cluster is only let go."""
        kubelet.stop()
        control_plane.stop()
        sockets = cleanup.end_containers()
        containerd.stop()
        SIGN_IN.down()
        cleanup.remove_all(sockets)
        ADMIN_KUBECONFIG.unlink(missing_ok=True)
        eks_description.DESCRIPTION.unlink(missing_ok=True)


KUBERNETES: Component = Cluster()


def _check_machine() -> None:
    if os.geteuid() != 0:
        raise SandboxError(f"a kubelet needs root: run as root, or name another cluster in {eks_description.FOREIGN}")
    missing = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        raise SandboxError(f"programs of the node are missing: run `apt-get install --yes {' '.join(sorted(missing))}`")


def _start_node(programs: Path) -> None:
    kubelet.start(programs)
    processes.wait_until(lambda: kubelet.answers() and admin_client.node_is_ready(), kubelet.NAME)


def _timed(what: str, work: Callable[[], None]) -> None:
    started = time.monotonic()
    work()
    print(f"  {what}: {time.monotonic() - started:.1f} s", flush=True)
