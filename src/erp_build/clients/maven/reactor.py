"""Which services one Maven builds: a generated aggregator outside of the sources, for those that bear company."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from os.path import relpath
from pathlib import Path
from typing import NamedTuple

POM_NAMESPACE = "{http://maven.apache.org/POM/4.0.0}"
OWN_SETTINGS_FILES = ("maven.config", "jvm.config", "extensions.xml")
"""Files in `.mvn` that Maven reads from the directory that it is started for, and from no module."""

ROOT_PROPERTIES = ("maven.multiModuleProjectDirectory", "session.executionRootDirectory")
"""Properties of a pom that mean another directory under an aggregator."""

COORDINATE = re.compile(r"[\w.-]+")
AGGREGATOR = """\
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>erp-build</groupId>
  <artifactId>reactor</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <modules>
{}
  </modules>
</project>
"""


class MavenModule(NamedTuple):
    """A service's directory, and the name that its lines and errors carry."""

    name: str
    folder: Path


class Coordinates(NamedTuple):
    """What Maven calls a project, as it stands in the pom."""

    group: str
    artifact: str


def reactor_groups(modules: Sequence[MavenModule]) -> list[tuple[MavenModule, ...]]:
    """The sources as groups, each for one Maven; one that needs settings of its own is alone."""
    together: dict[str, list[MavenModule]] = {}
    alone: list[tuple[MavenModule, ...]] = []
    taken: set[tuple[str, Coordinates]] = set()
    for module in modules:
        coordinates, wrapper = coordinates_of(module.folder), wrapper_settings(module.folder)
        if coordinates is None or _needs_its_own(module.folder) or (wrapper, coordinates) in taken:
            alone.append((module,))
        else:
            taken.add((wrapper, coordinates))
            together.setdefault(wrapper, []).append(module)
    return [*(tuple(group) for group in together.values()), *alone]


def write_aggregator(folder: Path, modules: Iterable[MavenModule]) -> Path:
    """A pom with the sources as its modules; Maven takes modules by relative paths alone."""
    root = folder.resolve()
    lines = (f"    <module>{_escaped(relpath(module.folder.resolve(), root))}</module>" for module in modules)
    pom = root / "pom.xml"
    pom.write_text(AGGREGATOR.format("\n".join(lines)), encoding="utf-8")
    return pom


def coordinates_of(folder: Path) -> Coordinates | None:
    """The coordinates of a pom; None where they cannot be told without Maven."""
    try:
        root = ET.parse(folder / "pom.xml").getroot()  # noqa: S314 - as above
    except (ET.ParseError, OSError):
        return None
    group = (
        root.findtext(f"{POM_NAMESPACE}groupId") or root.findtext(f"{POM_NAMESPACE}parent/{POM_NAMESPACE}groupId") or ""
    )
    artifact = root.findtext(f"{POM_NAMESPACE}artifactId") or ""
    found = Coordinates(group.strip(), artifact.strip())
    return (
        found
        if all(COORDINATE.fullmatch(part) for part in found) and root.find(f"{POM_NAMESPACE}modules") is None
        else None
    )


def artifact_of(folder: Path) -> str:
    """What Maven calls a project in its output; empty where the pom does not say."""
    coordinates = coordinates_of(folder)
    return coordinates.artifact if coordinates else ""


def wrapper_settings(folder: Path) -> str:
    """Which Maven the service's wrapper brings; empty without one. Only services of one Maven go together."""
    if not (folder / "mvnw").is_file():
        return ""
    settings = folder / ".mvn" / "wrapper" / "maven-wrapper.properties"
    return f"wrapper {settings.read_text(encoding='utf-8', errors='replace') if settings.is_file() else folder}"


def _needs_its_own(folder: Path) -> bool:
    if any((folder / ".mvn" / name).is_file() for name in OWN_SETTINGS_FILES):
        return True
    text = (folder / "pom.xml").read_text(encoding="utf-8", errors="replace")
    return any(word in text for word in ROOT_PROPERTIES)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
