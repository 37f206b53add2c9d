"""Who makes what a Dockerfile takes, where the Dockerfile lies, and from which folder it takes files."""

import posixpath
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from erp_build.model.project import Function, Service

MAVEN, NONE = "maven", "none"
"""The packagers of erp_build, as `package` names them."""


class Packaging(NamedTuple):
    """What detection and content keys know of a packager.

    Attributes:
        name: as `package` of a service names it.
        key: what it does, as a text; a change of it builds its services anew.
        inputs: path patterns, or directories, that it reads beside the directories of its services.
        makes: the folder below a service's directory that it makes for the Dockerfile; empty: none.
    """

    name: str
    key: str = ""
    inputs: tuple[str, ...] = ()
    makes: str = ""


class Described(Protocol):
    """What a packager says of itself."""

    @property
    def name(self) -> str:
        """As of `Packaging`."""

    @property
    def key(self) -> str:
        """As of `Packaging`."""

    @property
    def inputs(self) -> "Sequence[str]":
        """As of `Packaging`."""

    @property
    def makes(self) -> str:
        """As of `Packaging`."""


OUTPUT = "target"
"""The folder that Maven makes beside a pom."""

OWN = (Packaging(MAVEN, makes=OUTPUT), Packaging(NONE))


def packagings_of(packagers: "Iterable[Described]") -> tuple[Packaging, ...]:
    """What detection and content keys know of some packagers."""
    return tuple(Packaging(one.name, one.key, tuple(one.inputs), one.makes) for one in packagers)


def packaging_of(target: "Service | Function", others: "Iterable[Packaging]" = ()) -> Packaging:
    """The packager of a target; one that nobody has given makes nothing that is known.

    Args:
        target: a service or function.
        others: packagers that a caller of the library has given.
    """
    found = (one for one in (*OWN, *others) if one.name == target.package)
    return next(found, Packaging(target.package))


def is_maven(target: "Service | Function") -> bool:
    """Whether Maven makes the jar of a target."""
    return target.package == MAVEN


def dockerfile_of(target: "Service | Function") -> str:
    """The path of a target's Dockerfile from the repository's root."""
    return posixpath.normpath(f"{target.path}/{target.dockerfile}")


def context_of(target: "Service | Function") -> str:
    """The folder that is sent to the builder, from the repository's root; empty: the root itself."""
    return "" if target.context == "." else target.context or target.path


def made_in_context(target: "Service | Function", others: "Iterable[Packaging]" = ()) -> str:
    """The folder of the build context that the packager of a target makes; empty: none that is known."""
    made = packaging_of(target, others).makes
    return (within(context_of(target), f"{target.path}/{made}") or "") if made else ""


def has_wider_context(target: "Service | Function") -> bool:
    """Whether the builder gets files from outside of the target's own directory."""
    return bool(target.context) and not f"{context_of(target)}/".startswith(f"{target.path}/")


def within(context: str, path: str) -> str | None:
    """A path of the repository as the builder knows it, relative to the context; None where it lies outside of it."""
    if not context or path == context:
        return path if not context else "."
    start = f"{context}/"
    return path.removeprefix(start) if path.startswith(start) else None
