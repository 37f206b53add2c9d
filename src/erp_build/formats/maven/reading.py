"""What the poms of a tree and the settings of Maven say, each file read once and kept."""

import marshal
from collections.abc import Mapping
from typing import NamedTuple

from erp_build.formats.maven.pom import Named, Pom, extensions_of, folder_of, pom_or_why
from erp_build.formats.maven.settings import EXTENSIONS_FILE, MAVEN_FOLDER, SETTINGS_FILE, defined_by


class Reading(NamedTuple):
    """What was read of a tree.

    Attributes:
        poms: path -> what it says, or why nobody can tell.
        properties: folder of a `.mvn` -> the properties that its `maven.config` sets.
        extensions: folder of a `.mvn` -> the extensions that it names.
    """

    poms: dict[str, Pom | str]
    properties: dict[str, dict[str, str]]
    extensions: dict[str, tuple[Named, ...]]

    def take(self, files: Mapping[str, bytes | None]) -> None:
        """Read some files anew, by their paths; None: it is gone."""
        for path, content in files.items():
            above, _, name = path.rpartition("/")
            if above.rpartition("/")[2] != MAVEN_FOLDER:
                self.poms.pop(path, None)
                if content is not None:
                    self.poms[path] = pom_or_why(content)
            elif name == SETTINGS_FILE:
                self.properties[folder_of(above)] = defined_by(content or b"")
            elif name == EXTENSIONS_FILE:
                self.extensions[folder_of(above)] = extensions_of(content or b"")

    def dumped(self) -> bytes:
        """The same as bytes."""
        poms = {path: one if isinstance(one, str) else tuple(one) for path, one in self.poms.items()}
        return marshal.dumps((poms, self.properties, self.extensions))


def loaded(dumped: bytes) -> Reading:
    """What `Reading.dumped` kept."""
    poms, properties, extensions = marshal.loads(dumped)  # noqa: S302 - what a Reading dumped
    made = {path: one if isinstance(one, str) else Pom._make(one) for path, one in poms.items()}
    return Reading(made, properties, extensions)
