"""Drift: what of a Deployment is not as the release wants it. Fields that the release leaves open do not count."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

UNITS: dict[str, Decimal | int] = {
    "": 1, "m": Decimal("0.001"), "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip
"""Suffix of a Kubernetes quantity -> its factor."""

OPEN_ENDED = ("env", "envFrom")
"""Lists of the pod template in which an entry more is an edit by hand, not a default."""


def deployment_drift(
    wanted: Mapping[str, Any], live: Mapping[str, Any], scaler: Mapping[str, Any] | None
) -> tuple[str, ...]:
    """What differs between a wanted Deployment and the live one; an autoscaler may move replicas in its range."""
    found = []
    for path, want, has in _differences(wanted.get("spec", {}), live.get("spec", {}), ""):
        if path == "replicas" and scaler and _is_in_range(has, scaler):
            continue
        found.append(
            f"{path}: {_short(has, path)} instead of {_short(want, path)}"
            if ".env[" not in path
            else f"{path}: changed"
        )
    return tuple(found)


def _differences(wanted: Any, live: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        for key, value in wanted.items():
            yield from _differences(value, live.get(key), f"{path}.{key}" if path else str(key))
        for key in OPEN_ENDED:
            if "image" in wanted and key not in wanted and live.get(key):
                yield f"{path}.{key}", None, live[key]
    elif _is_list(wanted) and _is_list(live):
        yield from _list_differences(wanted, live, path)
    elif not _same(wanted, live):
        yield path, wanted, live


def _list_differences(wanted: Sequence[Any], live: Sequence[Any], path: str) -> Iterator[tuple[str, Any, Any]]:
    names = [_name(item) for item in wanted]
    if all(names) and len(set(names)) == len(names):
        found = {_name(item): item for item in live}
        for name, item in zip(names, wanted, strict=True):
            yield from _differences(item, found.pop(name, None), f"{path}[{name}]")
        for name in found:
            yield f"{path}[{name}]", None, "added"
        return
    if len(wanted) != len(live):
        yield path, f"{len(wanted)} items", f"{len(live)} items"
        return
    for place, pair in enumerate(zip(wanted, live, strict=True)):
        yield from _differences(*pair, f"{path}[{place}]")


def _name(item: Any) -> str:
    return str(item.get("name", "")) if isinstance(item, Mapping) else ""


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _same(wanted: Any, live: Any) -> bool:
    # An empty map or list is dropped by the API.
    if wanted in (None, {}, [], "") and live in (None, {}, [], ""):
        return True
    return (
        wanted == live
        or str(wanted) == str(live)
        or (_quantity(wanted) is not None and _quantity(wanted) == _quantity(live))
    )


def _quantity(value: Any) -> Decimal | None:
    """`50m` and `0.05`, `1Gi` and `1024Mi` are the same."""
    text = str(value)
    number = text.rstrip("kKMGTim")
    try:
        return Decimal(number) * UNITS[text[len(number) :]]
    except (InvalidOperation, KeyError):
        return None


def _is_in_range(replicas: Any, scaler: Mapping[str, Any]) -> bool:
    spec = scaler.get("spec", {})
    return isinstance(replicas, int) and spec.get("minReplicas", 1) <= replicas <= spec.get("maxReplicas", replicas)


def _short(value: Any, path: str) -> str:
    """A value that may be shown: one of the environment may be a secret, so only that it is another one is told."""
    if value is None:
        return "nothing"
    if ".env[" in path or not isinstance(value, str | int | float):
        return "another value"
    return str(value)
