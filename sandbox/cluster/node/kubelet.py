"""The kubelet of the one node."""

import json
import sys
import urllib.request
from http import HTTPStatus
from pathlib import Path

from sandbox.cluster.network import NODE, NODE_ADDRESS
from sandbox.cluster.node import cgroups
from sandbox.cluster.paths import HOME, KUBELET_CLIENT, VOLUME_PLUGINS
from sandbox.endpoints import REGION
from sandbox.machine import processes
from sandbox.machine.private_file import write_private
from sandbox.paths import ADMIN_KUBECONFIG, CONTAINERD_SOCKET, ROOT

NAME = "kubelet"
_HEALTH_PORT = 11248
_PROVIDERS = HOME / "credential-providers"
_PROVIDER = "ecr-credential-provider"
_LABELS = {"topology.kubernetes.io/zone": f"{REGION}a", "eks.amazonaws.com/nodegroup": "erp-dev-kafka"}
"""What EKS writes on a node; the group is the one that the chart of `examples/as-is` selects."""


def start(programs: Path) -> None:
    """Start the kubelet; `programs` is the folder of the binaries."""
    configuration = HOME / "kubelet.json"
    providers = HOME / "credential-providers.json"
    cgroups.create()
    _write_provider(providers)
    write_private(configuration, json.dumps(_configuration(), indent=1))
    argv: list[str | Path] = [
        programs / "kubelet",
        f"--config={configuration}",
        f"--kubeconfig={ADMIN_KUBECONFIG}",
        f"--hostname-override={NODE}",
        f"--node-ip={NODE_ADDRESS}",
        f"--node-labels={','.join(f'{name}={value}' for name, value in _LABELS.items())}",
        f"--root-dir={HOME / 'kubelet'}",
        f"--cert-dir={HOME / 'kubelet-certificates'}",
        f"--image-credential-provider-config={providers}",
        f"--image-credential-provider-bin-dir={_PROVIDERS}",
    ]
    processes.start(NAME, argv)


def answers() -> bool:
    """Whether the kubelet says that it is healthy; the API server would call a dead one ready for another while."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{_HEALTH_PORT}/healthz", timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def stop() -> None:
    """End the kubelet; the pods stay."""
    processes.stop(NAME)


def _configuration() -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "port": 11250,
        "readOnlyPort": 0,
        "healthzPort": _HEALTH_PORT,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(KUBELET_CLIENT)},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroups.ROOT}",
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        # Nobody answers there, and pods have no route to it: a look-up fails at once. Unset, each pod draws a warning.
        "clusterDNS": ["10.96.0.10"],
        "clusterDomain": "cluster.local",
        # What the kubelet would otherwise leave outside the state folder.
        "podLogsDir": str(HOME / "pod-logs"),
        "volumePluginDir": str(VOLUME_PLUGINS),
        "makeIPTablesUtilChains": False,
        # A developer's disk may be fuller than a node's; nothing is evicted and no image collected because of that.
        "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%", "memory.available": "50Mi"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "serializeImagePulls": False,
        "registryPullQPS": 0,
    }


def _write_provider(providers: Path) -> None:
    program = _PROVIDERS / _PROVIDER
    program.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f"#!{sys.executable} -IS",  # without packages, which take longer to find than the program takes
        "import sys",
        f"sys.path.insert(0, {str(ROOT)!r})",
        "from sandbox.cluster.node.ecr_credential_provider import main",
        "main()",
    ]
    program.write_text("\n".join([*lines, ""]), encoding="utf-8")
    program.chmod(0o755)
    provider = {
        "name": _PROVIDER,
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "matchImages": ["*.dkr.ecr.*.amazonaws.com"],
        "defaultCacheDuration": "0s",
    }
    document = {
        "apiVersion": "kubelet.config.k8s.io/v1",
        "kind": "CredentialProviderConfig",
        "providers": [provider],
    }
    providers.write_text(json.dumps(document, indent=1), encoding="utf-8")
