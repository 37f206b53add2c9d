"""The tests' own view of the cluster, with the administrator's access and not through the program under test."""

import re
import time
from collections.abc import Mapping
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
CLUSTER_WIDE = (
    ("external-secrets.io", "v1", "clustersecretstores"),
    ("rbac.authorization.k8s.io", "v1", "clusterroles"),
    ("rbac.authorization.k8s.io", "v1", "clusterrolebindings"),
)
"""Group, version and name of the kinds without a namespace that charts have."""


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
    apply_access(ACCESS.read_text(encoding="utf-8"), namespace)


def apply_access(text: str, namespace: str) -> None:
    """Make or replace what a file gives: namespaces, and what RBAC has.

    Args:
        text: of the file, as YAML.
        namespace: of what names none itself.
    """
    api = client.RbacAuthorizationV1Api(connect())
    for document in yaml.safe_load_all(text):
        name, kind = document["metadata"]["name"], document["kind"]
        if kind == "Namespace":
            if not has_namespace(name):
                _core().create_namespace(document, _request_timeout=TIMEOUT)
            continue
        words = "_".join(re.findall("[A-Z][a-z]+", kind)).lower()
        place = [] if kind.startswith("Cluster") else [document["metadata"].get("namespace", namespace)]
        call = f"namespaced_{words}" if place else words
        try:
            getattr(api, f"create_{call}")(*place, document, _request_timeout=TIMEOUT)
        except ApiException as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            getattr(api, f"replace_{call}")(name, *place, document, _request_timeout=TIMEOUT)


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
    """Delete what releases of this namespace have outside of it: cluster-wide objects, and namespaces of their own.

    The rights that `erp-build doctor` wrote for them go as well; their names begin as `of_runs` says.
    """
    of_runs = f"erp-build-{namespace}-"
    objects = client.CustomObjectsApi(connect())
    for group, version, plural in CLUSTER_WIDE:
        kind = (group, version, plural)
        listed: Any = objects.list_cluster_custom_object(*kind, _request_timeout=TIMEOUT)
        for about in (item["metadata"] for item in listed["items"]):
            if _release_namespace(about.get("annotations")) == namespace or about["name"].startswith(of_runs):
                objects.delete_cluster_custom_object(*kind, about["name"], _request_timeout=TIMEOUT)
    for item in _core().list_namespace(_request_timeout=TIMEOUT).items:
        if _release_namespace(item.metadata.annotations) == namespace:
            delete_namespace(item.metadata.name)


def _release_namespace(annotations: Mapping[str, str] | None) -> str | None:
    """The namespace of the release that an object is part of, as Helm notes it."""
    return (annotations or {}).get("meta.helm.sh/release-namespace")


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
