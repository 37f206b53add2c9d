"""Drift: fields of a live Deployment that differ from the release. Fields that the release leaves out do not count."""

from collections.abc import Mapping
from typing import Any

from erp_build.formats.kubernetes_objects import DRIFT


def deployment_drift(
    wanted: Mapping[str, Any], live: Mapping[str, Any], autoscaler: Mapping[str, Any] | None
) -> tuple[str, ...]:
    """Return the differences of a live Deployment; replicas within the range of an autoscaler are none."""
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
    """A value as text; of an environment variable, which may be a secret, only that it differs."""
    if value is None:
        return "nothing"
    if ".env[" in path or not isinstance(value, str | int | float):
        return "another value"
    return str(value)
