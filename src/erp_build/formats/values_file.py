"""Edits a values file: finds one scalar, replaces its bytes, and changes nothing else.

ruamel.yaml only locates the scalar; writing with it would change quotes, indents and blank lines of the whole file.
The new value is always double-quoted: one in eighteen tags of seven hex digits is a number in YAML, such as 12e3456.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from erp_build.errors import ConfigurationError, did_you_mean

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

BOM = b"\xef\xbb\xbf"
STRING = "tag:yaml.org,2002:str"
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?")
"""An image tag (OCI distribution specification), with or without the digest that pins it."""


def set_tags(content: bytes, tags: Mapping[str, str], *, where: str) -> bytes:
    """Set several image tags: `services.notification` -> tag. Raises `ConfigurationError`, and then nothing changed."""
    for key, tag in tags.items():
        content = set_tag(content, key, tag, where=where)
    return content


def set_tag(content: bytes, key: str, tag: str, *, where: str) -> bytes:
    """Set one image tag.

    Args:
        content: the file, UTF-8, with or without byte order mark, any line ends.
        key: dotted path of a service (`services.notification`) or of the scalar (`services.notification.image.tag`).
        tag: the new tag.
        where: the file's name, for errors.
    """
    if not TAG.fullmatch(tag):
        allowed = "letters, digits, `_`, `.`, `-`; at most 128; then @sha256:... or nothing"
        raise _refusal(where, key, f"{tag!r} is not an image tag", allowed)
    bom, text = _decode(content, where)
    path, name, node = _scalar(text, key, where)
    start, end, space = _place(text, name, node)
    edited = f'{text[:start]}{space}"{tag}"{text[end:]}'
    # Proven by reading both texts again, because a wrong edit would deploy something else: the one scalar is a string
    # with the new tag, everything else is the same.
    wanted = [(path, STRING, tag) if leaf[0] == path else leaf for leaf in _leaves(_compose(text, where))]
    if list(_leaves(_compose(edited, where))) != wanted:
        raise _refusal(where, key, "the edit would change more than the tag", "simplify the line of this value")
    return bom + edited.encode()


def read_value(content: bytes, key: str, *, where: str) -> str | None:
    """The text of a scalar at a dotted path, or None where the path does not lead to one."""
    _, text = _decode(content, where)
    wanted = tuple(key.split("."))
    return next((value for path, _, value in _leaves(_compose(text, where)) if path == wanted), None)


class NamedValue(NamedTuple):
    """A scalar with its place and its name.

    Attributes:
        path: the keys that lead to it; the places of a list are numbers.
        name: its last key; for the `value` of a pair, as a container's variables are, its `name`.
        value: its text.
    """

    path: tuple[str, ...]
    name: str
    value: str


def named_values(content: bytes, *, where: str) -> tuple[NamedValue, ...]:
    """Return every scalar with its name, which tells whether it may be a secret."""
    _, text = _decode(content, where)
    found = {path: value for path, _, value in _leaves(_compose(text, where))}
    return tuple(NamedValue(path, _name(path, found), value) for path, value in found.items())


def _name(path: tuple[str, ...], found: Mapping[tuple[str, ...], str]) -> str:
    if path[-1:] == ("value",) and (name := found.get((*path[:-1], "name"))):
        return name
    return next((part for part in reversed(path) if not part.isdigit()), "")


def _decode(content: bytes, where: str) -> tuple[bytes, str]:
    bom = BOM if content.startswith(BOM) else b""
    try:
        return bom, content[len(bom) :].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            "the values file is not UTF-8", where=where, why=str(error), next_step="save it as UTF-8"
        ) from error


def _compose(text: str, where: str) -> "MappingNode":
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import MappingNode

    try:
        root = YAML(pure=True).compose(text)
    except YAMLError as error:
        next_step = "fix the YAML; helm lint shows the same error"
        raise ConfigurationError(
            "the values file cannot be read", where=where, why=str(error), next_step=next_step
        ) from error
    if not isinstance(root, MappingNode):
        raise ConfigurationError("the values file holds no mapping", where=where, next_step="is this the right file?")
    return root


def _place(text: str, name: "Node", node: "ScalarNode") -> tuple[int, int, str]:
    """Return start and end of the value to replace, and what must precede the new one."""
    start, end = node.start_mark.index, node.end_mark.index
    if start == end:
        # ruamel.yaml positions an empty value at the next token, possibly lines and comments later.
        behind = text.index(":", name.end_mark.index) + 1
        return behind, behind, " "
    return start, end, ""


def _scalar(text: str, key: str, where: str) -> tuple[tuple[str, ...], "Node", "ScalarNode"]:
    """The scalar that a key means, itself or the tag of the image below it: its path, its name, its value."""
    from ruamel.yaml.nodes import MappingNode, ScalarNode

    root, path = _compose(text, where), tuple(key.split("."))
    name, node = _walk(root, path, where, key)
    if isinstance(node, MappingNode):
        path = (*path, "image", "tag")
        name, node = _walk(root, path, where, key)
    if not isinstance(node, ScalarNode):
        raise _refusal(where, key, "the value is not a scalar", "name the key whose value is the tag")
    if node.style in ("|", ">"):
        raise _refusal(where, key, "the value is a block scalar", "write it on the line of its key")
    return path, name, node


def _walk(node: "Node", parts: tuple[str, ...], where: str, key: str) -> tuple["Node", "Node"]:
    """The last name on a path, and its value."""
    from ruamel.yaml.nodes import MappingNode

    name = node
    for depth, part in enumerate(parts):
        path = ".".join(parts[: depth + 1])
        pairs = node.value if isinstance(node, MappingNode) else ()
        found = [(name, value) for name, value in pairs if name.value == part]
        if len(found) != 1:
            why = f"{path} stands there {len(found)} times" if found else f"there is no {path}"
            siblings = [".".join((*parts[:depth], str(name.value))) for name, _ in pairs] if not found else ()
            next_step = did_you_mean(path, siblings, "add the key, or correct `values_key` in erp-build.toml")
            raise _refusal(where, key, why, next_step)
        name, node = found[0]
        # An alias is composed as the anchored node itself, which starts before the key.
        if node.anchor or node.start_mark.index < name.start_mark.index:
            raise _refusal(where, key, f"{path} is an anchor or an alias", "write the value out, it serves two places")
    return name, node


def _leaves(node: "Node", path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, str]]:
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    if isinstance(node, MappingNode):
        for name, value in node.value:
            yield from _leaves(value, (*path, str(name.value)))
    elif isinstance(node, SequenceNode):
        for place, value in enumerate(node.value):
            yield from _leaves(value, (*path, str(place)))
    else:
        yield path, str(node.tag), str(node.value)


def _refusal(where: str, key: str, why: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(f"cannot set {key}", where=where, why=why, next_step=next_step)
