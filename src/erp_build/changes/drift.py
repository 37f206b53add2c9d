"""Drift of an object of the release: what of it was changed by hand, in words that show no secret."""

from collections.abc import Callable, Mapping
from typing import Any

from erp_build.formats.kubernetes.live_object import Edit, edits, touches, written
from erp_build.formats.secrets.names import is_secret_name

Object = Mapping[str, Any]

BUILT_IN_GROUPS = frozenset(
    (
        *("", "apps", "autoscaling", "batch", "policy", "admissionregistration.k8s.io", "coordination.k8s.io"),
        *("discovery.k8s.io", "networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io", "scheduling.k8s.io"),
        "storage.k8s.io",
    )
)
"""API groups whose objects each Helm merges with the live ones. Helm 3 leaves edits of any other object as they are."""

HELMS_OWN = ("meta.helm.sh/", "app.kubernetes.io/managed-by")
"""Labels and annotations that Helm itself sets, whatever the manifest says."""

GOES_BY_ITSELF = ("Job", "Pod")
"""Kinds whose objects end, and may be removed when they have."""

NOT_COMPARED = ("apiVersion", "kind", "metadata", "status")

PLAIN_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Service", "HorizontalPodAutoscaler", "CronJob", "Ingress")
"""Kinds whose texts are shown; those of any other may be a secret, and are only named."""


def is_built_in(item: Object) -> bool:
    """Whether an object is of a kind of Kubernetes itself."""
    group, version, _ = str(item.get("apiVersion", "")).rpartition("/")
    return (group if version else "") in BUILT_IN_GROUPS


def is_drift_when_gone(item: Object) -> bool:
    """Whether somebody removed an object that is not there: one that ends by itself may have been cleaned up."""
    return item.get("kind") not in GOES_BY_ITSELF


def object_drift(
    wanted: Object,
    live: Object,
    autoscaler: Object | None = None,
    tried: Callable[[Object], Object | None] = lambda _: None,
) -> tuple[Edit, ...]:
    """Return the differences of a live object from its manifest.

    Args:
        wanted: the manifest's object.
        live: the live one.
        autoscaler: which owns its replicas; a number within its range is no difference.
        tried: returns what the manifest's object would make of the live one, or None where the cluster does not say.
            It is asked only for an object that seems changed: what it leaves as it is was made by a default, a webhook
            or a controller.
    """
    found = [one for one in _suspected(wanted, live) if not _is_scaled(one, autoscaler)]
    if all(one.is_left for one in found):
        return tuple(found)
    if (would := tried(wanted)) is None:
        return tuple(found)
    # Both ways: what is zero is left out on one side.
    moved = [one.path for one in (*_suspected(would, live), *_suspected(live, would))]
    return tuple(one for one in found if one.is_left or any(touches(one.path, path) for path in moved))


def text_of(edit: Edit, kind: str = "Deployment") -> str:
    """An edit as text. Of a variable, a key of a ConfigMap, or what has a secret's name, only that it differs."""
    path = written(edit.path)
    if ".env[" in path or _is_hidden(edit, kind):
        return f"{path}: changed"
    live = "added" if edit.wanted is None and edit.path[-1].startswith("[") else _short(edit.live)
    return f"{path}: {live} instead of {_short(edit.wanted)}"


def _suspected(wanted: Object, live: Object) -> list[Edit]:
    found = [one for key in wanted if key not in NOT_COMPARED for one in edits(wanted[key], live.get(key), (key,))]
    for key in ("labels", "annotations"):
        ours, theirs = ((item.get("metadata") or {}).get(key) or {} for item in (wanted, live))
        kept = {name: value for name, value in ours.items() if not name.startswith(HELMS_OWN)}
        found += edits(kept, theirs, ("metadata", key))
    return [one for one in found if not _is_filled_in(one, wanted)]


def _is_filled_in(edit: Edit, wanted: Object) -> bool:
    """Whether a controller fills in what the manifest leaves to it: certificates, and rules of an aggregated role."""
    if edit.path[-1] == "caBundle":
        notes = (wanted.get("metadata") or {}).get("annotations") or {}
        return not edit.wanted or any("inject" in name for name in notes)
    return edit.path[0] == "rules" and "aggregationRule" in wanted


def _is_scaled(edit: Edit, autoscaler: Object | None) -> bool:
    if edit.path != ("spec", "replicas") or autoscaler is None:
        return False
    spec = autoscaler.get("spec") or {}
    replicas = edit.live
    return isinstance(replicas, int) and spec.get("minReplicas", 1) <= replicas <= spec.get("maxReplicas", replicas)


def _is_hidden(edit: Edit, kind: str) -> bool:
    if edit.path[0] in ("data", "binaryData") or "annotations" in edit.path:
        return True
    is_text = isinstance(edit.wanted, str) or isinstance(edit.live, str)
    is_count = str(edit.live).endswith(" items")
    return is_text and not is_count and (kind not in PLAIN_KINDS or is_secret_name(edit.path[-1]))


def _short(value: Any) -> str:
    """A value as text; a part of an object is only named."""
    if value is None:
        return "nothing"
    return str(value) if isinstance(value, str | int | float) else "another value"
