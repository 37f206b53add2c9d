"""The second sample as it stands in an account: its database, what Terraform made of the account, and its pods."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kubernetes import client as kubernetes

from sandbox.aws.fault_proxy.client import Faults
from sandbox.cluster import admin_client
from sandbox.cluster.eks_description import DESCRIPTION
from sandbox.cluster.network import NODE_ADDRESS
from sandbox.sample import as_is_repository
from sandbox.sample.erp_repository import VALUES

PATIENCE = 5
"""Seconds after which a service whose database is away ends: less than it is watched."""

CHART = 'stable_without_probe = "15s"\ntimeout = "90s"\n'
"""How the configuration of these tests differs from the default: the pods are watched for a shorter time."""

PASSWORD = (as_is_repository.SOURCE / VALUES).read_text(encoding="utf-8").partition("erp_app:")[2].partition("@")[0]
"""Of the database, as the values file has it twice."""

MANY = 3
"""Pods that somebody else's autoscaler keeps."""


@contextmanager
def database() -> Iterator[str]:
    """Something that takes connections, at an address that pods reach; yields host and port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            """Take the connection; whoever made it only wants to know that somebody is there."""

    with socketserver.ThreadingTCPServer((NODE_ADDRESS, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{NODE_ADDRESS}:{server.server_address[1]}"
        server.shutdown()


def describe_account() -> None:
    """Let EKS describe a cluster that was made without access entries, in the lane of this process."""
    description = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    description["cluster"]["accessConfig"] = {"authenticationMode": "CONFIG_MAP"}
    Faults().script("DescribeCluster", [{"json": description}], then="sticky")


def scale(namespace: str, name: str, replicas: int) -> None:
    """Set a Deployment's number of pods past its release, as KEDA does where it begins at none."""
    apps: Any = kubernetes.AppsV1Api(admin_client.connect())
    apps.patch_namespaced_deployment_scale(
        name, namespace, {"spec": {"replicas": replicas}}, _request_timeout=admin_client.TIMEOUT
    )


@contextmanager
def foreign_autoscaler(namespace: str, name: str) -> Iterator[None]:
    """An autoscaler that is no part of the release, as KEDA makes one; it keeps `MANY` pods."""
    autoscaling: Any = kubernetes.AutoscalingV2Api(admin_client.connect())
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    body = {
        "metadata": {"name": f"keda-hpa-{name}", "labels": {"app.kubernetes.io/managed-by": "keda-operator"}},
        "spec": {
            "scaleTargetRef": target,
            "minReplicas": MANY,
            "maxReplicas": MANY,
            "metrics": [{"type": "Resource", "resource": cpu}],
        },
    }
    autoscaling.create_namespaced_horizontal_pod_autoscaler(namespace, body, _request_timeout=admin_client.TIMEOUT)
    try:
        yield
    finally:
        autoscaling.delete_namespaced_horizontal_pod_autoscaler(
            f"keda-hpa-{name}", namespace, _request_timeout=admin_client.TIMEOUT
        )
