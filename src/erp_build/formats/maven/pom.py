"""Reads a pom.xml as far as it can be read without Maven: what it makes, and what it names.

Values stand as they are written; `formats.maven.lineage` replaces their `${...}`. Elements of profiles count as if
every profile were active, because nobody can tell here which one is.
"""

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from html.entities import html5
from typing import NamedTuple
from xml.etree import ElementTree as ET

BOOT_PLUGIN = "spring-boot-maven-plugin"
PLUGIN_GROUP = "org.apache.maven.plugins"
POM_FILE = "pom.xml"
DEFAULT_PARENT = "../pom.xml"

DECLARED_ENCODING = re.compile(rb"\s{0,20}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})")
DECLARATION = re.compile(r"\s{0,20}<\?xml[^>]{0,300}>")
NAMED_LETTER = re.compile(r"&(\w{1,40});")
OF_XML = {"lt", "gt", "amp", "quot", "apos"}
MAX_NAME = 40
NO_REFERENCES = {"exclusion", "exclude"}
"""Elements whose coordinates are left out, not taken."""

Named = tuple[str, str, str]
"""Group, artifact and version; a part that is not written is empty."""

Dependency = tuple[str, str, str, str, str, str]
"""Group, artifact, version, type, classifier and scope."""

Plugin = tuple[str, str, str, tuple[Named, ...]]
"""Group, artifact, version, and what it takes: its dependencies, and coordinates in its configuration."""


class Pom(NamedTuple):
    """What a pom.xml says, in plain values.

    Attributes:
        group, artifact, version: empty where the parent says them.
        packaging: such as `jar`, `war` or `pom`.
        parent: what it inherits from; None: nothing.
        parent_path: where the parent's pom is said to lie, relative to the folder; empty: in a repository of Maven.
            It may be a folder, which stands for the pom.xml in it.
        modules: the folders or files that it names as modules.
        properties: name -> value.
        profile_properties: name -> its values in profiles.
        dependencies: what it depends on, in any scope.
        managed: the entries of its dependencyManagement, imported BOMs included. Those of profiles have no version.
        plugins, managed_plugins: of its build, and of its pluginManagement.
        extensions: of its build.
        repackages: whether the build that it describes itself, not a parent's, runs the Spring Boot plugin.
    """

    group: str
    artifact: str
    version: str
    packaging: str
    parent: Named | None
    parent_path: str
    modules: tuple[str, ...]
    properties: dict[str, str]
    profile_properties: dict[str, tuple[str, ...]]
    dependencies: tuple[Dependency, ...]
    managed: tuple[Dependency, ...]
    plugins: tuple[Plugin, ...]
    managed_plugins: tuple[Plugin, ...]
    extensions: tuple[Named, ...]
    repackages: bool = False

    @property
    def has_boot_plugin(self) -> bool:
        """Whether it names the Spring Boot plugin."""
        return any(plugin[1] == BOOT_PLUGIN for plugin in self.plugins + self.managed_plugins)

    @property
    def written_group(self) -> str:
        """Its group as it is written, here or for its parent."""
        return self.group or (self.parent[0] if self.parent else "")

    @property
    def written_version(self) -> str:
        """Its version as it is written, here or for its parent."""
        return self.version or (self.parent[2] if self.parent else "")


def read_pom(content: bytes) -> Pom | None:
    """Return what a pom.xml says; None where it is no XML, or no pom."""
    pom = pom_or_why(content)
    return None if isinstance(pom, str) else pom


def pom_or_why(content: bytes) -> Pom | str:
    """Return what a pom.xml says, or why nobody can tell."""
    try:
        root = _parsed(content)
    except (ET.ParseError, ValueError, LookupError) as error:
        return f"it is no XML: {error}"
    if _name(root.tag) != "project":
        return f"its root element is <{_name(root.tag)[:MAX_NAME]}> and not <project>"
    return _pom_of(root)


def extensions_of(content: bytes) -> tuple[Named, ...]:
    """Return the extensions that a `.mvn/extensions.xml` names; nothing where it cannot be read."""
    try:
        root = _parsed(content)
    except (ET.ParseError, ValueError, LookupError):
        return ()
    return tuple(_named(row) for row in _rows(root))


def _parsed(content: bytes) -> ET.Element:
    try:
        return ET.fromstring(content)  # noqa: S314 - expat bounds what entities make of it; nothing is fetched
    except (ET.ParseError, ValueError, LookupError):
        text = _decoded(content)
        return ET.fromstring(NAMED_LETTER.sub(_letter, text))  # noqa: S314 - as above


def _decoded(content: bytes) -> str:
    """The text in an encoding that expat does not know, such as EUC-KR, without the declaration."""
    found = DECLARED_ENCODING.match(content)
    text = content.decode(found[1].decode() if found else "utf-8-sig")
    return DECLARATION.sub("", text, count=1)


def _letter(match: re.Match[str]) -> str:
    """The letter that a name of HTML stands for: Maven knows those without a declaration."""
    return match[0] if match[1] in OF_XML else html5.get(f"{match[1]};", match[0])


