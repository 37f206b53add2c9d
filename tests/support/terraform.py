"""Terraform's files as values: blocks by their types and names, and their texts without quotes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import hcl2


def parsed(text: str) -> dict[str, Any]:
    """The blocks of a file; raises where it is no HCL. A comment is left out."""
    found: dict[str, Any] = _plain(hcl2.loads(text))
    return found


def named(blocks: Mapping[str, Any], kind: str, *labels: str) -> Any:
    """The only block of a kind with these labels, such as `resource`, `aws_iam_role`, `build`."""
    (found,) = filter(None, (_below(block, labels) for block in blocks.get(kind, ())))
    return found


def variables(blocks: Mapping[str, Any]) -> dict[str, Any]:
    """Name -> default of each variable; None where it has to be given."""
    return {name: one.get("default") for block in blocks["variable"] for name, one in block.items()}


def statements(document: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[tuple[str, frozenset[str], Any]]:
    """The statements of a policy document as (sid, actions, resources), with values for its variables and locals.

    One that depends on a variable is there if the variable says so.
    """
    for one in document.get("statement", ()):
        yield _statement(one, given)
    for dynamic in document.get("dynamic", ()):
        (block,) = dynamic.values()
        condition = re.search(r"var\.(\w+)", block["for_each"])
        assert condition
        if given[f"var.{condition[1]}"]:
            (content,) = block["content"]
            yield _statement(content, given)


def filled(text: str, given: Mapping[str, Any]) -> str:
    """A text with the values of its variables and locals."""
    return re.sub(r"\$\{([\w.]+)\}", lambda match: str(given[match[1]]), text)


def _statement(one: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[str, frozenset[str], Any]:
    return one["sid"], frozenset(one["actions"]), [filled(text, given) for text in one["resources"]]


def _below(block: Any, labels: tuple[str, ...]) -> Any:
    for label in labels:
        block = block.get(label) if isinstance(block, dict) else None
    return block


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {_plain(name): _plain(value) for name, value in node.items() if not name.startswith("__")}
    if isinstance(node, list):
        return [_plain(one) for one in node]
    return node[1:-1] if isinstance(node, str) and len(node) > 1 and node[0] == node[-1] == '"' else node
