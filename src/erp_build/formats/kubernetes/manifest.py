"""The objects of a manifest as Helm takes them, and a Secret without what it holds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Object = Mapping[str, Any]

HELM_MARKS = "helm.sh/"
"""How annotations begin by which Helm knows a hook."""


BETWEEN = re.compile(r"^---[ \t]*+\r?$\n?", re.MULTILINE)
"""The line between two documents. No scalar can hold it: at the beginning of a line it ends every document."""

OF_ITS_OWN = re.compile(r"^(?:---[ \t]*+[^ \t\r\n]|\.\.\.|%)", re.MULTILINE)
"""Other lines that begin or end a document: one with more behind the dashes, the end, a directive."""


def split_documents(manifest: str) -> list[str]:
    """The texts of a manifest's documents, as Helm separates them; the manifest as a whole where it is not sure."""
    return [manifest] if OF_ITS_OWN.search(manifest) else BETWEEN.split(manifest)


def flattened(objects: Iterable[Object]) -> Iterator[Object]:
    """The objects of a manifest, those of a list (`List`, `SecretList`) one by one."""
    for item in objects:
        if str(item.get("kind")).endswith("List") and isinstance(item.get("items"), list):
            yield from flattened(one for one in item["items"] if isinstance(one, Mapping))
        else:
            yield item


def without_secrets(objects: Iterable[Object]) -> Iterator[Object]:
    """The same objects; of a Secret only kind, name, namespace and Helm's own annotations."""
    for item in flattened(objects):
        yield _named_only(item) if item.get("kind") == "Secret" else item


def _named_only(item: Object) -> Object:
    about = _mapping(item.get("metadata"))
    kept = {key: about[key] for key in ("name", "namespace") if key in about}
    marks = {key: value for key, value in _mapping(about.get("annotations")).items() if key.startswith(HELM_MARKS)}
    return {
        **{key: item[key] for key in ("apiVersion", "kind") if key in item},
        "metadata": {**kept, **({"annotations": marks} if marks else {})},
    }


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
