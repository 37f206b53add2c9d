"""What a packager is: it makes what the Dockerfile of a service takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from erp_build.build.packagers.workbench import Workbench
from erp_build.clients.effects import OnPackaged
from erp_build.model.packaging import Described
from erp_build.model.project import Function, Service


class Packager(Described, Protocol):
    """Makes what the Dockerfiles of its services take, such as a jar; `package` of a service names it.

    `main`, `load_project` and `open_clients` take packagers of your own.

    Attributes:
        name: as `package` in erp-build.toml names it: small letters, digits, `-`; not `maven` or `none`.
        key: what it does, as a text: a part of each content key, so that a change of it builds its services anew.
        inputs: path patterns, or directories, that it reads beside the directories of its services.
        makes: the folder below a service's directory that it makes for the Dockerfile, such as `build/libs`. What lies
            there is no input, and need not be there before it has worked.
    """

    def require_packable(self, folder: Path, /) -> None:
        """Raise one of our errors if a program or a file that it needs for the service in a folder is not there."""

    def package(self, bench: Workbench, targets: Sequence[Service | Function], on_packaged: OnPackaged, /) -> None:
        """Package some services, and call `on_packaged` with the name of each that is complete, and its seconds.

        Raises `BuildFailed` after everything else is made; its `targets` are those that failed.
        """
