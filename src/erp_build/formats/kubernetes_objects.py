"""Compares two Kubernetes objects leaf by leaf; items of a list are matched by name if they have names."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from operator import eq
from typing import Any

Difference = tuple[str, Any, Any]
"""A path, such as `spec.containers[app].image`, and the values there; None where there is none."""

QUANTITY_FACTORS: dict[str, Decimal | int] = {
    "": 1, "m": Decimal("0.001"), "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip
"""Suffix of a Kubernetes quantity -> its factor."""

OPEN_ENDED = ("env", "envFrom")
"""Lists of a container to which the API adds nothing by default: an additional entry was added by hand."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two objects are compared.

    Attributes:
        is_one_sided: fields that the first object leaves out are not compared. Otherwise both objects count.
        same: whether two leaves are equal.
    """

    is_one_sided: bool
    same: Callable[[Any, Any], bool] = eq

    def differences(self, before: Any, after: Any, path: str = "") -> Iterator[Difference]:
        """The leaves that differ, in the order of the first object."""
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self._of_mappings(before, after, path)
        elif isinstance(before, list) and isinstance(after, list):
            yield from self._of_lists(before, after, path)
        elif not self.same(before, after):
            yield path, before, after

    def _of_mappings(self, before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[Difference]:
        for key in before if self.is_one_sided else dict.fromkeys((*before, *after)):
            yield from self.differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
        if self.is_one_sided and "image" in before:
            for key in OPEN_ENDED:
                if key not in before and after.get(key):
                    yield f"{path}.{key}", None, after[key]

    def _of_lists(self, before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
        old, new = ({_name(item): item for item in items} for items in (before, after))
        # If a name occurs twice in the live object the last item counts, as for a container's variables.
        by_name = "" not in old and len(old) == len(before)
        if by_name and (self.is_one_sided or ("" not in new and len(new) == len(after))):
            for name, item in old.items():
                yield from self.differences(item, new.get(name), f"{path}[{name}]")
            for name, item in new.items():
                if name not in old:
                    yield f"{path}[{name}]", None, "added" if self.is_one_sided else item
        elif self.is_one_sided and len(before) != len(after):
            yield path, f"{len(before)} items", f"{len(after)} items"
        else:
            for place, pair in enumerate(zip_longest(before, after)):
                yield from self.differences(*pair, f"{path}[{place}]")


def same_to_the_api(wanted: Any, live: Any) -> bool:
    """Whether a leaf of a manifest equals the live one; the API drops empty fields and rewrites quantities."""
    if wanted in (None, {}, [], "") and live in (None, {}, [], ""):
        return True
    return (
        wanted == live
        or str(wanted) == str(live)
        or (_quantity(wanted) is not None and _quantity(wanted) == _quantity(live))
    )


RENDERINGS = Comparison(is_one_sided=False)
"""For two renderings of a chart: fields of both objects count."""

DRIFT = Comparison(is_one_sided=True, same=same_to_the_api)
"""For a manifest and the live object: fields that the manifest leaves out do not count."""


def _name(item: Any) -> str:
    return str(item.get("name", "")) if isinstance(item, Mapping) else ""


def _quantity(value: Any) -> Decimal | None:
    """`50m` and `0.05`, `1Gi` and `1024Mi` are the same."""
    text = str(value)
    number = text.rstrip("kKMGTim")
    try:
        return Decimal(number) * QUANTITY_FACTORS[text[len(number) :]]
    except (InvalidOperation, KeyError):
        return None
