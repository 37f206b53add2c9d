"""Groups services that can share one Maven reactor build, and generates their aggregator pom outside of the sources."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from os.path import relpath
from pathlib import Path
from typing import NamedTuple

POM_NAMESPACE = "{http://maven.apache.org/POM/4.0.0}"
OWN_SETTINGS_FILES = ("maven.config", "jvm.config", "extensions.xml")
"""Files in a `.mvn` that Maven reads from its start directory upwards: in a reactor they would be ignored."""

ROOT_PROPERTIES = ("maven.multiModuleProjectDirectory", "session.executionRootDirectory")
"""Properties that name another directory if the pom is built below an aggregator."""

COORDINATE = re.compile(r"[\w.-]+")
AGGREGATOR = {
    "modelVersion": "4.0.0",
    "groupId": "erp-build",
    "artifactId": "reactor",
    "version": "1",
    "packaging": "pom",
}
"""The elements of the generated pom besides its modules."""


class MavenModule(NamedTuple):
    """A service's directory, and the service's name for output and errors."""

    name: str
    folder: Path


class Coordinates(NamedTuple):
    """Group and artifact of a pom; the version plays no role here."""

    group: str
    artifact: str


def reactor_groups(modules: Sequence[MavenModule]) -> list[tuple[MavenModule, ...]]:
    """Split modules into groups that share one reactor build; a module that needs its own settings is alone."""
    together: dict[str, list[MavenModule]] = {}
    alone: list[tuple[MavenModule, ...]] = []
    taken: set[tuple[str, Coordinates]] = set()
    for module in modules:
        coordinates, wrapper = coordinates_of(module.folder), wrapper_settings(module.folder)
        # Maven refuses a reactor with two modules of the same coordinates.
        if coordinates is None or _needs_its_own(module.folder) or (wrapper, coordinates) in taken:
            alone.append((module,))
        else:
            taken.add((wrapper, coordinates))
            together.setdefault(wrapper, []).append(module)
    return [*(tuple(group) for group in together.values()), *alone]


def write_aggregator(folder: Path, modules: Iterable[MavenModule]) -> Path:
    """Write a pom with these modules and return its path; Maven accepts only relative paths of modules."""
    root = folder.resolve()
    project = ET.Element("project", xmlns="http://maven.apache.org/POM/4.0.0")
    for element, text in AGGREGATOR.items():
        ET.SubElement(project, element).text = text
    listed = ET.SubElement(project, "modules")
    for module in modules:
        ET.SubElement(listed, "module").text = relpath(module.folder.resolve(), root)
    pom = root / "pom.xml"
    ET.ElementTree(project).write(pom, encoding="utf-8", xml_declaration=True)
    return pom


def coordinates_of(folder: Path) -> Coordinates | None:
    """Return the coordinates of a pom; None if only Maven can tell them (properties, modules of its own)."""
    try:
        root = ET.parse(folder / "pom.xml").getroot()  # noqa: S314 - the user's own file, which Maven reads next
    except (ET.ParseError, OSError):
        return None
    group = (
        root.findtext(f"{POM_NAMESPACE}groupId") or root.findtext(f"{POM_NAMESPACE}parent/{POM_NAMESPACE}groupId") or ""
    )
    artifact = root.findtext(f"{POM_NAMESPACE}artifactId") or ""
    found = Coordinates(group.strip(), artifact.strip())
    is_clear = all(COORDINATE.fullmatch(part) for part in found) and root.find(f"{POM_NAMESPACE}modules") is None
    return found if is_clear else None


def artifact_of(folder: Path) -> str:
    """Return the artifact of a pom, by which Maven's output names a module; empty if the pom does not say."""
    coordinates = coordinates_of(folder)
    return coordinates.artifact if coordinates else ""


def wrapper_settings(folder: Path) -> str:
    """Return what identifies the wrapper's Maven, or an empty text. Only services of the same Maven share a reactor."""
    if not (folder / "mvnw").is_file():
        return ""
    settings = folder / ".mvn" / "wrapper" / "maven-wrapper.properties"
    return f"wrapper {settings.read_text(encoding='utf-8', errors='replace') if settings.is_file() else folder}"


def _needs_its_own(folder: Path) -> bool:
    # Maven takes the first `.mvn` from its start directory upwards; the aggregator lies elsewhere.
    if any((place / ".mvn" / name).is_file() for place in (folder, *folder.parents) for name in OWN_SETTINGS_FILES):
        return True
    text = (folder / "pom.xml").read_text(encoding="utf-8", errors="replace")
    return any(word in text for word in ROOT_PROPERTIES)
