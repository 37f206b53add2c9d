"""Edits a values file: finds one scalar, replaces its bytes, and changes nothing else.

ruamel.yaml only locates the scalar; writing with it would change quotes, indents and blank lines of the whole file.
The new value is always double-quoted: one in eighteen tags of seven hex digits is a number in YAML, such as 12e3456.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from erp_build.errors import ConfigurationError, did_you_mean
from erp_build.formats.values.insert import Edit, insertion
from erp_build.formats.values.key import Entry, Step, key_of, look_up, steps_of
from erp_build.formats.values.slots import TagSlots, slot_name, unknown_word
from erp_build.formats.values.tree import BOM, STRING, ValuesTree, kept_tree, key_text, no_mapping

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

__all__ = ["BOM", "NamedValue", "named_values", "read_value", "same_but_tags", "set_tag", "set_tags"]

Leaves = dict[tuple[str, ...], tuple[str, str]]
"""Path -> type and value of each scalar of a file."""

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?")
"""An image tag (OCI distribution specification), with or without the digest that pins it."""

TAG_NAMES = ("tag", "version")
"""How the name of a tag ends, in any case: `tag`, `imageTag`, `appVersion`. Nothing else is overwritten."""


def set_tags(content: bytes, tags: Mapping[str, str], *, where: str, create: bool = False) -> bytes:
    """Set several image tags: `services.notification` -> tag. Raises `ConfigurationError`, and then nothing changed.

    Args:
        content: the file, UTF-8, with or without byte order mark, any line ends.
        tags: key of a service (`services.notification`, see `values_key`) or of the scalar
            (`services.notification.image.tag`) -> the new tag.
        where: the file's name, for errors.
        create: whether a tag that the file does not have is added to it, because Helm finds the rest of the image
            elsewhere: in another file, or in the chart's own values.
    """
    slots = _slots_of(content, tuple(tags), create=create) if all(map(TAG.fullmatch, tags.values())) else None
    if slots is not None:
        return slots.filled(tuple(tags.values()))
    # Something is in the way, of which the edit with these very tags tells.
    after, wanted, places = _edited(content, tags, where, create=create)
    # Proven by reading it again, because a wrong edit would deploy something else.
    if not _reads_as(after, wanted, where):
        shared = {key: place.shared for key, place in zip(tags, places, strict=True) if place.shared}
        anchored = next(iter(shared.values()), "")
        why = f"{anchored} is an anchor or an alias" if anchored else "the edit would change more than the tag"
        raise _refusal(where, ", ".join(shared or tags), why, "write the value out, for this place alone")
    return after


@lru_cache(maxsize=2)
def _slots_of(content: bytes, keys: tuple[str, ...], *, create: bool) -> TagSlots | None:
    """The file with slots for the tags of these keys, read again once for all tags; None where that is in doubt.

    A run writes tags twice into the same file: before the build to render the chart, and to deploy.
    """
    word = unknown_word(content)
    try:
        tags = {key: slot_name(word, place) for place, key in enumerate(keys)}
        after, wanted, _ = _edited(content, tags, "", create=create)
    except ConfigurationError:
        return None
    return TagSlots.cut(after, word, len(keys)) if _reads_as(after, wanted, "") else None


def same_but_tags(before: bytes, after: bytes, keys: Iterable[str], *, where: str) -> bool:
    """Whether two files differ in nothing but the tags of some services; raises `ConfigurationError` as `set_tags`."""
    tags = dict.fromkeys(keys, "tag")
    one, wanted, _ = _edited(before, tags, where, create=True)
    other, also_wanted, _ = _edited(after, tags, where, create=True)
    return one == other and wanted == also_wanted and _reads_as(one, wanted, where)


def set_tag(content: bytes, key: str, tag: str, *, where: str) -> bytes:
    """Set one image tag; see `set_tags`."""
    return set_tags(content, {key: tag}, where=where)


def read_value(content: bytes, key: str, *, where: str) -> str | None:
    """The text of the scalar that a key leads to, as Helm reads it; None where it does not lead to one."""
    found = look_up(kept_tree(content, where).plain(), key)
    return found if isinstance(found, str) else None


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
    written = [(path, value) for path, _, value in kept_tree(content, where).written()]
    found = dict(written)
    return tuple(NamedValue(path, _name(path, found), value) for path, value in written)


def _name(path: tuple[str, ...], found: Mapping[tuple[str, ...], str]) -> str:
    if path[-1:] == ("value",) and (name := found.get((*path[:-1], "name"))):
        return name
    return next((part for part in reversed(path) if not part.isdigit()), "")


class _Place(NamedTuple):
    """Where a key leads to, and its new tag.

    Attributes:
        path: to `node`, as leaves have it.
        name: the node of the key; of an entry of a list, the list.
        node: the last node of the file's own on the way; None: there is none at all.
        rest: the steps behind it, which are to be added.
        is_brought: whether a merge key brings the first of them.
        shared: a key on the way whose mapping is an anchor; empty: none.
    """

    path: tuple[str, ...]
    name: "Node | None"
    node: "Node | None"
    rest: tuple[Step, ...] = ()
    is_brought: bool = False
    shared: str = ""
    tag: str = ""

    @property
    def leaf(self) -> tuple[str, ...]:
        """The path of the tag."""
        return (*self.path, *map(str, self.rest))


def _edited(content: bytes, tags: Mapping[str, str], where: str, *, create: bool) -> tuple[bytes, Leaves, list[_Place]]:
    """A file with its new tags, what it has to read as, and the places.

    Each of these scalars is to be a string with its new tag, everything else as it was.
    """
    tree = kept_tree(content, where)
    if tree.root is None and not create:
        raise no_mapping(where)
    places = [_find(tree, key, tag, where, create=create) for key, tag in tags.items()]
    edited = tree.text
    for edit in sorted({*_edits(tree, places)}, reverse=True):
        edited = f"{edited[: edit.start]}{edit.new}{edited[edit.end :]}"
    return tree.bom + edited.encode(), _leaves(tree) | {place.leaf: (STRING, place.tag) for place in places}, places


def _find(tree: ValuesTree, key: str, tag: str, where: str, *, create: bool) -> _Place:
    """The place of a tag; raises `ConfigurationError` for one that is not written there."""
    from ruamel.yaml.nodes import MappingNode

    if not TAG.fullmatch(tag):
        allowed = "letters, digits, `_`, `.`, `-`; at most 128; then @sha256:... or nothing"
        raise _refusal(where, key, f"{tag!r} is not an image tag", allowed)
    steps = steps_of(key)
    place = _walk(tree, steps, where, key)
    is_service = isinstance(place.node, MappingNode) if not place.rest else not _is_tag(steps[-1])
    if is_service and (create or not place.rest):
        steps = (*steps, "image", "tag")
        place = _walk(tree, steps, where, key)
    if place.rest:
        _require_room(place, steps, where, key, create=create)
    else:
        _require_tag(place, steps[-1], where, key)
    return place._replace(tag=tag)


def _walk(tree: ValuesTree, steps: tuple[Step, ...], where: str, key: str) -> _Place:
    """Follow the steps as far as the file's own nodes lead."""
    place = _Place((), tree.root, tree.root)
    for depth, step in enumerate(steps):
        name, node, part, is_brought = _child(tree, place.node, step)
        if node is None or is_brought:
            return place._replace(rest=steps[depth:], is_brought=is_brought)
        path = key_of(steps[: depth + 1])
        # An alias is composed as the anchored node itself, which starts before the key.
        is_alias = node.start_mark.index < name.start_mark.index
        if is_alias or (node.anchor and isinstance(node.value, str)):
            raise _refusal(where, key, f"{path} is an anchor or an alias", "write the value out, it serves two places")
        place = _Place((*place.path, part), name, node, shared=path if node.anchor else place.shared)
    return place


