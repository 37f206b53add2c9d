"""containerd, which runs the containers of the pods, and the bridge that their network is."""

import json
import subprocess
from pathlib import Path

from sandbox.cluster.network import BRIDGE, NETWORK, NODE_ADDRESS, PODS
from sandbox.cluster.node import pause_image
from sandbox.cluster.paths import HOME
from sandbox.endpoints import REGISTRY_HOST
from sandbox.machine import processes
from sandbox.paths import CONTAINERD_SOCKET

NAME = "containerd"
_NETWORKS = HOME / "cni"
_REGISTRIES = HOME / "registries"
_CONFIG = f"""\
version = 2
root = "{HOME}/containerd-root"
state = "{HOME}/containerd-state"
[grpc]
  address = "{CONTAINERD_SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{HOME}/containerd-opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause_image.IMAGE}"
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = true  # without CAP_SYS_RESOURCE runc could not lower the score and would give up
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{_NETWORKS}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "{HOME}/runc"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{_REGISTRIES}"
"""
# The registry front speaks plain HTTP on a loopback address; the credentials come from the kubelet with each pull.
_REGISTRY = f"""\
server = "http://{REGISTRY_HOST}"
[host."http://{REGISTRY_HOST}"]
  capabilities = ["pull", "resolve"]
"""


def start() -> None:
    """Start containerd with the pause image and return when it takes pods."""
    archive = pause_image.archive()
    _write_configuration()
    _make_bridge()
    processes.start(NAME, ["containerd", "--config", HOME / "containerd.toml"])
    processes.wait_until(_answers, NAME)
    if pause_image.IMAGE not in _ctr("images", "ls", "-q").split():
        _ctr("images", "import", str(archive))


def stop() -> None:
    """End containerd; containers outlive it, see `cleanup.end_containers`."""
    processes.stop(NAME)
    CONTAINERD_SOCKET.unlink(missing_ok=True)
    CONTAINERD_SOCKET.with_name(f"{CONTAINERD_SOCKET.name}.ttrpc").unlink(missing_ok=True)


def _write_configuration() -> None:
    registry = _REGISTRIES / REGISTRY_HOST
    for folder in (_NETWORKS, registry):
        folder.mkdir(parents=True, exist_ok=True)
    (HOME / "containerd.toml").write_text(_CONFIG, encoding="utf-8")
    (registry / "hosts.toml").write_text(_REGISTRY, encoding="utf-8")
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,  # the machine has an address on the bridge: the kubelet's probes come from there
        "ipMasq": False,  # pods have no business outside, and no route to there
        "ipam": {
            "type": "host-local",
            "dataDir": str(HOME / "addresses"),
            "ranges": [[{"subnet": PODS}]],
        },
    }
    network = {"cniVersion": "0.4.0", "name": NETWORK, "plugins": [bridge]}
    (_NETWORKS / "10-bridge.conflist").write_text(json.dumps(network, indent=1), encoding="utf-8")


def _make_bridge() -> None:
    """Make the bridge before the first pod would: the node's own address is on it."""
    if Path(f"/sys/class/net/{BRIDGE}").exists():
        return
    for words in (("link", "add", BRIDGE, "type", "bridge"), ("link", "set", BRIDGE, "up")):
        subprocess.run(["ip", *words], check=True, capture_output=True)
    address = f"{NODE_ADDRESS}/{PODS.split('/')[1]}"
    subprocess.run(["ip", "address", "add", address, "dev", BRIDGE], check=True, capture_output=True)


def _answers() -> bool:
    if not CONTAINERD_SOCKET.exists():
        return False
    probe = subprocess.run(_argv("version"), capture_output=True, check=False)
    return probe.returncode == 0


def kill_container(identifier: str) -> None:
    """Kill what a container runs, as the kernel does when memory is out; the kubelet starts it again.

    Args:
        identifier: as the status of its pod has it, `containerd://...`.
    """
    _ctr("tasks", "kill", "--signal", "SIGKILL", identifier.rpartition("/")[2])


def _ctr(*arguments: str) -> str:
    return subprocess.run(_argv(*arguments), check=True, capture_output=True, text=True).stdout


def _argv(*arguments: str) -> list[str]:
    return ["ctr", "--address", str(CONTAINERD_SOCKET), "--namespace", "k8s.io", *arguments]
