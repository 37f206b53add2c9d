"""What Maven itself says of a reactor: its effective models, and what it builds after a change (`-amd`)."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from erp_build.formats.maven.graph import MavenGraph
from tests.support.reactor_edits import graph_files, graph_of
from tests.support.reactor_poms import files_of
from tests.support.reactor_shapes import GeneratedReactor
from tests.support.reactors import Module

EFFECTIVE = "org.apache.maven.plugins:maven-help-plugin:3.4.1:effective-pom"
BUILT = re.compile(r"^\[INFO\] -{2,}< ([\w.-]+):([\w.-]+) >-{2,}$", re.MULTILINE)
NAMESPACE = "{http://maven.apache.org/POM/4.0.0}"
LIMIT_SECONDS = 600
EDITS = 5
"""Changes of a root that Maven is asked about."""

Coordinates = tuple[str, str, str]


class Confirmed(NamedTuple):
    """What Maven was asked, and what is not as it says.

    Attributes:
        models: effective models that were compared.
        changes: changes that Maven was asked about.
        superfluous: modules that the graph names after them, and that Maven does not build: it follows no imported BOM
            and nothing that the configuration of a plugin names.
        doubtful: those of them that only a profile reaches, which may not be active.
        wrong: a line for everything that does not hold.
    """

    models: int
    changes: int
    superfluous: int
    doubtful: int
    wrong: tuple[str, ...]


def confirmed(seed: int, folder: Path, size: int = 200, edits: int = EDITS) -> Confirmed:
    """Write a generated reactor into a folder, and compare the graph and the generator's edges with Maven's.

    Args:
        seed: of the reactor.
        folder: empty.
        size: about how many modules it has.
        edits: changes that each of its roots is asked about.
    """
    reactor = GeneratedReactor(seed, size)
    for path, content in files_of(reactor).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    graph = graph_of(graph_files(reactor))
    total = Confirmed(0, 0, 0, 0, ())
    for root in reactor.roots:
        models = effective_models(folder / root.pom)
        inside = [module for module in reactor.modules if reactor.root_of(module) is root]
        wrong = list(_wrong_models(models, inside, graph))
        superfluous = doubtful = 0
        for module in reactor.random.sample(inside, edits):
            lines, more = _judged(also_made(folder / root.pom, module), module, inside, reactor, graph)
            wrong += lines
            superfluous += len(more)
            doubtful += len(more - reactor.users(module.pom))
        total = Confirmed(
            total.models + len(models),
            total.changes + edits,
            total.superfluous + superfluous,
            total.doubtful + doubtful,
            (*total.wrong, *(f"seed {seed}: {line}" for line in wrong)),
        )
    return total


def effective_models(pom: Path) -> dict[Coordinates, frozenset[Coordinates]]:
    """The coordinates of every module that an outermost pom reaches -> those of its dependencies."""
    output = pom.parent / "target" / "effective.xml"
    _maven(pom, EFFECTIVE, f"-Doutput={output}")
    projects = ET.parse(output).getroot().iter(f"{NAMESPACE}project")  # noqa: S314 - Maven wrote it
    rows = f"{NAMESPACE}dependencies/{NAMESPACE}dependency"
    return {_named(project): frozenset(map(_named, project.iterfind(rows))) for project in projects}


def also_made(pom: Path, module: Module) -> set[tuple[str, str]]:
    """Group and artifact of all that Maven builds after a change of a module: itself and its users."""
    log = _maven(pom, "--offline", "validate", f"--projects={module.group}:{module.artifact}", "--also-make-dependents")
    return {(found[1], found[2]) for found in BUILT.finditer(log)}


def _wrong_models(
    models: dict[Coordinates, frozenset[Coordinates]], inside: list[Module], graph: MavenGraph
) -> list[str]:
    """What the graph reads otherwise than Maven: coordinates, and dependencies that are modules."""
    folders = {graph.coordinates_of(module.folder): module.folder for module in inside}
    wrong = [f"Maven's {name} is unknown" for name in models if name not in folders]
    wrong += [f"{name} is none of Maven's" for name in folders if name not in models]
    for name, dependencies in models.items():
        taken = {one.path.removesuffix("/pom.xml") for one in graph.inputs_of(folders.get(name, ""))}
        missing = [folders[one] for one in dependencies if one in folders and folders[one] not in taken]
        wrong += [f"{name} takes {folder}, and the graph does not know it" for folder in missing]
    return wrong


def _judged(
    made: set[tuple[str, str]], module: Module, inside: list[Module], reactor: GeneratedReactor, graph: MavenGraph
) -> tuple[list[str], set[str]]:
    """What of a change is not as Maven says, and the modules that the graph names besides."""
    folders = {(one.group, one.artifact): one.folder for one in inside}
    built = {folders[name] for name in made} | {module.folder}
    told = set(graph.users_of(module.pom)) & set(folders.values())
    known = reactor.users(module.pom, as_maven=True) & set(folders.values())
    explained = reactor.users(module.pom, doubtful=True)
    wrong = [f"{module.pom}: the graph misses {folder}" for folder in built - told]
    wrong += [f"{module.pom}: Maven and the generator differ in {folder}" for folder in built ^ known]
    wrong += [f"{module.pom}: nothing explains {folder}" for folder in told - explained]
    return wrong, told - built


def _named(element: ET.Element) -> Coordinates:
    group, artifact, version = (
        (element.findtext(f"{NAMESPACE}{part}") or "").strip() for part in ("groupId", "artifactId", "version")
    )
    return group, artifact, version


def _maven(pom: Path, *arguments: str) -> str:
    """The log of a call of Maven, which must succeed."""
    command = ["mvn", "--batch-mode", "-Dstyle.color=never", f"--file={pom}", *arguments]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=LIMIT_SECONDS, check=False, cwd=pom.parent
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
    return done.stdout