def _child(tree: ValuesTree, node: "Node | None", step: Step) -> tuple[Any, Any, str, bool]:
    """The key, the value and the name of a step, and whether a merge key brings it."""
    from ruamel.yaml.nodes import SequenceNode

    if not isinstance(step, Entry):
        pair = tree.pairs(node).get(step) if node is not None else None
        return (pair.name, pair.value, step, pair.is_merged) if pair else (None, None, step, False)
    entries = node.value if isinstance(node, SequenceNode) else []
    named = [tree.pairs(entry).get("name") for entry in entries]
    found = step.find([pair.value.value if pair else None for pair in named])
    return (None, None, "", False) if found is None else (node, entries[found], str(found), False)


def _is_tag(step: Step) -> bool:
    return isinstance(step, str) and step.lower().endswith(TAG_NAMES)


def _require_tag(place: _Place, last: Step, where: str, key: str) -> None:
    """Refuse a value that is no tag."""
    from ruamel.yaml.nodes import ScalarNode

    node = place.node
    if not isinstance(node, ScalarNode):
        raise _refusal(where, key, "the value is not a scalar", "name the key whose value is the tag")
    if node.style in ("|", ">"):
        raise _refusal(where, key, "the value is a block scalar", "write it on the line of its key")
    if "/" in node.value:
        why = "its value is a whole reference of an image, of which the tag is only a part"
        raise _refusal(where, key, why, "split it into `repository` and `tag`, and let the template join them")
    if not _is_tag(last):
        why = f"`{last}` is not the name of a tag"
        raise _refusal(where, key, why, "name the key whose value is the tag, such as `image.tag`")


