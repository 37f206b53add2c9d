"""Where Maven is started for a service, and with which wrapper, settings and JDK: services that agree share one."""

import os
from pathlib import Path
from typing import NamedTuple

from erp_build.clients.maven.checkout import Needs
from erp_build.clients.maven.jdk import choose_jdk, wanted_release
from erp_build.formats.maven.settings import EXTENSIONS_FILE, MAVEN_FOLDER, SETTINGS_FILE

SETTINGS_FILES = (SETTINGS_FILE, EXTENSIONS_FILE, "jvm.config", "maven-user.properties", "settings.xml")
"""Files of a `.mvn` that change what Maven does; the last two are read by Maven 4 alone."""

WRAPPER = "mvnw"
WRAPPER_SETTINGS = "wrapper/maven-wrapper.properties"
OLD_WRAPPER_SIGN = "maven-wrapper.jar"

PROPERTIES_OF_THE_START = (
    "maven.multiModuleProjectDirectory",
    "session.executionRootDirectory",
    "session.rootDirectory",
    "session.topDirectory",
    "project.rootDirectory",
)
"""Properties that name the folder that Maven is started in, or that of the `.mvn`."""


class Place(NamedTuple):
    """What a call of Maven depends on besides the poms; services with equal places get the same from one as alone.

    Attributes:
        start: Maven's working directory; None: any service's folder will do.
        root: the folder whose pom is built; None: a generated pom names the modules.
        settings: the folder whose `.mvn` counts, if Maven does not find it by itself; None: it does, or there is none.
        wrapper: what identifies the Maven of the wrapper; empty: the `mvn` in PATH.
        home: of the JDK; empty: Maven chooses.
    """

    start: Path | None
    root: Path | None
    settings: Path | None
    wrapper: str
    home: str


def place_of(needs: Needs) -> Place:
    """Choose the place of a service; raises `BuildFailed` if every JDK is too old for it."""
    home = choose_jdk(release_of(needs), os.environ) or ""
    root, wrapper = needs.root, _identity(wrapper_of(needs))
    if root and not needs.is_alone:
        own = own_settings(needs)
        return Place(own or root, root, own, wrapper, home)
    nearest = next((place for place in _upwards(needs.folder) if (place / MAVEN_FOLDER).is_dir()), None)
    settings = nearest if nearest and _has_settings(nearest) else None
    means_its_start = _means_its_start(needs)
    if needs.is_alone and (settings or means_its_start):
        # Relative paths in the settings, and such properties, mean the service's own folder.
        return Place(needs.folder, needs.folder, None, wrapper, home)
    return Place(settings or (needs.folder if means_its_start else None), None, settings, wrapper, home)


def release_of(needs: Needs) -> int | None:
    """The newest Java release that a pom of a service, of its parents or of what it needs asks for; None: none does."""
    return max((release for pom in needs.poms if pom.is_file() and (release := wanted_release(pom))), default=None)


def wrapper_of(needs: Needs) -> Path | None:
    """The wrapper beside the settings that count, else in the root, else in the service; None: the `mvn` in PATH."""
    root = None if needs.is_alone else needs.root
    own = own_settings(needs) if root else None
    for place in (own, root, needs.folder):
        if place and (place / WRAPPER).is_file() and (own in (None, place) or _can_be_told(place / WRAPPER)):
            return place / WRAPPER
    return None


def own_settings(needs: Needs) -> Path | None:
    """The folder below the root whose `.mvn` has settings for the service; Maven would not see it from the root."""
    below = (place for place in _upwards(needs.folder) if needs.root in place.parents)
    return next((place for place in below if _has_settings(place)), None)


def _can_be_told(wrapper: Path) -> bool:
    """Whether a wrapper takes the settings of another folder; an old one looks there for its own jar as well."""
    return OLD_WRAPPER_SIGN not in wrapper.read_text(encoding="utf-8", errors="replace")


def _identity(wrapper: Path | None) -> str:
    if wrapper is None:
        return ""
    settings = wrapper.parent / MAVEN_FOLDER / WRAPPER_SETTINGS
    return f"wrapper {settings.read_text(encoding='utf-8', errors='replace') if settings.is_file() else wrapper}"


def _has_settings(folder: Path) -> bool:
    """Whether a `.mvn` changes what Maven does; the files of a wrapper alone do not."""
    return any((folder / MAVEN_FOLDER / name).is_file() for name in SETTINGS_FILES)


def _means_its_start(needs: Needs) -> bool:
    texts = (pom.read_text(encoding="utf-8", errors="replace") for pom in needs.poms if pom.is_file())
    return any(word in text for text in texts for word in PROPERTIES_OF_THE_START)


def _upwards(folder: Path) -> tuple[Path, ...]:
    return (folder, *folder.parents)