def _pom_of(root: ET.Element) -> Pom:
    parts = _by_name(root)
    profiles = [_by_name(profile) for profile in parts.get("profiles", ())]
    every = [parts, *profiles]
    own = _texts(root)
    parent = _texts(parts["parent"]) if "parent" in parts else None
    builds = [_by_name(place["build"]) for place in every if "build" in place]
    return Pom(
        group=own.get("groupId", ""),
        artifact=own.get("artifactId", ""),
        version=own.get("version", ""),
        packaging=own.get("packaging", "") or "jar",
        parent=None if parent is None else _named(parent),
        parent_path="" if parent is None else _parent_path(parent),
        modules=tuple(_modules(every)),
        properties=_texts(parts["properties"]) if "properties" in parts else {},
        profile_properties=_of_profiles(profiles),
        dependencies=tuple(_dependency(row) for place in every for row in _rows(place.get("dependencies"))),
        managed=(*_managed(parts), *(_unversioned(row) for profile in profiles for row in _managed(profile))),
        plugins=tuple(_plugin(plugin) for build in builds for plugin in build.get("plugins", ())),
        managed_plugins=tuple(
            _plugin(plugin) for build in builds for plugins in build.get("pluginManagement", ()) for plugin in plugins
        ),
        extensions=tuple(_named(row) for build in builds for row in _rows(build.get("extensions"))),
        repackages=any(map(_runs_boot_plugin, _by_name(parts["build"]).get("plugins", ())))
        if "build" in parts
        else False,
    )


def _runs_boot_plugin(plugin: ET.Element) -> bool:
    """Whether a plugin is Spring Boot's, and nothing in it is left out: where anything is, the author decides."""
    inside = [(_name(element.tag), (element.text or "").strip()) for element in plugin.iter()]
    is_left_out = any(
        (name == "skip" and text not in ("", "false")) or (name == "phase" and text == "none") for name, text in inside
    )
    return _texts(plugin).get("artifactId") == BOOT_PLUGIN and not is_left_out


def _parent_path(parent: dict[str, str]) -> str:
    path = parent.get("relativePath", DEFAULT_PARENT)
    return path.replace("\\", "/")


def _modules(places: list[dict[str, ET.Element]]) -> Iterator[str]:
    for place in places:
        # Maven 4 calls them subprojects.
        for element in (*place.get("modules", ()), *place.get("subprojects", ())):
            if text := (element.text or "").strip():
                yield text.replace("\\", "/")


def _of_profiles(profiles: list[dict[str, ET.Element]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for profile in profiles:
        if "properties" in profile:
            for name, value in _texts(profile["properties"]).items():
                found[name] = tuple(dict.fromkeys((*found.get(name, ()), value)))
    return found


def _managed(place: dict[str, ET.Element]) -> Iterator[Dependency]:
    for rows in place.get("dependencyManagement", ()):
        yield from (_dependency(row) for row in _rows(rows))


def _unversioned(row: Dependency) -> Dependency:
    """An entry of a profile, which may count or not; an import counts."""
    group, artifact, _, kind, classifier, scope = row
    return row if scope == "import" else (group, artifact, "", kind, classifier, scope)


def _dependency(row: dict[str, str]) -> Dependency:
    of = row.get
    return (
        of("groupId", ""),
        of("artifactId", ""),
        of("version", ""),
        of("type") or "jar",
        of("classifier", ""),
        of("scope", ""),
    )


def _plugin(plugin: ET.Element) -> Plugin:
    of = _texts(plugin).get
    taken = tuple(
        _named(row)
        for element in plugin.iter()
        if element is not plugin and len(element) > 1 and _name(element.tag) not in NO_REFERENCES
        if (row := _texts(element)).get("artifactId")
    )
    return of("groupId", "") or PLUGIN_GROUP, of("artifactId", ""), of("version", ""), taken


def _named(row: dict[str, str]) -> Named:
    return row.get("groupId", ""), row.get("artifactId", ""), row.get("version", "")


def _rows(element: ET.Element | None) -> Iterator[dict[str, str]]:
    """The children of an element, each as the texts of its own children."""
    return (_texts(child) for child in element) if element is not None else iter(())


def _texts(element: ET.Element) -> dict[str, str]:
    return {_name(child.tag): text.strip() if (text := child.text) else "" for child in element}


def _by_name(element: ET.Element) -> dict[str, ET.Element]:
    return {_name(child.tag): child for child in element}


@lru_cache(4096)
def _name(tag: str) -> str:
    """The name of an element without its namespace: Maven takes it with and without."""
    return tag.rpartition("}")[2]


def pom_path(folder: str, named: str) -> tuple[str, str]:
    """Where a path that a pom in a folder names may lead: to a file, or to the pom.xml of a folder."""
    if named == DEFAULT_PARENT and folder:
        file = f"{folder_of(folder)}/{POM_FILE}".lstrip("/")
    elif named.startswith((".", "/")) or "/." in named or named.endswith("/") or "//" in named or not folder:
        file = posixpath.normpath(posixpath.join(folder, named.lstrip("/") or "."))
    else:
        file = f"{folder}/{named}"
    return file, f"{file}/{POM_FILE}" if file != "." else POM_FILE


def folder_of(path: str) -> str:
    """The folder of a path; the root is empty."""
    return path.rpartition("/")[0]
