"""Trees of files as short texts: `f644 text`, `d755`, `l target`; `@1000:100` behind the mode names the owner."""

import io
import re
from collections.abc import Mapping
from functools import partial

from erp_build.build.direct.file_tree import FileTree, Kind, Node
from erp_build.formats.dockerfile.direct.recipe import Owner

SPEC = re.compile(r"([fdl])([0-7]*)(?:@(\d+):(\d+))?(?: (.*))?", re.DOTALL)
KINDS = {"f": Kind.FILE, "d": Kind.FOLDER, "l": Kind.LINK}


def node_of(spec: str) -> Node:
    match = SPEC.fullmatch(spec)
    assert match, spec
    kind, mode, user, group, text = match.groups()
    return filled(
        Node(
            KINDS[kind],
            int(mode or ("755" if kind == "d" else "644"), 8),
            Owner(int(user or 0), int(group or 0)),
            link=(text or "") if kind == "l" else "",
        ),
        text or "",
    )


def filled(node: Node, text: str) -> Node:
    content = text.encode()
    if node.kind is not Kind.FILE:
        return node
    return node._replace(size=len(content), content=partial(io.BytesIO, content))


def tree_of(specs: Mapping[str, str]) -> FileTree:
    tree = FileTree()
    for path, spec in specs.items():
        tree.make_folders(path.rpartition("/")[0])
        tree.put(path, node_of(spec))
    tree.begin_layer()
    return tree


def spec_of(node: Node) -> str:
    """The text of a node, its mode and owner always written; of a link no mode."""
    owner = f"@{node.owner.user}:{node.owner.group}"
    if node.kind is Kind.LINK:
        return f"l{owner} {node.link}"
    if node.kind is Kind.FOLDER:
        return f"d{node.mode:o}{owner}"
    return f"f{node.mode:o}{owner} {text_of(node)}"


def text_of(node: Node) -> str:
    if node.content is None:
        return ""
    with node.content() as content:
        return content.read(node.size).decode()


def plain(spec: str) -> str:
    """A text with all that may be left out."""
    return spec_of(node_of(spec))
