"""Drift: what of a Deployment is not as the release wants it. Fields that the release leaves open do not count."""

from collections.abc import Mapping
from typing import Any

from erp_build.formats.kubernetes_objects import DRIFT


def deployment_drift(
    wanted: Mapping[str, Any], live: Mapping[str, Any], autoscaler: Mapping[str, Any] | None
) -> tuple[str, ...]:
    """What differs between a wanted Deployment and the live one; an autoscaler may move replicas in its range."""
    found = []
    for path, want, has in DRIFT.differences(wanted.get("spec", {}), live.get("spec", {})):
        if path == "replicas" and autoscaler and _is_in_range(has, autoscaler):
            continue
        found.append(
            f"{path}: {_short(has, path)} instead of {_short(want, path)}"
            if ".env[" not in path
            else f"{path}: changed"
        )
    return tuple(found)


def _is_in_range(replicas: Any, autoscaler: Mapping[str, Any]) -> bool:
    spec = autoscaler.get("spec", {})
    return isinstance(replicas, int) and spec.get("minReplicas", 1) <= replicas <= spec.get("maxReplicas", replicas)


def _short(value: Any, path: str) -> str:
    """A value that may be shown: one of the environment may be a secret, so only that it is another one is told."""
    if value is None:
        return "nothing"
    if ".env[" in path or not isinstance(value, str | int | float):
        return "another value"
    return str(value)
