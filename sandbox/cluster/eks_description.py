"""How EKS describes the cluster, for the AWS endpoint to serve, and access to a cluster that somebody else runs."""

import base64
import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from sandbox.cluster.go_binaries import MINOR
from sandbox.cluster.paths import API_CERTIFICATES
from sandbox.endpoints import ACCOUNT, CLUSTER, REGION
from sandbox.errors import SandboxError
from sandbox.machine.private_file import write_private
from sandbox.paths import ADMIN_KUBECONFIG, STATE

DESCRIPTION = STATE / "eks" / f"{CLUSTER}.json"
"""The answer to DescribeCluster."""
FOREIGN = "SANDBOX_KUBECONFIG"
"""The variable that names the kubeconfig of a cluster to use instead of our own."""


def authority() -> bytes:
    """The certificate of the authority that signed the API server's, in PEM."""
    blocks = re.findall(
        rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", API_CERTIFICATES.read_bytes(), re.DOTALL
    )
    return bytes(blocks[-1])


def describe(endpoint: str, certificate: bytes) -> None:
    """Write what DescribeCluster answers."""
    arn = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"
    cluster = {
        "name": CLUSTER,
        "arn": arn,
        "createdAt": datetime.now(UTC).timestamp(),
        "version": MINOR,
        "endpoint": endpoint,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/{CLUSTER}-cluster-role",
        "status": "ACTIVE",
        "certificateAuthority": {"data": base64.b64encode(certificate).decode("ascii")},
        "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"},
        "platformVersion": "eks.1",
        "tags": {},
    }
    write_private(DESCRIPTION, json.dumps({"cluster": cluster}, indent=1))


def foreign() -> Path | None:
    """The kubeconfig of a cluster that somebody else runs, when the environment names one."""
    return Path(os.environ[FOREIGN]) if os.environ.get(FOREIGN) else None


def adopt(kubeconfig: Path) -> None:
    """Make another cluster's current context the administrator's access, and describe that cluster."""
    try:
        document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        context = _named(document["contexts"], document["current-context"])
        cluster = _named(document["clusters"], context["context"]["cluster"])
        user = _named(document["users"], context["context"]["user"])
        certificate = _certificate(cluster["cluster"], kubeconfig.parent)
    except (OSError, KeyError, TypeError, StopIteration) as error:
        raise SandboxError(f"{FOREIGN}={kubeconfig} has no usable current context: {error!r}") from error
    cluster["cluster"].pop("certificate-authority", None)
    cluster["cluster"]["certificate-authority-data"] = base64.b64encode(certificate).decode("ascii")
    whole = {**document, "clusters": [cluster], "users": [user], "contexts": [context]}
    write_private(ADMIN_KUBECONFIG, json.dumps(whole, indent=1, default=str))
    describe(cluster["cluster"]["server"], certificate)


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)


def _certificate(cluster: Mapping[str, str], folder: Path) -> bytes:
    if "certificate-authority-data" in cluster:
        return base64.b64decode(cluster["certificate-authority-data"])
    return (folder / cluster["certificate-authority"]).read_bytes()
