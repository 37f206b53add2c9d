"""Reads a pom.xml as far as it can be read without Maven: what it makes, and what it takes from beside it."""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

BOOT_PLUGIN = "spring-boot-maven-plugin"
DEFAULT_PARENT = "../pom.xml"


class Pom(NamedTuple):
    """What a pom.xml says of itself.

    Attributes:
        artifact: its artifactId; empty where it has none.
        packaging: such as `jar`, `war` or `pom`.
        modules: the folders or files that it names as modules, all profiles included.
        parent: artifactId of its parent; empty: none.
        parent_path: where the parent's pom is said to lie, relative to the folder; empty: in a repository of Maven.
        has_boot_plugin: whether it names the Spring Boot plugin.
        dependencies: the artifactIds that it depends on.
        repackages: whether the build that it describes itself, not a parent's, runs the Spring Boot plugin.
    """

    artifact: str
    packaging: str
    modules: tuple[str, ...]
    parent: str
    parent_path: str
    has_boot_plugin: bool
    dependencies: tuple[str, ...]
    repackages: bool = False


def read_pom(content: bytes) -> Pom | None:
    """Return what a pom.xml says; None where it is no XML, or no pom."""
    try:
        root = ET.fromstring(content)  # noqa: S314 - expat bounds what entities make of it; nothing is fetched
    except (ET.ParseError, ValueError):
        return None
    for element in root.iter():
        # Both with and without the namespace: Maven takes either.
        element.tag = element.tag.rpartition("}")[2]
    if root.tag != "project":
        return None
    parent = root.find("parent")
    return Pom(
        artifact=_text(root, "artifactId"),
        packaging=_text(root, "packaging") or "jar",
        modules=tuple(_texts(root, "modules/module")) + tuple(_texts(root, "profiles/profile/modules/module")),
        parent=_text(parent, "artifactId") if parent is not None else "",
        parent_path=_parent_path(parent),
        has_boot_plugin=any(name == BOOT_PLUGIN for name in _texts(root, ".//plugin/artifactId")),
        dependencies=tuple(dict.fromkeys(_texts(root, "dependencies/dependency/artifactId"))),
        repackages=any(map(_runs_boot_plugin, root.findall("build/plugins/plugin"))),
    )


def _runs_boot_plugin(plugin: ET.Element) -> bool:
    """Whether a plugin is Spring Boot's, and nothing in it is left out: where anything is, the author decides."""
    is_left_out = any(text != "false" for text in _texts(plugin, ".//skip")) or "none" in _texts(plugin, ".//phase")
    return _text(plugin, "artifactId") == BOOT_PLUGIN and not is_left_out


def _parent_path(parent: ET.Element | None) -> str:
    if parent is None:
        return ""
    named = parent.find("relativePath")
    if named is None:
        return DEFAULT_PARENT
    path = (named.text or "").strip()
    if not path:
        return ""
    # A folder stands for the pom in it.
    return path if path.endswith(".xml") else posixpath.join(path, "pom.xml")


def _text(element: ET.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _texts(element: ET.Element, path: str) -> Iterator[str]:
    return (text for found in element.findall(path) if (text := (found.text or "").strip()))
