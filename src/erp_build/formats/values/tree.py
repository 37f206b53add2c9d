"""A values file as Helm reads it: its last key of a name counts, merge keys are followed, and it is one document.

Helm's reader is that of `sigs.k8s.io/yaml`, in which pairs are taken in their order. A merge key therefore takes the
place of what stands above it, and is overridden by what stands below it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from erp_build.errors import ConfigurationError
from erp_build.formats.kept import Kept
from erp_build.formats.kubernetes.cluster_yaml import resolved
from erp_build.formats.yaml_reader import MAX_DEPTH, yaml_reader

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node

BOM = b"\xef\xbb\xbf"
STRING = "tag:yaml.org,2002:str"
NULL = "tag:yaml.org,2002:null"
MERGE = "<<"
MAX_VALUES = 200_000
"""Values of a file that are read; Helm's own reader of YAML stops at 400,000 that come by aliases."""

MAX_KEPT = 4
"""Files whose trees are kept: of a run these are the values file, as it lies here and at another commit, and defaults.
The nodes of 2,000 services take some 30 MB."""

Leaf = tuple[tuple[str, ...], str, str]
"""Path, tag of YAML and text of a scalar; the places of a list are numbers in its path."""


KEPT: "Kept[bytes, ValuesTree]" = Kept(MAX_KEPT)


class Pair(NamedTuple):
    """A key and its value in a mapping, as Helm reads it.

    Attributes:
        name: the nodes of both.
        value: the node of the value.
        is_merged: whether a merge key brings it.
    """

    name: "Node"
    value: "Node"
    is_merged: bool


class ValuesTree:
    """The nodes of a values file.

    Args:
        content: the file, UTF-8, with or without byte order mark, any line ends.
        where: its name, for errors.

    Attributes:
        bom: the byte order mark, or nothing.
        text: the file without it.
        root: its mapping; None for a file without values, which Helm takes.

    Raises `ConfigurationError` for a file that is not one document of YAML with a mapping.
    """

    def __init__(self, content: bytes, where: str) -> None:
        self._where = where
        self.bom, self.text = _decode(content, where)
        self.root = _compose(self.text, where)
        self._pairs: dict[int, dict[str, Pair]] = {}
        self._merged = 0

    def pairs(self, node: "Node", depth: int = 0) -> Mapping[str, Pair]:
        """The pairs of a mapping, in the order of their keys; nothing for another node."""
        from ruamel.yaml.nodes import MappingNode

        if not isinstance(node, MappingNode):
            return {}
        if depth > MAX_DEPTH:
            raise _too_deep(self._where)
        if id(node) not in self._pairs:
            found: dict[str, Pair] = {}
            for name, value in node.value:
                if is_merge(name):
                    found.update(self._brought(value, depth + 1))
                else:
                    found[key_text(name)] = Pair(name, value, is_merged=False)
            self._pairs[id(node)] = found
        return self._pairs[id(node)]

    def _brought(self, value: "Node", depth: int) -> dict[str, Pair]:
        """The pairs that a merge key brings: of a mapping, or of several, of which the first counts most."""
        from ruamel.yaml.nodes import SequenceNode

        sources = value.value if isinstance(value, SequenceNode) else [value]
        found: dict[str, Pair] = {}
        for source in reversed(sources):
            pairs = self.pairs(source, depth)
            self._merged += len(pairs) + 1
            if self._merged > MAX_VALUES:
                raise _too_many(self._where)
            found.update({name: pair._replace(is_merged=True) for name, pair in pairs.items()})
        return found

    def leaves(self) -> Iterator[Leaf]:
        """Every scalar that Helm reads; an alias is read as what it stands for."""
        return self._scalars(lambda node: [(name, pair.value) for name, pair in self.pairs(node).items()])

    def written(self) -> Iterator[Leaf]:
        """Every scalar that is written in the file, those that another one takes the place of as well."""
        return self._scalars(lambda node: [(key_text(name), value) for name, value in node.value])

    def plain(self) -> dict[str, Any]:
        """The values as mappings, lists and texts; None for null."""
        return self._values(lambda node: None if str(node.tag) == NULL else str(node.value))

    def typed(self) -> dict[str, Any]:
        """The values as JSON has them, with numbers and switches."""
        return self._values(lambda node: str(node.value) if node.style else resolved(str(node.value)))

    def _values(self, of_scalar: Callable[[Any], Any]) -> dict[str, Any]:
        _ = [*self.leaves()]
        return {} if self.root is None else dict(self._value(self.root, of_scalar))

    def _value(self, node: "Node", of_scalar: Callable[[Any], Any]) -> Any:
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        if isinstance(node, MappingNode):
            return {name: self._value(pair.value, of_scalar) for name, pair in self.pairs(node).items()}
        if isinstance(node, SequenceNode):
            return [self._value(one, of_scalar) for one in node.value]
        return of_scalar(node)

    def _scalars(self, pairs_of: Any) -> Iterator[Leaf]:
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        waiting: list[tuple[tuple[str, ...], Node]] = [] if self.root is None else [((), self.root)]
        seen = 0
        while waiting:
            seen += 1
            if seen > MAX_VALUES:
                raise _too_many(self._where)
            path, node = waiting.pop()
            if len(path) > MAX_DEPTH:
                raise _too_deep(self._where)
            if isinstance(node, MappingNode):
                waiting.extend(((*path, name), value) for name, value in reversed(pairs_of(node)))
            elif isinstance(node, SequenceNode):
                places = reversed(tuple(enumerate(node.value)))
                waiting.extend(((*path, str(place)), value) for place, value in places)
            else:
                yield path, str(node.tag), str(node.value)


