"""Where the sandbox keeps what it makes, and the names and addresses that its parts share."""

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

ACCOUNT = "123456789012"
REGION = "ap-northeast-2"
CLUSTER = "erp-dev"
REGISTRY_ADDRESS = "127.77.0.1"
REGISTRY_HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"

MINISTACK_PORT = 4566
LANES = range(8)
"""Ways into AWS that know nothing of each other's faults, scans and calls: tests that run at once take one each."""
LANE = int(os.environ.get("ERP_BUILD_SANDBOX_LANE", "0"))
AWS_PORTS = tuple(4600 + lane for lane in LANES)
AWS_PORT = AWS_PORTS[LANE]
"""The fault proxy, which is what a run sees as AWS, in the lane of this process."""
API_SERVER_PORT = 16443
SIGN_IN_PORT = 4610
SIGN_IN_ADDRESS = f"http://127.0.0.1:{SIGN_IN_PORT}"

AWS_ENDPOINT = f"http://127.0.0.1:{AWS_PORT}"
DOCKER_SOCKET = STATE / "docker.sock"
CONTAINERD_SOCKET = STATE / "containerd.sock"
ADMIN_KUBECONFIG = STATE / "admin.kubeconfig"
"""The test's own access to the cluster; a run signs in as EKS users do."""


def in_lane(name: str) -> str:
    """A tenant's name that no other lane uses."""
    return f"{name}{LANE or ''}"


def aws_environment() -> dict[str, str]:
    """The variables that point an AWS client at the sandbox and nowhere else."""
    return {
        "AWS_ENDPOINT_URL": AWS_ENDPOINT,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
