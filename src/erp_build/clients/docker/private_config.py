"""A configuration of Docker of our own, in place of the user's: private, temporary, and outside of the sources.

An empty folder does not isolate: the SDK then looks into the home, where a `credsStore` without its program makes every
call fail. So the folder holds a file.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.files.kept import home
from erp_build.clients.files.private_folder import private_folder
from erp_build.config.read_file import read_file
from erp_build.formats.image_name import DOCKER_HUB

VARIABLE = "DOCKER_CONFIG"
CONFIG_FILE = "config.json"
PLUGINS = "cli-plugins"
MORE_PLUGINS = "cliPluginsExtraDirs"
HUB_ADDRESS = "https://index.docker.io/v1/"
"""How Docker's own files and headers call Docker Hub."""


def address_of(host: str) -> str:
    """How Docker's files and headers call a registry."""
    return HUB_ADDRESS if host == DOCKER_HUB else host


_hidden: list[Path] = []
"""The user's folder, while this process is kept away from it."""


def users_folder() -> Path:
    """The folder of the user's configuration, which need not be there; also while it is hidden."""
    return _hidden[0] if _hidden else Path(os.environ.get(VARIABLE) or f"{home()}/.docker")


def read_config(folder: Path) -> Mapping[str, Any]:
    """The configuration in a folder; empty where there is none that can be read."""
    try:
        found = json.loads(read_file(folder / CONFIG_FILE))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def private_config(user: Path, sign_ins: Mapping[str, SignIn] | None = None) -> Iterator[Path]:
    """A folder for the block with nothing in it but sign-ins, and where the user's plugins lie; removed afterwards.

    Args:
        user: folder of the user's configuration.
        sign_ins: by the host of the registry.
    """
    content: dict[str, Any] = {"auths": {address_of(host): one.as_file_has_it() for host, one in sign_ins.items()}} \
        if sign_ins else {}  # fmt: skip
    # Where `docker buildx` was installed for this user alone, the program finds it beside the configuration.
    if folders := _plugin_folders(user):
        content[MORE_PLUGINS] = folders
    with private_folder("erp-build-docker-") as folder:
        descriptor = os.open(folder / CONFIG_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        yield folder


@contextmanager
def isolated(user: Path) -> Iterator[None]:
    """Keep the SDK of this process away from the user's configuration for the block."""
    before = os.environ.get(VARIABLE)
    with private_config(user) as folder:
        os.environ[VARIABLE] = str(folder)
        _hidden.append(user)
        try:
            yield
        finally:
            _hidden.pop()
            os.environ.pop(VARIABLE)
            os.environ.update({VARIABLE: before} if before is not None else {})


def _plugin_folders(user: Path) -> list[str]:
    more = read_config(user).get(MORE_PLUGINS)
    named = [one for one in more if isinstance(one, str)] if isinstance(more, list) else []
    return [*([str(user / PLUGINS)] if (user / PLUGINS).is_dir() else []), *named]
