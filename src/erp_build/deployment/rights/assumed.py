"""The resources of kinds where no cluster can be asked: known for Kubernetes' own kinds, assumed for any other."""

from collections.abc import Iterable, Mapping
from typing import Any

from erp_build.model.releases.rights import Kind, Resource

CLUSTER_WIDE = frozenset({
    "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding",
    "ClusterTrustBundle", "ComponentStatus", "CustomResourceDefinition", "DeviceClass", "FlowSchema",
    "IPAddress", "IngressClass",
    "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node",
    "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass", "ServiceCIDR",
    "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
    "VolumeAttachment", "VolumeAttributesClass",
})  # fmt: skip
"""Kubernetes' own kinds that are in no namespace."""


def assumed_resources(kinds: Iterable[Kind], objects: Iterable[Mapping[str, Any]] = ()) -> dict[Kind, Resource]:
    """A resource for each kind: as a definition among the objects says, otherwise by the names of Kubernetes' own."""
    defined = dict(_defined(objects))
    return {kind: defined.get((kind.group, kind.name)) or _by_its_name(kind) for kind in kinds}


def is_own(kind: Kind) -> bool:
    """Whether Kubernetes itself serves the kind, so that its resource is known."""
    return "." not in kind.group or kind.group.endswith(".k8s.io")


def _by_its_name(kind: Kind) -> Resource:
    is_namespaced = kind.name not in CLUSTER_WIDE if is_own(kind) else not kind.name.startswith("Cluster")
    return Resource(_plural(kind.name.lower()), is_namespaced)


def _plural(word: str) -> str:
    """The plural, by the rule that every kind of Kubernetes follows but Endpoints, which is one."""
    if word == "endpoints":
        return word
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else f"{word}s"


def _defined(objects: Iterable[Mapping[str, Any]]) -> Iterable[tuple[tuple[str, str], Resource]]:
    for item in objects:
        spec = item.get("spec")
        if item.get("kind") != "CustomResourceDefinition" or not isinstance(spec, Mapping):
            continue
        names = spec.get("names") or {}
        if names.get("kind") and names.get("plural"):
            group, kind = str(spec.get("group", "")), str(names["kind"])
            yield (group, kind), Resource(str(names["plural"]), spec.get("scope") != "Cluster")
