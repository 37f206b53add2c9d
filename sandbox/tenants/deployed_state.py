"""What is really there, read with other means than the program's own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client as kubernetes

from sandbox.aws.client import client
from sandbox.cluster import admin_client
from sandbox.tenants.tenant import Tenant

ALIAS = "live"
"""The alias of the sample's function, by which it is called."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A Deployment: the image it asks for, and the digests that its pods really run, one per pod."""

    image: str
    digests: tuple[str, ...]

    @property
    def repository(self) -> str:
        """The repository that it asks for, with its host."""
        return self.image.partition("@")[0].rpartition(":")[0]

    @property
    def tag(self) -> str:
        """The tag that it asks for."""
        return self.image.partition("@")[0].rpartition(":")[2]

    @property
    def pinned(self) -> str:
        """The digest that it asks for; empty: it asks for a tag alone."""
        return self.image.partition("@")[2]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a deployment may move."""

    function: str
    deployments: dict[str, Deployed]
    revision: int
    latest: dict[str, str]
    values: bytes


def snapshot(tenant: Tenant, repository: Path) -> Snapshot:
    """Read everything now."""
    return Snapshot(
        function=function_digest(tenant),
        deployments=deployments(tenant),
        revision=release_revision(tenant),
        latest=latest_digests(tenant),
        values=(repository / "helm-chart" / "values-dev.yaml").read_bytes(),
    )


def function_digest(tenant: Tenant) -> str:
    """The digest that callers of the tenant's function get; its own before the first deployment made the alias."""
    aws = client("lambda")
    try:
        answer = aws.get_function(FunctionName=tenant.function, Qualifier=ALIAS)
    except aws.exceptions.ResourceNotFoundException:
        answer = aws.get_function(FunctionName=tenant.function)
    return str(answer["Code"].get("ResolvedImageUri", "")).partition("@")[2]


def invoke_function(tenant: Tenant, tries: int = 3) -> dict[str, Any]:
    """Invoke the tenant's function and return its answer; a cold start may need more time than the function has."""
    answer = client("lambda").invoke(
        FunctionName=tenant.function, Qualifier=ALIAS, Payload=json.dumps({"employeeId": "1002"})
    )
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" not in answer:
        return dict(payload)
    if tries > 1 and payload.get("errorType") == "Runtime.ExitError":
        return invoke_function(tenant, tries - 1)
    raise AssertionError(f"the function failed: {payload}")


def deployments(tenant: Tenant) -> dict[str, Deployed]:
    """The Deployments of the tenant's namespace by name; pods that are ending do not count."""
    apps: Any = kubernetes.AppsV1Api(admin_client.connect())
    pods = [pod for pod in admin_client.pods(tenant.namespace) if not pod.terminating]
    found = {}
    for item in apps.list_namespaced_deployment(tenant.namespace, _request_timeout=admin_client.TIMEOUT).items:
        image = item.spec.template.spec.containers[0].image
        own = [pod for pod in pods if pod.name.startswith(f"{item.metadata.name}-")]
        digests = (pod.image_ids[0].partition("@")[2] if pod.image_ids else "" for pod in own)
        found[item.metadata.name] = Deployed(image, tuple(sorted(digests)))
    return found


def release_revision(tenant: Tenant) -> int:
    """The newest revision of the tenant's release, from the Secrets in which Helm keeps them; 0 before the first."""
    core: Any = kubernetes.CoreV1Api(admin_client.connect())
    secrets = core.list_namespaced_secret(
        tenant.namespace, label_selector=f"owner=helm,name={tenant.release}", _request_timeout=admin_client.TIMEOUT
    )
    return max((int(item.metadata.labels["version"]) for item in secrets.items), default=0)


def latest_digests(tenant: Tenant) -> dict[str, str]:
    """Repository -> digest of `latest`, for those that have one."""
    ecr, found = client("ecr"), {}
    for repository in tenant.repositories:
        answer = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "latest"}])
        for image in answer["images"]:
            found[repository] = image["imageId"]["imageDigest"]
    return found
