"""Where the sandbox keeps what it makes."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The root of the project."""

OUT = ROOT / "sandbox" / "out"
"""Reports of the demo."""

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "erp-build-sandbox"
"""Built binaries and virtual environments, keyed by version; `down` leaves it."""

STATE = Path(os.environ.get("ERP_BUILD_SANDBOX_STATE", "/var/lib/erp-build-sandbox"))
"""Everything else: sockets, data, logs, pid files; `down` removes it."""

DOCKER_SOCKET = STATE / "docker.sock"
CONTAINERD_SOCKET = STATE / "containerd.sock"
ADMIN_KUBECONFIG = STATE / "admin.kubeconfig"
"""The test's own access to the cluster; a run signs in as EKS users do."""
