"""The steps from a base image to an image, as a Dockerfile gives them, with every variable replaced."""

from collections.abc import Mapping
from typing import NamedTuple


class Obstacle(NamedTuple):
    """Why no image can be made of a Dockerfile without an engine.

    Attributes:
        line: of the Dockerfile; 0: no line of it, but the base image.
        what: the reason, for a reader.
    """

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}" if self.line else self.what


class Owner(NamedTuple):
    """The numbers of a user and a group."""

    user: int
    group: int


class Copy(NamedTuple):
    """COPY, or ADD of jars: files and folders out of the build context, or out of another image.

    Attributes:
        line: of the Dockerfile.
        text: what the image's history says of it.
        sources: paths or patterns of `filepath.Match`, with their variables replaced; at least one, none empty.
        destination: absolute and without `.` and `..`; a `/` at its end says that it is a folder. Without one, a
            pattern may match one thing only: the builders disagree about more.
        from_image: the image that the files lie in; empty: the build context.
        owner: of all that is copied and of the folders that it needs; None: 0 and 0, or of an image's file its own.
        mode: the nine bits of all files and folders that are copied; None: each keeps its own.
        is_add: whether the builder would unpack an archive. Every file must begin as a zip does (`PK`), which it leaves
            as it is; else no image can be made.
    """

    line: int
    text: str
    sources: tuple[str, ...]
    destination: str
    from_image: str = ""
    owner: Owner | None = None
    mode: int | None = None
    is_add: bool = False


class MakeFolder(NamedTuple):
    """WORKDIR: a folder that is made where it is not there, with those above it, all of mode 0755.

    Attributes:
        line: of the Dockerfile.
        text: what the image's history says of it.
        path: absolute and without `.` and `..`; `/` makes nothing.
        setting: the working directory in the configuration: an absolute path as it is written, as the builder has it.
        user: the USER that stands above, to whom BuildKit gives what it makes; the classic builder gives it to root.
    """

    line: int
    text: str
    path: str
    setting: str
    user: str = ""


class Health(NamedTuple):
    """HEALTHCHECK; all times are nanoseconds, and 0 means that the engine's default counts.

    Attributes:
        test: `("NONE",)`, `("CMD", word, ...)` or `("CMD-SHELL", command)`.
        retries: failures in a row until a container counts as unhealthy.
    """

    test: tuple[str, ...]
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


class Setting(NamedTuple):
    """An instruction that changes the image's configuration alone.

    Attributes:
        line: of the Dockerfile.
        text: what the image's history says of it.
        keyword: ENV, LABEL, EXPOSE, VOLUME, USER, STOPSIGNAL, HEALTHCHECK, SHELL, CMD, ENTRYPOINT, MAINTAINER, ONBUILD.
        pairs: of ENV and LABEL, in their order.
        words: of every other one; ports as `8080/tcp`; of a shell's command the one text that the shell runs.
        is_shell: of CMD and ENTRYPOINT, whether the shell runs the words.
        health: of HEALTHCHECK.
    """

    line: int
    text: str
    keyword: str
    pairs: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    is_shell: bool = False
    health: Health | None = None


Step = Copy | MakeFolder | Setting


class Recipe(NamedTuple):
    """What an image is made of.

    Attributes:
        base: the image that it begins with, by the name in the Dockerfile; empty: `scratch`.
        platform: such as `linux/amd64`.
        steps: in their order.
    """

    base: str
    platform: str
    steps: tuple[Step, ...]


def label_setting(labels: Mapping[str, str]) -> Setting:
    """The labels that a build adds behind the last line of the Dockerfile."""
    pairs = tuple(labels.items())
    return Setting(0, f"LABEL {' '.join(f'{name}={value}' for name, value in pairs)}", "LABEL", pairs)