def kept_tree(content: bytes, where: str) -> ValuesTree:
    """The tree of a file that several parts of a run read: it is composed once, which takes longer than all else.

    Only the last few are kept. Raises as `ValuesTree`.
    """
    return KEPT.of(content, lambda: ValuesTree(content, where))


def merged_values(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """The values of several files as Helm merges them: mappings by their keys, everything else as a whole."""
    found: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            known = found.get(name)
            both = isinstance(value, dict) and isinstance(known, dict)
            found[name] = merged_values([known, value]) if both and known is not None else value
    return found


def is_merge(name: "Node") -> bool:
    """Whether a key is a merge key; in quotes it is a name."""
    return name.value == MERGE and getattr(name, "style", None) is None


def key_text(name: "Node") -> str:
    """The text of a key; a key may be a list or a mapping, which no dotted path names."""
    return name.value if isinstance(name.value, str) else "?"


def _decode(content: bytes, where: str) -> tuple[bytes, str]:
    bom = BOM if content.startswith(BOM) else b""
    try:
        return bom, content[len(bom) :].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            "the values file is not UTF-8", where=where, why=str(error), next_step="save it as UTF-8"
        ) from error


def _compose(text: str, where: str) -> "MappingNode | None":
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import MappingNode

    try:
        documents = [*yaml_reader("rt").compose_all(text)]
    except YAMLError as error:
        next_step = "fix the YAML; helm lint shows the same error"
        raise unreadable(where, str(error), next_step) from error
    except RecursionError as error:
        raise _too_deep(where) from error
    if any(str(one.tag) != NULL for one in documents[1:]):
        why = f"it has {len(documents)} documents, of which Helm 3 reads the first one and Helm 4 all"
        raise unreadable(where, why, "write one document, or a file for each: values = [...] in [chart]")
    if not documents or str(documents[0].tag) == NULL:
        return None
    if not isinstance(documents[0], MappingNode):
        raise no_mapping(where)
    return documents[0]


def no_mapping(where: str) -> ConfigurationError:
    """The error about a file in which there is nothing to set."""
    return ConfigurationError("the values file holds no mapping", where=where, next_step="is this the right file?")


def unreadable(where: str, why: str, next_step: str) -> ConfigurationError:
    """The error about a file that cannot be read."""
    return ConfigurationError("the values file cannot be read", where=where, why=why, next_step=next_step)


def _too_deep(where: str) -> ConfigurationError:
    return unreadable(where, f"it is nested more than {MAX_DEPTH} levels deep", "write it with fewer levels")


def _too_many(where: str) -> ConfigurationError:
    # Aliases of aliases: a few hundred bytes can stand for millions of values.
    why = f"its aliases make more than {MAX_VALUES} values of it"
    return unreadable(where, why, "write the values out, without aliases of aliases")
