"""Reads a manifest as Helm and the API server do: by the YAML 1.1 of their reader, which is go-yaml.

To them `0644` is 420, `yes` and `on` are true, `1:30` and a date are texts, and of a key that stands twice the last
one counts.
"""

import math
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from erp_build.formats.yaml_reader import yaml_reader

if TYPE_CHECKING:
    from ruamel.yaml import YAML

PREFIX = "tag:yaml.org,2002:"
WORDS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **{sign + word: value for word in (".inf", ".Inf", ".INF")
       for sign, value in (("", math.inf), ("+", math.inf), ("-", -math.inf))},
}  # fmt: skip
"""Plain words that are no texts."""

INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]++)|0[bB](?P<binary>[01]++)|0[oO]?(?P<octal>[0-7]++)"
    r"|(?P<decimal>0|[1-9][0-9]*+))"
)
BASES = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
LARGEST = 2**64 - 1
EXACT = 2**53
"""Below it every whole number is one that JSON keeps."""

LONGEST_DIGITS = 80
"""Digits beyond which no number is an integer: 64 bits have fewer in every base."""

FLOAT = re.compile(r"[-+]?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?)(?:[eE][-+]?[0-9]++)?")


def documents_of(manifest: str) -> Iterator[Any]:
    """The documents of a manifest, as JSON has them.

    Raises `YAMLError` where it is no YAML, and `RecursionError` where it is nested too deeply.
    """
    yield from _reader().load_all(manifest)


def resolved(text: str) -> Any:
    """What a plain scalar is."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    plain = text.replace("_", "") if text[0] != "." else text
    if found := INTEGER.fullmatch(plain):
        base, digits = next((name, value) for name, value in found.groupdict().items() if name != "sign" and value)
        number = int(found["sign"] + digits, BASES[base]) if len(digits) < LONGEST_DIGITS else LARGEST + 1
        if -(2**63) <= number <= LARGEST:
            return number
    if not FLOAT.fullmatch(plain):
        return text
    real = float(plain)
    # JSON has one kind of number: `1e3` is 1000.
    return int(real) if abs(real) < EXACT and real.is_integer() else real


def _reader() -> "YAML":
    yaml = yaml_reader("safe")
    yaml.Resolver, yaml.Constructor = _classes()
    return yaml


@cache
def _classes() -> tuple[Any, Any]:
    """The resolver and the constructor. They are made here, because the library is loaded only where YAML is read."""
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.resolver import VersionedResolver
    from ruamel.yaml.tag import Tag

    def resolve(self: Any, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode and implicit[0]:
            return Tag(suffix=PREFIX + ("merge" if value == "<<" else _tag(resolved(value))))
        return VersionedResolver.resolve(self, kind, value, implicit)

    def construct_mapping(self: Any, node: Any, deep: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
        found = SafeConstructor.construct_mapping(self, node, deep=deep)
        return {_key(key): value for key, value in found.items()}

    # Helm's reader takes the last of several values of a key.
    methods = {"construct_mapping": construct_mapping, "check_mapping_key": lambda *_: True}
    resolver = type("ClusterResolver", (VersionedResolver,), {"resolve": resolve})
    constructor: Any = type("ClusterConstructor", (SafeConstructor,), methods)
    for name in ("null", "bool", "int", "float"):
        constructor.add_constructor(PREFIX + name, lambda _, node: resolved(node.value))
    constructor.add_constructor(PREFIX + "timestamp", lambda _, node: node.value)
    return resolver, constructor


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _tag(value: Any) -> str:
    return {type(None): "null", bool: "bool", int: "int", float: "float"}.get(type(value), "str")
