"""What a deployment would change: lines of the values file, fields of the cluster's objects, and the images for it.

An object of kind Secret never comes here, and no value that has a secret's name is shown.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from itertools import groupby
from typing import Any

from erp_build.deployment.tags import UNKNOWN_DIGEST
from erp_build.formats.kubernetes.differences import differences
from erp_build.formats.secrets.names import is_secret_name
from erp_build.model.releases.preview import FieldChange, ObjectChange

HIDDEN = "***"
NOT_KNOWN_YET = "sha256:(known after the build)"
LONGEST = 160
"""Characters of a value that are shown."""

Object = Mapping[str, Any]


def values_diff(before: bytes, after: bytes, path: str) -> str:
    """The lines that differ; lines around them are left out, because one of them may hold a password."""
    old, new = (content.decode("utf-8", "replace").splitlines() for content in (before, after))
    names = f"a/{path}", f"b/{path}"
    # Tags are set line by line. To look for moved lines takes a time that grows with the square of what changed.
    differs = (
        _line_by_line(old, new, *names) if len(old) == len(new) else unified_diff(old, new, *names, n=0, lineterm="")
    )
    return _known("\n".join(differs))


def _line_by_line(old: Sequence[str], new: Sequence[str], before: str, after: str) -> Iterator[str]:
    """What `unified_diff` gives without lines around, of two texts of the same number of lines."""
    places = [place for place, (was, will) in enumerate(zip(old, new, strict=True)) if was != will]
    if places:
        yield from (f"--- {before}", f"+++ {after}")
    # Places in a row are as far from each other as their numbers.
    for _, row in groupby(enumerate(places), key=lambda one: one[1] - one[0]):
        together = [place for _, place in row]
        lines = f"{together[0] + 1},{len(together)}" if len(together) > 1 else f"{together[0] + 1}"
        yield f"@@ -{lines} +{lines} @@"
        yield from (f"-{old[place]}" for place in together)
        yield from (f"+{new[place]}" for place in together)


def object_changes(before: Sequence[Object], after: Sequence[Object]) -> tuple[ObjectChange, ...]:
    """What differs between two renderings of a release, by kind and name."""
    old, new = ({_identity(item): item for item in items} for items in (before, after))
    found = []
    for kind, name in dict.fromkeys((*old, *new)):
        was, will = old.get((kind, name)), new.get((kind, name))
        if was is None or will is None:
            found.append(ObjectChange(kind=kind, name=name, change="added" if was is None else "removed"))
        elif fields := tuple(_shown(*one) for one in differences(was, will)):
            found.append(ObjectChange(kind=kind, name=name, change="changed", fields=fields))
    return tuple(found)


def objects_seal(before: Sequence[Object], after: Sequence[Object]) -> str:
    """A digest of all that differs between two renderings, values that are not shown as well."""
    old, new = ({_identity(item): item for item in items} for items in (before, after))
    differing = [[*one, old.get(one), new.get(one)] for one in sorted({*old, *new}) if old.get(one) != new.get(one)]
    return digest(json.dumps(differing, default=str).encode("ascii"))


def digest(content: bytes) -> str:
    """The hex digits of a digest, for a seal."""
    return hashlib.sha256(content).hexdigest()


def _known(text: str) -> str:
    """A text without the digests that stand in for those of images that are not built yet."""
    return text.replace(UNKNOWN_DIGEST, NOT_KNOWN_YET)


def _identity(item: Object) -> tuple[str, str]:
    return str(item.get("kind", "")), str((item.get("metadata") or {}).get("name", ""))


def _shown(path: str, before: Any, after: Any) -> FieldChange:
    if is_secret_name(path):
        return FieldChange(path, before if before is None else HIDDEN, after if after is None else HIDDEN)
    return FieldChange(path, _text(before), _text(after))


def _text(value: Any) -> str | None:
    """A value in one line; a part of an object or a text of several lines, which may hold anything, is only named."""
    if value is None:
        return None
    if isinstance(value, Mapping | list):
        return f"{len(value)} entries"
    text = str(value).lower() if isinstance(value, bool) else _known(str(value))
    if "\n" in text:
        return f"{len(text.splitlines())} lines"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
