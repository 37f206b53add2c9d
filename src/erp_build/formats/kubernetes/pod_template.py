"""The template of the pods that an object makes: of a live object, or of one of a manifest."""

from collections.abc import Mapping
from typing import Any

from erp_build.model.releases.kubernetes import ContainerTemplate


def pod_template(kind: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The template of the pods of an object of a kind; empty where it has none."""
    spec = item.get("spec") or {}
    if kind == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    return spec.get("template") or {}


def containers_of(kind: str, item: Mapping[str, Any]) -> tuple[ContainerTemplate, ...]:
    """The containers of that template, without init containers."""
    return tuple(
        ContainerTemplate(str(one.get("name", "")), str(one.get("image") or ""), bool(one.get("readinessProbe")))
        for one in (pod_template(kind, item).get("spec") or {}).get("containers") or ()
    )
