"""What builds: Maven and the engine together, for one repository."""

from collections.abc import Sequence
from pathlib import Path

from erp_build.domain.project import Function, Service
from erp_build.errors import BuildFailed
from erp_build.tools.engine import Engine
from erp_build.tools.maven import Maven


class LocalWorkshop:
    """Maven and engine of this machine."""

    def __init__(self, root: Path, maven: Maven, engine: Engine) -> None:
        self._root = root
        self._maven = maven
        self._engine = engine

    def check(self, targets: Sequence[Service | Function]) -> None:
        """Raise `BuildFailed` when a needed program, the engine or a service's files are not there."""
        for target in targets:
            source = self._root / target.path
            self._maven.check(source)
            if not (source / target.dockerfile).is_file():
                raise BuildFailed(
                    "there is no Dockerfile",
                    where=f"{target.path}/{target.dockerfile}",
                    next_step="add it, or correct `dockerfile` in erp-build.toml",
                )
        if targets:
            self._engine.check()
