"""Compares an object of a manifest with the live one, as the API server reads the first.

What the manifest leaves out does not count. A value that the API drops equals none, and quantities are compared as
quantities where the schema has them. A difference is a suspicion: a webhook or a default may have made it.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Any, NamedTuple

Path = tuple[str, ...]
"""The keys down to a value; an item of a list is `[name]` or `[place]`."""


class Edit(NamedTuple):
    """A difference between a manifest and the live object.

    Attributes:
        path: where.
        wanted, live: the values there, None for none.
        is_left: whether an upgrade leaves it: an item that the manifest does not have, or one that stands there twice.
    """

    path: Path
    wanted: Any
    live: Any
    is_left: bool = False


QUANTITY_FACTORS: dict[str, Decimal | int] = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"),
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip
"""Suffix of a Kubernetes quantity -> its factor."""

LONGEST_QUANTITY = 40
"""Characters beyond which a text is no quantity."""

QUANTITIES_BELOW = frozenset(("limits", "requests", "hard", "capacity", "podFixed"))
"""Maps of the API whose values are quantities."""

QUANTITIES = frozenset(("sizeLimit", "divisor", "averageValue", "storage", "memory", "cpu"))
"""Fields of the API that are quantities."""

FREE_MAPS = frozenset(
    ("labels", "annotations", "matchLabels", "nodeSelector", "selector", "data", "binaryData", "parameters")
)
"""Maps whose keys the author chooses: an empty value of them is kept, and none is a quantity."""

DROPPED_ZEROS = frozenset(
    (
        *("minReadySeconds", "paused", "hostNetwork", "hostPID", "hostIPC", "hostPort", "nodePort", "readOnly"),
        *("tty", "stdin", "stdinOnce", "initialDelaySeconds", "publishNotReadyAddresses", "healthCheckNodePort"),
    )
)
"""Fields that the API drops where they are zero or false. Of other fields nothing is not zero: it is the default."""

KEPT_EMPTY = frozenset(("emptyDir", "podSelector", "namespaceSelector", "labelSelector", "storageClassName"))
"""Fields whose empty value means something else than none."""

ALLOCATED = frozenset(("clusterIP", "nodePort", "healthCheckNodePort", "volumeName"))
"""Fields that the cluster fills in where the manifest leaves them empty."""

LIST_KEYS: dict[str, tuple[str, ...]] = {
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
"""List -> the fields that tell its items apart, where that is not the name alone."""

PORT_KEYS = (("containerPort", "protocol"), ("port", "protocol"))

OPEN_ENDED = ("env", "envFrom")
"""Lists of a container to which the API adds nothing by default: an additional entry was added by hand."""


def edits(wanted: Any, live: Any, path: Path = ()) -> Iterator[Edit]:
    """The differences, in the order of the manifest. What is null there is left out."""
    if wanted is None or same_to_the_api(path, wanted, live):
        return
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        for key, value in wanted.items():
            yield from edits(value, live.get(key), (*path, str(key)))
        if "image" in wanted:
            for key in OPEN_ENDED:
                if not wanted.get(key) and live.get(key):
                    yield Edit((*path, key), None, live[key], is_left=True)
    elif isinstance(wanted, Mapping) and wanted and live is None:
        if any(edits(wanted, {}, path)):
            yield Edit(path, wanted, live)
    elif isinstance(wanted, list) and isinstance(live, list):
        yield from _edits_of_list(wanted, live, path)
    else:
        yield Edit(path, wanted, live)


def same_to_the_api(path: Path, wanted: Any, live: Any) -> bool:
    """Whether the value of a manifest at a path is the live one."""
    if live is None and (wanted is None or isinstance(wanted, bool | int | str | list | Mapping)):
        return _is_dropped(path, wanted)
    if path and path[-1] in ALLOCATED and wanted in ("", 0):
        return True
    if isinstance(wanted, bool) or isinstance(live, bool):
        return wanted is live
    if wanted == live:
        return True
    if isinstance(wanted, Mapping | list) or isinstance(live, Mapping | list):
        return False
    if not _is_quantity(path):
        # The API writes a number as a text only where its schema has both.
        return isinstance(wanted, str) != isinstance(live, str) and str(wanted) == str(live)
    return _quantity(wanted) is not None and _quantity(wanted) == _quantity(live)


def touches(one: Path, other: Path) -> bool:
    """Whether one path is the other one, or leads to a part of it."""
    return all(a == b for a, b in zip(one, other, strict=False))


def written(path: Path) -> str:
    """A path as a person writes it, without the `spec` at its beginning."""
    shown = path[1:] if path[:1] == ("spec",) and path[1:] else path
    return "".join(part if part.startswith("[") else f".{part}" for part in shown).removeprefix(".")


def _is_dropped(path: Path, wanted: Any) -> bool:
    """Whether the API shows nothing in the place of this value."""
    if wanted is None:
        return True
    key, parent = (path[-1] if path else ""), (path[-2] if path[1:] else "")
    if key in KEPT_EMPTY or parent in FREE_MAPS:
        return False
    if isinstance(wanted, bool | int):
        return not wanted and key in DROPPED_ZEROS
    return not wanted


def _edits_of_list(wanted: list[Any], live: list[Any], path: Path) -> Iterator[Edit]:
    old, new = _by_identity(wanted, path), _by_identity(live, path)
    if old is None or new is None:
        if len(wanted) != len(live):
            yield Edit(path, f"{len(wanted)} items", f"{len(live)} items")
            return
        for place, pair in enumerate(zip_longest(wanted, live)):
            yield from edits(*pair, (*path, f"[{place}]"))
        return
    for name, item in old.items():
        if name in new:
            found = edits(item, new[name], (*path, f"[{name}]"))
            yield from found if len(old) == len(wanted) else (one._replace(is_left=True) for one in found)
        else:
            yield Edit((*path, f"[{name}]"), item, None)
    for name, item in new.items():
        if name not in old:
            yield Edit((*path, f"[{name}]"), None, item, is_left=True)


def _by_identity(items: list[Any], path: Path) -> dict[str, Any] | None:
    """Identity -> item; None for a list whose items have none.

    Of a container's variables with one name the last one counts.
    """
    found: dict[str, Any] = {}
    for item in items:
        name = _identity(item, path[-1] if path else "")
        if not name or (name in found and path[-1] != "env"):
            return None
        found[name] = item
    return found


def _identity(item: Any, key: str) -> str:
    if not isinstance(item, Mapping):
        return ""
    fields = LIST_KEYS.get(key, ("name",))
    if key == "ports":
        fields = next((keys for keys in PORT_KEYS if keys[0] in item), ("name",))
        item = {"protocol": "TCP", **item}
    if key == "volumeClaimTemplates":
        item = item.get("metadata") or {}
    parts = [str(item.get(field) or "") for field in fields]
    return "/".join(parts) if all(parts) else ""


def _is_quantity(path: Path) -> bool:
    key, parent = (path[-1] if path else ""), (path[-2] if path[1:] else "")
    if parent in FREE_MAPS or parent.startswith("["):
        return False
    # A LimitRange has `limits` with several maps below.
    is_below = parent in QUANTITIES_BELOW or "limits" in path
    return is_below or key in QUANTITIES or (parent == "target" and key == "value")


def _quantity(value: Any) -> Decimal | None:
    """`50m` and `0.05`, `1Gi` and `1024Mi` are the same."""
    text = str(value)[: LONGEST_QUANTITY + 1]
    number = text.rstrip("numkKMGTPEi")
    try:
        return Decimal(number) * QUANTITY_FACTORS[text[len(number) :]] if len(text) <= LONGEST_QUANTITY else None
    except (InvalidOperation, KeyError):
        return None
