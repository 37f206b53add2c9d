"""The tests' own view of the cluster, with the administrator's access and not through the program under test."""

import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from sandbox.errors import SandboxError
from sandbox.paths import ADMIN_KUBECONFIG, ROOT

ACCESS = ROOT / "infra" / "access.yaml"
TIMEOUT = (3, 10)
"""Seconds to connect and to read; the client itself would wait for ever."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as it runs: `images` are the references asked for, `image_ids` what the node pulled (`name@sha256:...`)."""

    name: str
    phase: str
    ready: bool
    terminating: bool
    images: tuple[str, ...]
    image_ids: tuple[str, ...]


def connect() -> Any:
    """A client (`kubernetes.client.ApiClient`) with all rights; raises `SandboxError` when there is no cluster."""
    if not ADMIN_KUBECONFIG.exists():
        raise SandboxError("there is no cluster: run `python -m sandbox up`")
    configuration = client.Configuration()
    load: Any = config.load_kube_config  # has no types
    load(config_file=str(ADMIN_KUBECONFIG), client_configuration=configuration)
    configuration.retries = False  # a cluster on this machine either answers or is not there
    return client.ApiClient(configuration)


def node_is_ready() -> bool:
    """Whether a node reports that it takes pods."""
    try:
        nodes = _core().list_node(_request_timeout=TIMEOUT).items
    except (SandboxError, ApiException, urllib3.exceptions.HTTPError):
        return False
    states = [state for node in nodes for state in node.status.conditions or []]
    return any(state.type == "Ready" and state.status == "True" for state in states)


def is_there() -> bool:
    """Whether the sandbox has a cluster now."""
    return ADMIN_KUBECONFIG.exists() and node_is_ready()


def has_namespace(name: str) -> bool:
    """Whether a namespace is there."""
    return _exists(_core(), name)


def create_namespace(name: str) -> None:
    """Create a namespace and return when pods can be made in it (its service account is there)."""
    core = _core()
    core.create_namespace({"metadata": {"name": name}}, _request_timeout=TIMEOUT)
    deadline = time.monotonic() + 20
    while not core.list_namespaced_service_account(name, _request_timeout=TIMEOUT).items:
        if time.monotonic() > deadline:
            raise SandboxError(f"namespace {name} got no service account: see the log of kube-controller-manager")
        time.sleep(0.05)


def give_access(namespace: str) -> None:
    """Let runs into a namespace: what `kubectl apply --namespace ... --filename infra/access.yaml` does."""
    api = client.RbacAuthorizationV1Api(connect())
    for document in yaml.safe_load_all(ACCESS.read_text(encoding="utf-8")):
        kind = "_".join(re.findall("[A-Z][a-z]+", document["kind"])).lower()
        name, place = document["metadata"]["name"], [namespace]
        kind, place = (kind, []) if kind.startswith("cluster") else (f"namespaced_{kind}", place)
        try:
            getattr(api, f"create_{kind}")(*place, document, _request_timeout=TIMEOUT)
        except ApiException as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            getattr(api, f"replace_{kind}")(name, *place, document, _request_timeout=TIMEOUT)


def delete_namespace(name: str, *, wait: bool = True, seconds: float = 60) -> None:
    """Delete a namespace with all that is in it; its pods get one second to end. A missing one is no error."""
    core = _core()
    try:
        core.delete_namespace(name, _request_timeout=TIMEOUT)
        core.delete_collection_namespaced_pod(name, grace_period_seconds=1, _request_timeout=TIMEOUT)
    except ApiException as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
    deadline = time.monotonic() + seconds
    while wait and _exists(core, name):
        if time.monotonic() > deadline:
            raise SandboxError(f"namespace {name} is still there after {seconds:.0f} s")
        time.sleep(0.1)


def delete_cluster_objects(namespace: str) -> None:
    """Delete what a chart in this namespace leaves outside of it: its ClusterSecretStore."""
    objects = client.CustomObjectsApi(connect())
    try:
        objects.delete_cluster_custom_object(
            "external-secrets.io", "v1beta1", "clustersecretstores", f"aws-secrets-manager-{namespace}"
        )
    except ApiException as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


def pods(namespace: str, selector: str = "") -> list[Pod]:
    """The pods of a namespace, those that are ending included."""
    found = _core().list_namespaced_pod(namespace, label_selector=selector, _request_timeout=TIMEOUT)
    return [_pod(item) for item in found.items]


def _core() -> Any:
    return client.CoreV1Api(connect())


def _pod(item: Any) -> Pod:
    statuses = item.status.container_statuses or []
    return Pod(
        name=item.metadata.name,
        phase=item.status.phase,
        ready=bool(statuses) and all(status.ready for status in statuses),
        terminating=item.metadata.deletion_timestamp is not None,
        images=tuple(container.image for container in item.spec.containers),
        image_ids=tuple(status.image_id for status in statuses),
    )


def _exists(core: Any, namespace: str) -> bool:
    try:
        core.read_namespace(namespace, _request_timeout=TIMEOUT)
    except ApiException as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return False
    return True
