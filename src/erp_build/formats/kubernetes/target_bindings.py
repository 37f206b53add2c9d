"""Which TargetGroupBindings are those of a release: what its manifest has, and what names one of its Services.

The AWS Load Balancer Controller makes bindings for an Ingress and for a Service of the type LoadBalancer. Their labels
name these, and differ from one version of it to the next; `spec.serviceRef` is what it registers pods by.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from erp_build.formats.kubernetes.manifest import flattened
from erp_build.model.releases.bake import TargetBinding

KIND = "TargetGroupBinding"
Object = Mapping[str, Any]


def bindings_of(manifest: Iterable[Object], listed: Iterable[Object], namespace: str) -> tuple[TargetBinding, ...]:
    """The bindings of a release, each once.

    Args:
        manifest: every object of the release.
        listed: the bindings that the release's namespace has, whoever made them.
        namespace: of the release.
    """
    objects = tuple(flattened(manifest))
    services = {_name(one) for one in objects if one.get("kind") == "Service" and _is_in(one, namespace)}
    declared = [_binding(one) for one in objects if one.get("kind") == KIND]
    there = {one.name: one for one in map(_binding, listed)}
    here = {_name(one) for one in objects if one.get("kind") == KIND and _is_in(one, namespace)}
    # The controller writes the ARN into a binding that names its group otherwise.
    found = [there.get(one.name, one) if one.name in here and not one.group else one for one in declared]
    found += [one for one in there.values() if one.service in services and one.name not in here]
    return tuple({one.group or one.name: one for one in found}.values())


def may_have_bindings(manifest: Iterable[Object]) -> bool:
    """Whether a release has what the controller makes a load balancer for, or binds one itself."""
    return any(_may_have(one) for one in flattened(manifest))


def _may_have(item: Object) -> bool:
    spec, kind = _mapping(item.get("spec")), item.get("kind")
    if kind != "Ingress":
        return kind == KIND or (kind == "Service" and spec.get("type") == "LoadBalancer")
    annotations = _mapping(_mapping(item.get("metadata")).get("annotations"))
    is_ours = "alb" in (spec.get("ingressClassName"), annotations.get("kubernetes.io/ingress.class"))
    return is_ours or any(str(name).startswith("alb.ingress.kubernetes.io/") for name in annotations)


def _binding(item: Object) -> TargetBinding:
    spec = _mapping(item.get("spec"))
    return TargetBinding(
        name=_name(item),
        service=str(_mapping(spec.get("serviceRef")).get("name", "")),
        group=str(spec.get("targetGroupARN") or ""),
    )


def _name(item: Object) -> str:
    return str(_mapping(item.get("metadata")).get("name", ""))


def _is_in(item: Object, namespace: str) -> bool:
    return str(_mapping(item.get("metadata")).get("namespace") or namespace) == namespace


def _mapping(value: Any) -> Object:
    return value if isinstance(value, Mapping) else {}
