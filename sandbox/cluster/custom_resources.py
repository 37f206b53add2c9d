"""The kinds that the chart uses and Kubernetes does not have, as definitions that take any content.

No controller acts on them: an ExternalSecret makes no Secret, and a TargetGroupBinding registers no target
(`Faults.targets` says which a group has). Whoever signs in with the build role is in `system:masters`, so no further
rights are needed, and the chart's own release makes its namespace.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from sandbox.cluster import admin_client
from sandbox.component import Component
from sandbox.errors import SandboxError


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource; `plural` is its name in addresses, and of its versions the last one is what is stored."""

    name: str
    plural: str
    group: str
    versions: tuple[str, ...] = ("v1beta1",)
    scope: str = "Namespaced"

    @property
    def full_name(self) -> str:
        """The name of the definition."""
        return f"{self.plural}.{self.group}"


_SECRETS, _BOTH = "external-secrets.io", ("v1beta1", "v1")
KINDS = (
    Kind("ExternalSecret", "externalsecrets", _SECRETS, _BOTH),
    Kind("SecretStore", "secretstores", _SECRETS, _BOTH),
    Kind("ClusterSecretStore", "clustersecretstores", _SECRETS, _BOTH, scope="Cluster"),
    Kind("TargetGroupBinding", "targetgroupbindings", "elbv2.k8s.aws"),
)


class CustomResources:
    """The definitions in the cluster; they go when it goes, and `down` removes them from one that stays."""

    name = "custom-resources"

    def is_up(self) -> bool:
        """Whether the cluster serves every kind."""
        try:
            return {kind.full_name for kind in KINDS} <= _served()
        except (SandboxError, ApiException, urllib3.exceptions.HTTPError):
            return False

    def up(self) -> None:
        """Define what is missing and return when the cluster serves it."""
        defined = _defined()
        for kind in KINDS:
            if kind.full_name not in defined:
                _api().create_custom_resource_definition(_definition(kind), _request_timeout=admin_client.TIMEOUT)
        _wait(self.is_up, "serve the kinds of the chart")

    def down(self) -> None:
        """Remove the definitions, where a cluster answers."""
        if not admin_client.node_is_ready():
            return
        for kind in KINDS:
            try:
                _api().delete_custom_resource_definition(kind.full_name, _request_timeout=admin_client.TIMEOUT)
            except ApiException as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
        _wait(lambda: not _defined(), "let go of the kinds of the chart")


CUSTOM_RESOURCES: Component = CustomResources()


def _api() -> Any:
    return client.ApiextensionsV1Api(admin_client.connect())


def _served() -> set[str]:
    return {
        name
        for name, definition in _defined().items()
        for state in definition.status.conditions or []
        if state.type == "Established" and state.status == "True"
    }


def _defined() -> dict[str, Any]:
    names = {kind.full_name for kind in KINDS}
    found = _api().list_custom_resource_definition(_request_timeout=admin_client.TIMEOUT).items
    return {definition.metadata.name: definition for definition in found if definition.metadata.name in names}


def _wait(done: Callable[[], bool], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise SandboxError(f"the cluster does not {what} within {seconds:.0f} s; it knows {sorted(_defined())}")
        time.sleep(0.1)


def _definition(kind: Kind) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    versions = [
        {
            "name": version,
            "served": True,
            "storage": version == kind.versions[-1],
            "schema": {"openAPIV3Schema": schema},
            "subresources": {"status": {}},
        }
        for version in kind.versions
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.full_name},
        "spec": {
            "group": kind.group,
            "scope": kind.scope,
            "names": {"kind": kind.name, "plural": kind.plural, "singular": kind.name.lower()},
            "versions": versions,
        },
    }
