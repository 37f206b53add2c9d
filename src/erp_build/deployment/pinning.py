"""Whether a chart allows `tag@digest` as the tag of an image: judged by what Helm renders, not by the templates."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from erp_build.model.images.image import ImageReference

LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
"""What Kubernetes takes as the value of a label."""

LABELS = ("labels", "matchLabels", "selector", "nodeSelector")
"""Fields whose values are labels. An `@` or a `:`, which a digest brings, makes the cluster refuse them."""

NAMES = ("name", "generateName", "namespace")
"""Fields with the name of something; none of these names may have an `@`."""


def why_by_tag(objects: Iterable[Mapping[str, Any]], wanted: Mapping[str, str]) -> str:
    """Why the images of a rendered release cannot be named by digest; empty: they can.

    Args:
        objects: what Helm rendered from values with digests.
        wanted: repository, without its host -> the `tag@digest` that its image has to have.
    """
    for item in objects:
        for path, text in _texts(item):
            if refusal := _refusal(path, text, wanted):
                name = (item.get("metadata") or {}).get("name", "")
                return f"{item.get('kind')} {name}: {'.'.join(path)} {refusal}"
    return ""


def names_image(objects: Iterable[Mapping[str, Any]], repository: str) -> bool:
    """Whether an object runs an image of this repository, which is named with its host."""
    texts = (text for item in objects for path, text in _texts(item) if path[-1] == "image")
    return any(text.partition("@")[0].rpartition(":")[0] == repository for text in texts)


def _refusal(path: tuple[str, ...], text: str, wanted: Mapping[str, str]) -> str:
    field = path[-1]
    if field == "image":
        found = ImageReference.parse(text)
        tag, at, digest = wanted.get(found.repository, "").partition("@")
        # Of an image whose digest nobody knows, the tag alone is right.
        return f"becomes {text}" if at and (found.tag, found.digest) != (tag, digest) else ""
    refusal = ""
    if len(path) > 1 and path[-2] in LABELS and not LABEL_VALUE.fullmatch(text):
        refusal = "holds the tag, and a label takes no digest"
    elif field in NAMES and "@" in text:
        refusal = "holds the tag, and a name takes no digest"
    # Without a tag in it, it is none of ours, such as a label of an alert, which is any text. Asked last: there may be
    # as many tags as services.
    return refusal if refusal and any(tag.partition("@")[0] in text for tag in wanted.values()) else ""


def _texts(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of an object, with the fields that lead to it."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _texts(value, (*path, str(key)))
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value, path)
    elif isinstance(node, str) and path:
        yield path, node