def _require_room(place: _Place, steps: tuple[Step, ...], where: str, key: str, *, create: bool) -> None:
    """Refuse a tag that cannot be added."""
    from ruamel.yaml.nodes import MappingNode, ScalarNode

    depth = len(steps) - len(place.rest)
    above, path = key_of(steps[:depth]), key_of(steps[: depth + 1])
    own = {key_text(name) for name, _ in place.node.value} if isinstance(place.node, MappingNode) else set()
    if place.is_brought and place.rest[0] in own:
        why = f"{path} stands above a merge key that has it as well, and Helm takes the later one"
        raise _refusal(where, key, why, "write the merge key first")
    if place.is_brought and len(place.rest) > 1:
        why = f"there is no {path} of its own: a merge key brings it, and another one would take its place as a whole"
        raise _refusal(where, key, why, "write the mapping out, with its repository and its tag")
    if not create and not place.is_brought:
        siblings = [key_of((*steps[:depth], name)) for name in own]
        next_step = did_you_mean(path, siblings, "add the key, or correct `values_key` in erp-build.toml")
        raise _refusal(where, key, f"there is no {path}", next_step)
    if any(isinstance(step, Entry) for step in place.rest):
        why = f"there is no {path}, and Helm takes a list from one file as a whole"
        raise _refusal(where, key, why, "write the whole list into this file, or a mapping in its place")
    if place.node is not None and not isinstance(place.node, MappingNode):
        is_text = isinstance(place.node, ScalarNode) and "/" in place.node.value
        why = f"{above} is a whole reference of an image" if is_text else f"{above} is not a mapping"
        next_step = "split it into `repository` and `tag`, and let the template join them"
        raise _refusal(where, key, why, next_step if is_text else "write a mapping there, or take the key out")


def _edits(tree: ValuesTree, places: Iterable[_Place]) -> Iterable[Edit]:
    """The edits of the text: scalars are replaced, and what is missing of a mapping is added at once."""
    new: dict[int, tuple[Any, dict[str, Any]]] = {}
    for place in places:
        if not place.rest:
            assert place.name is not None
            assert place.node is not None
            start, end, space = _bounds(tree.text, place.name, place.node)
            yield Edit(start, end, f'{space}"{place.tag}"')
            continue
        _, added = new.setdefault(id(place.node), (place.node, {}))
        for step in place.rest[:-1]:
            added = added.setdefault(str(step), {})
        added[str(place.rest[-1])] = place.tag
    for mapping, added in new.values():
        yield insertion(tree.text, mapping, added)


def _bounds(text: str, name: "Node", node: "Node") -> tuple[int, int, str]:
    """Return start and end of the value to replace, and what must precede the new one."""
    start, end = node.start_mark.index, node.end_mark.index
    if start == end:
        # ruamel.yaml positions an empty value at the next token, possibly lines and comments later.
        behind = text.index(":", name.end_mark.index) + 1
        return behind, behind, " "
    return start, end, ""


def _leaves(tree: ValuesTree) -> Leaves:
    return {path: (tag, value) for path, tag, value in tree.leaves()}


def _reads_as(content: bytes, wanted: Leaves, where: str) -> bool:
    try:
        return _leaves(ValuesTree(content, where)) == wanted
    except ConfigurationError:
        return False


def _refusal(where: str, key: str, why: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(f"cannot set {key}", where=where, why=why, next_step=next_step)
