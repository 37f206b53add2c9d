"""Where the cluster keeps what it makes; all of it below the state folder of the sandbox."""

import os
from pathlib import Path

from sandbox.layout import STATE

HOME = STATE / "cluster"
PKI = HOME / "pki"
API_CERTIFICATES = PKI / "api" / "apiserver.crt"
"""What the API server shows, made by itself: its certificate, then the authority that signed it."""
KUBELET_CLIENT = PKI / "kubelet-client.crt"
"""What the API server shows to the kubelet when somebody reads the log of a pod."""
VOLUME_PLUGINS = HOME / "volume-plugins"
"""Empty; without it two programs would make the folder below /usr."""
MACHINE_BEFORE = HOME / "machine-before.json"
"""How the machine was before the first pod."""

NODE = "localhost"
"""The name of the node; the API server reaches the kubelet under it, so it has to resolve without a DNS server."""
NETWORK = "erp-sandbox"
BRIDGE = "erpsandbox0"
PODS = "10.244.0.0/24"
NODE_ADDRESS = "10.244.0.1"
"""The machine's end of the bridge: an address that it also has without any network, as a node must."""


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
