"""No packager: the Dockerfile does it all."""

from collections.abc import Sequence
from pathlib import Path

from erp_build.build.packagers.workbench import Workbench
from erp_build.clients.effects import OnPackaged
from erp_build.model.packaging import NONE
from erp_build.model.project import Function, Service


class NoPackager:
    """Hands every service on at once."""

    name, key, makes = NONE, "", ""
    inputs: tuple[str, ...] = ()

    def require_packable(self, folder: Path) -> None:
        """Nothing is needed beside the Dockerfile."""

    def package(self, bench: Workbench, targets: Sequence[Service | Function], on_packaged: OnPackaged) -> None:  # noqa: ARG002
        """Nothing is made."""
        for target in targets:
            on_packaged(target.name, 0.0)
