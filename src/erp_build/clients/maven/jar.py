"""Which jar of a service is the one: what its Dockerfile copies, `java -jar` can run, and this build wrote."""

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from erp_build.clients.maven.hand_over import Mark, mark_of
from erp_build.clients.maven.reactor import MavenModule
from erp_build.errors import BuildFailed
from erp_build.formats.maven.pom import POM_FILE, read_pom
from erp_build.formats.spring_jar import MANIFEST, JarMarks, marks_of, runnable

OUTPUT = "target"
KINDS = (".jar", ".war")
"""What `java -jar` runs: Spring Boot makes either."""


def jars_of(module: MavenModule) -> dict[Path, Mark]:
    """Return the jars of a service, those that its Dockerfile copies included, with their marks."""
    return {jar: mark_of(jar) for jar in (*_jars_in(module.folder / OUTPUT), *_copied(module))}


def jar_of(module: MavenModule, before: Mapping[Path, Mark]) -> Path:
    """Return the jar of a service.

    Raises `BuildFailed` for none, several, an old one, one that the Dockerfile does not copy, or one that lacks its
    libraries although the pom packs them.

    Args:
        module: the service.
        before: `jars_of` it before the build. A modification time tells nothing: reproducible builds set an old one.
    """
    inside, copied = _jars_in(module.folder / OUTPUT), tuple(_copied(module))
    # The engine says so if the Dockerfile names a jar that is not there.
    candidates = [jar for jar in copied if before.get(jar) != mark_of(jar)] or copied or inside
    marks = {str(jar): read for jar in {*inside, *candidates} if (read := _marks(jar))}
    found = [Path(name) for name in runnable({name: marks[name] for name in map(str, candidates) if name in marks})]
    if len(found) > 1:
        # Libraries that are copied beside it may be runnable as well.
        found = [jar for jar in found if jar in inside] or found
    if len(found) != 1:
        raise _not_one(module, candidates if copied else (), found, inside)
    jar = found[0]
    _require_best(module, jar, marks)
    if before.get(jar) == mark_of(jar):
        raise BuildFailed(
            "the jar is from before this build",
            where=str(jar),
            why="Maven ended without an error and did not write it",
            next_step="look at what the pom does in the phase `package`",
        )
    return jar


def _require_best(module: MavenModule, jar: Path, marks: Mapping[str, JarMarks]) -> None:
    """Raise for a jar without its libraries, where there is one with them, or the pom means to put them in."""
    if marks[str(jar)].is_whole:
        return
    better = [Path(name).name for name, read in marks.items() if read.is_boot]
    if better:
        raise BuildFailed(
            "the Dockerfile copies a jar without its libraries",
            where=str(jar),
            why=f"Spring Boot's plugin has made {', '.join(sorted(better))} beside it",
            next_step="name that one in the COPY of the Dockerfile, or take <classifier> out of the pom",
        )
    # The module that makes it: its own folder has `target`.
    pom = next((place / POM_FILE for place in (jar.parent.parent, module.folder) if (place / POM_FILE).is_file()), None)
    said = read_pom(pom.read_bytes()) if pom else None
    if said and said.repackages:
        raise BuildFailed(
            "the jar is without its libraries",
            where=str(jar),
            why="pom.xml names spring-boot-maven-plugin, but its goal `repackage` did not run: nothing is in BOOT-INF/",
            next_step="add <executions><execution><goals><goal>repackage</goal></goals></execution></executions> to "
            "the plugin (spring-boot-starter-parent brings them along); a jar that is meant so: <skip>true</skip> in "
            "the plugin's <configuration>",
        )


def _not_one(
    module: MavenModule, copied: tuple[Path, ...] | list[Path], found: list[Path], inside: tuple[Path, ...]
) -> BuildFailed:
    names = ", ".join(jar.relative_to(module.folder).as_posix() for jar in found or copied)
    if copied:
        number = f"{len(found)} executable jars instead of one" if found else "no executable jar"
        return BuildFailed(
            f"the Dockerfile copies {number}",
            where=str(module.folder),
            why=f"found: {names}",
            next_step="name the one jar in the COPY of the Dockerfile, or let spring-boot-maven-plugin repackage it",
        )
    return BuildFailed(
        f"{len(found)} executable jars instead of one",
        where=str(module.folder / OUTPUT),
        why=f"found: {', '.join(jar.name for jar in inside) or 'no jar'}",
        next_step="let spring-boot-maven-plugin repackage exactly one jar; one that lies elsewhere: name it in the "
        "COPY of the Dockerfile",
    )


def _jars_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(file for file in folder.glob("*") if file.suffix in KINDS and file.is_file()))


def _copied(module: MavenModule) -> Iterator[Path]:
    """The jars that the Dockerfile copies by their names; a directory that it copies says nothing."""
    found = dict[Path, None]()
    for source in module.copied:
        pattern = source.removeprefix("./").strip("/")
        if pattern.endswith(KINDS) and ".." not in pattern.split("/") and "$" not in pattern:
            found.update(dict.fromkeys(sorted(file for file in module.folder.glob(pattern) if file.is_file())))
    yield from found


def _marks(jar: Path) -> JarMarks | None:
    """The marks of a jar; None for what is none, or is cut off."""
    try:
        with ZipFile(jar) as archive:
            return marks_of(archive.namelist(), archive.read(MANIFEST))
    except (BadZipFile, KeyError, OSError, NotImplementedError, RuntimeError, zlib.error):
        return None
