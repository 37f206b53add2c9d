"""Chooses the JDK that a pom asks for among the installed ones."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from erp_build.errors import BuildFailed

ASKED = re.compile(r"<(?:java\.version|maven\.compiler\.release|maven\.compiler\.target)>\s*(?:1\.)?(\d+)\s*</")
HOME = re.compile(r"JAVA(?:_(\d+))?_HOME")
STATED = re.compile(r'^JAVA_VERSION="(?:1\.)?(\d+)', re.MULTILINE)


def wanted_release(pom: Path) -> int | None:
    """Return the Java release in the properties of a pom; None if the pom names none."""
    found = [int(release) for release in ASKED.findall(pom.read_text(encoding="utf-8", errors="replace"))]
    return max(found, default=None)


def choose_jdk(wanted: int | None, variables: Mapping[str, str]) -> str | None:
    """Return the home of the JDK to build with: of the wanted release, else of the next newer one.

    None leaves the choice to Maven: no release is wanted, or no JDK is known and the `java` in PATH may do.
    Raises `BuildFailed` if every known JDK is too old.
    """
    homes = installed_jdks(variables)
    if wanted is None or not homes:
        return variables.get("JAVA_HOME") or None
    fitting = {release: home for release, home in homes.items() if release >= wanted}
    if not fitting:
        raise BuildFailed(
            f"no JDK for Java {wanted}",
            where="JAVA_HOME, JAVA_*_HOME and PATH",
            why=f"there are {', '.join(str(release) for release in sorted(homes))}",
            next_step=f"install a JDK {wanted} and set JAVA_{wanted}_HOME; in CodeBuild `java: corretto{wanted}`",
        )
    return fitting[min(fitting)]


def jdk_release(wanted: int | None, variables: Mapping[str, str]) -> int | None:
    """Return the release of the JDK to build with; None if none is known, fits, or can be asked for."""
    try:
        home = choose_jdk(wanted, variables)
    except (BuildFailed, OSError):
        return None
    if home:
        return release_of(Path(home))
    # Maven takes the `java` in PATH.
    return next(iter(installed_jdks({"PATH": variables.get("PATH", "")})), None)


def installed_jdks(variables: Mapping[str, str]) -> dict[int, str]:
    """Return release -> home of every JDK in JAVA_HOME, JAVA_*_HOME and PATH; JAVA_HOME takes precedence."""
    homes = [home for name, home in sorted(variables.items()) if HOME.fullmatch(name) and home]
    program = shutil.which("javac", path=variables.get("PATH"))
    if program:
        homes.append(str(Path(os.path.realpath(program)).parent.parent))
    found: dict[int, str] = {}
    for home in homes:
        release = release_of(Path(home))
        if release:
            found.setdefault(release, home)
    return found


def release_of(home: Path) -> int | None:
    """Return the release of the JDK in a folder, from the file `release` of each JDK; None if there is none."""
    try:
        stated = STATED.search((home / "release").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return int(stated[1]) if stated else None
