"""How Maven is started: its program, the words that say what it works on, and where."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from erp_build.clients.clock import Clock
from erp_build.clients.maven.checkout import MavenCheckout, Needs
from erp_build.clients.maven.folder_lock import hold_folders
from erp_build.clients.maven.place import wrapper_of
from erp_build.clients.maven.reactor import MavenModule, Reactor, reactors
from erp_build.formats.maven.pom import POM_FILE


class MavenCall(NamedTuple):
    """A call of Maven without its options and goals.

    Attributes:
        words: the program, and what says which poms it works on.
        start: its working directory.
        variables: of its environment, besides what it gets anyway.
        inherited: descriptors of locks, which it holds as long as it runs.
    """

    words: tuple[str, ...]
    start: Path
    variables: Mapping[str, str] = {}
    inherited: tuple[int, ...] = ()


def program_of(needs: Needs) -> tuple[str, ...]:
    """The wrapper of a service, else `mvn`."""
    wrapper = wrapper_of(needs)
    # Through sh: a source that CodePipeline passes on as a zip has lost the executable bit.
    return ("sh", str(wrapper)) if wrapper else ("mvn",)


def call_of(reactor: Reactor, scratch: Path, inherited: tuple[int, ...]) -> MavenCall:
    """The call that builds a reactor; a generated pom is written into `scratch`."""
    program = program_of(reactor.members[0].needs)
    # Where Maven's script looks for `.mvn`, instead of above the pom.
    variables = {"MAVEN_BASEDIR": str(reactor.settings_folder)} if reactor.settings_folder else {}
    return MavenCall((*program, *reactor.words(scratch)), reactor.start, variables, inherited)


def call_alone(folder: Path) -> MavenCall:
    """The call for a service that needs no other module."""
    return MavenCall((*program_of(Needs(folder, own=(folder,), tops=(folder,))), "--file", POM_FILE), folder)


@contextmanager
def call_for_goals(
    folder: Path, checkout: MavenCheckout, scratch: Path, clock: Clock, timeout: float
) -> Iterator[MavenCall]:
    """The call for goals on one service, with the modules that it needs; it holds their locks for the block.

    Args:
        folder: the service's.
        checkout: the poms.
        scratch: a private folder outside of the sources.
        clock: the time.
        timeout: seconds to wait for another Maven in one of these modules.

    Raises `BuildFailed` where that takes longer.
    """
    if checkout.needs_of(folder).apart == (folder,):
        yield call_alone(folder)
        return
    (reactor,) = reactors([MavenModule(folder.name, folder)], checkout)
    with (
        hold_folders(reactor.roots, clock, lambda _: None, timeout) as inherited,
        TemporaryDirectory(dir=scratch) as own,
    ):
        yield call_of(reactor, Path(own), inherited)
