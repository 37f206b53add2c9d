"""Edits a values file: finds one scalar, replaces its bytes, and changes nothing else.

ruamel.yaml only locates the scalar; writing with it would change quotes, indents and blank lines of the whole file.
The new value is always double-quoted: one in eighteen tags of seven hex digits is a number in YAML, such as 12e3456.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.formats.yaml_reader import MAX_DEPTH, yaml_reader

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

BOM = b"\xef\xbb\xbf"
STRING = "tag:yaml.org,2002:str"
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?")
"""An image tag (OCI distribution specification), with or without the digest that pins it."""

TAG_NAMES = ("tag", "version")
"""How the name of a tag ends, in any case: `tag`, `imageTag`, `appVersion`. Nothing else is overwritten."""

MAX_VALUES = 200_000
"""Values of a file that are read; Helm's own reader of YAML stops at 400,000 that come by aliases."""


def set_tags(content: bytes, tags: Mapping[str, str], *, where: str) -> bytes:
    """Set several image tags: `services.notification` -> tag. Raises `ConfigurationError`, and then nothing changed.

    Args:
        content: the file, UTF-8, with or without byte order mark, any line ends.
        tags: dotted path of a service (`services.notification`) or of the scalar (`services.notification.image.tag`)
            -> the new tag.
        where: the file's name, for errors.
    """
    bom, text = _decode(content, where)
    root = _compose(text, where)
    edits = {edit.path: edit for edit in (_edit(root, text, key, tag, where) for key, tag in tags.items())}
    edited = text
    for edit in sorted(edits.values(), key=lambda edit: edit.start, reverse=True):
        edited = f"{edited[: edit.start]}{edit.new}{edited[edit.end :]}"
    # Proven by reading both texts again, because a wrong edit would deploy something else: each of these scalars is a
    # string with its new tag, everything else is the same.
    wanted = [(leaf[0], STRING, edits[leaf[0]].tag) if leaf[0] in edits else leaf for leaf in _leaves(root, where)]
    if list(_leaves(_compose(edited, where), where)) != wanted:
        why = "the edit would change more than the tag"
        raise _refusal(where, ", ".join(tags), why, "simplify the line of this value")
    return bom + edited.encode()


def set_tag(content: bytes, key: str, tag: str, *, where: str) -> bytes:
    """Set one image tag; see `set_tags`."""
    return set_tags(content, {key: tag}, where=where)


class _Edit(NamedTuple):
    """A scalar to replace: its path, its place in the text, the new text there, and the tag that it is read as."""

    path: tuple[str, ...]
    start: int
    end: int
    new: str
    tag: str


def _edit(root: "MappingNode", text: str, key: str, tag: str, where: str) -> _Edit:
    if not TAG.fullmatch(tag):
        allowed = "letters, digits, `_`, `.`, `-`; at most 128; then @sha256:... or nothing"
        raise _refusal(where, key, f"{tag!r} is not an image tag", allowed)
    path, name, node = _scalar(root, key, where)
    start, end, space = _place(text, name, node)
    return _Edit(path, start, end, f'{space}"{tag}"', tag)


def read_value(content: bytes, key: str, *, where: str) -> str | None:
    """The text of a scalar at a dotted path, or None where the path does not lead to one."""
    _, text = _decode(content, where)
    wanted = tuple(key.split("."))
    return next((value for path, _, value in _leaves(_compose(text, where), where) if path == wanted), None)


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
    found = {path: value for path, _, value in _leaves(_compose(text, where), where)}
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
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import MappingNode

    try:
        root = yaml_reader("rt").compose(text)
    except YAMLError as error:
        next_step = "fix the YAML; helm lint shows the same error"
        raise _unreadable(where, str(error), next_step) from error
    except RecursionError as error:
        raise _too_deep(where) from error
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


def _scalar(root: "MappingNode", key: str, where: str) -> tuple[tuple[str, ...], "Node", "ScalarNode"]:
    """The scalar that a key means, itself or the tag of the image below it: its path, its name, its value."""
    from ruamel.yaml.nodes import MappingNode, ScalarNode

    path = tuple(key.split("."))
    name, node = _walk(root, path, where, key)
    if isinstance(node, MappingNode):
        path = (*path, "image", "tag")
        name, node = _walk(root, path, where, key)
    if not isinstance(node, ScalarNode):
        raise _refusal(where, key, "the value is not a scalar", "name the key whose value is the tag")
    if node.style in ("|", ">"):
        raise _refusal(where, key, "the value is a block scalar", "write it on the line of its key")
    if "/" in node.value:
        why = "its value is a whole reference of an image, of which the tag is only a part"
        raise _refusal(where, key, why, "split it into `repository` and `tag`, and let the template join them")
    if not path[-1].lower().endswith(TAG_NAMES):
        why = f"`{path[-1]}` is not the name of a tag"
        raise _refusal(where, key, why, "name the key whose value is the tag, such as `image.tag`")
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
            siblings = [".".join((*parts[:depth], _key(name))) for name, _ in pairs] if not found else ()
            next_step = did_you_mean(path, siblings, "add the key, or correct `values_key` in erp-build.toml")
            raise _refusal(where, key, why, next_step)
        name, node = found[0]
        # An alias is composed as the anchored node itself, which starts before the key.
        if node.anchor or node.start_mark.index < name.start_mark.index:
            raise _refusal(where, key, f"{path} is an anchor or an alias", "write the value out, it serves two places")
    return name, node


def _leaves(root: "Node", where: str) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Path, tag of YAML and text of every scalar, in their order; an alias is read as what it stands for."""
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    waiting: list[tuple[tuple[str, ...], Node]] = [((), root)]
    seen = 0
    while waiting:
        seen += 1
        if seen > MAX_VALUES:
            # Aliases of aliases: a few hundred bytes can stand for millions of values.
            why = f"its aliases make more than {MAX_VALUES} values of it"
            raise _unreadable(where, why, "write the values out, without aliases of aliases")
        path, node = waiting.pop()
        if len(path) > MAX_DEPTH:
            raise _too_deep(where)
        if isinstance(node, MappingNode):
            waiting.extend(((*path, _key(name)), value) for name, value in reversed(node.value))
        elif isinstance(node, SequenceNode):
            places = reversed(tuple(enumerate(node.value)))
            waiting.extend(((*path, str(place)), value) for place, value in places)
        else:
            yield path, str(node.tag), str(node.value)


def _key(name: "Node") -> str:
    """The text of a key; a key may be a list or a mapping, which no dotted path names."""
    return name.value if isinstance(name.value, str) else "?"


def _too_deep(where: str) -> ConfigurationError:
    return _unreadable(where, f"it is nested more than {MAX_DEPTH} levels deep", "write it with fewer levels")


def _unreadable(where: str, why: str, next_step: str) -> ConfigurationError:
    return ConfigurationError("the values file cannot be read", where=where, why=why, next_step=next_step)


def _refusal(where: str, key: str, why: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(f"cannot set {key}", where=where, why=why, next_step=next_step)
