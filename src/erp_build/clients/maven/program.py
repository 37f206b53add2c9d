"""Builds jars with Maven: one process for several services and what they need; each jar goes on when it is complete."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from erp_build.clients.clock import Clock
from erp_build.clients.maven.blame import Blame, blame, errors
from erp_build.clients.maven.call import MavenCall, call_for_goals, call_of
from erp_build.clients.maven.checkout import MavenCheckout
from erp_build.clients.maven.folder_lock import hold_folders
from erp_build.clients.maven.hand_over import HandOver, OnJar
from erp_build.clients.maven.jdk import choose_jdk, jdk_release
from erp_build.clients.maven.output import MavenOutput
from erp_build.clients.maven.place import release_of, wrapper_of
from erp_build.clients.maven.reactor import MavenModule, Member, Reactor, reactors
from erp_build.clients.process import Result, TimedOut, child_environment, run, tail
from erp_build.errors import BuildFailed, combine
from erp_build.formats.maven.failure import failures
from erp_build.formats.maven.log import plain
from erp_build.model.build_options import BuildOptions

STALLED_TRANSFER_MS = 60_000
"""Milliseconds without a byte from a repository. Maven's default, half an hour, is longer than a build."""

FLAGS = (
    "--batch-mode",
    "--no-transfer-progress",
    "-Dstyle.color=never",
    f"-Dmaven.wagon.rto={STALLED_TRANSFER_MS}",  # Maven 3.8
    f"-Daether.connector.requestTimeout={STALLED_TRANSFER_MS}",  # Maven 3.9 and newer
)
TEST_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "compile": ("-DskipTests",),
    "run": (),
    "skip": ("-Dmaven.test.skip=true",),
}
"""Value of `tests` in [build] -> Maven's options. The pipeline that this one replaces compiled tests and ran none."""

FAST_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""A build is too short for the optimising compiler to pay off: without it, Maven takes 0.61 of the time."""

CLASSES_VARIABLE = "ERP_BUILD_MAVEN_CLASSES"
"""Environment variable: a class-data archive for `java` and `mvn` in PATH (`scripts/archive-classes.sh`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MavenSurroundings:
    """The environment of Maven's calls.

    Attributes:
        root: of the repository, whose poms say what a service needs.
        scratch: a private folder outside of the sources.
        logs: folder for Maven's whole output; None keeps none.
        clock: the time.
        say, detail: called with a line and a service's name, for progress and for Maven's own output.
        mask: replaces secrets in a text.
        given: variables that Maven gets besides ours; called when it is started.
    """

    root: Path
    scratch: Path
    logs: Path | None
    clock: Clock
    say: Callable[[str, str], None]
    detail: Callable[[str, str], None]
    mask: Callable[[str], str]
    given: Callable[[], Mapping[str, str]] = dict


class Maven:
    """Builds jars with a service's own wrapper (mvnw), else with the `mvn` in PATH."""

    def __init__(self, surroundings: MavenSurroundings, options: BuildOptions) -> None:
        self._with = surroundings
        self._options = options
        self._checkout = MavenCheckout(surroundings.root)
        self._calls = 0
        self._log: Path | None = None

    def require_buildable(self, folder: Path) -> None:
        """Raise `BuildFailed` if the directory has no pom, or Maven or a fitting JDK is not installed."""
        if not (folder / "pom.xml").is_file():
            raise BuildFailed(
                "the service has no pom.xml",
                where=str(folder),
                why="the directory is not there" if not folder.is_dir() else "pom.xml is not there",
                next_step="correct `path` in erp-build.toml, or add the pom; where the Dockerfile does it all, write "
                'package = "none"',
            )
        needs = self._checkout.needs_of(folder)
        if not wrapper_of(needs) and not shutil.which("mvn"):
            raise BuildFailed("there is no Maven", where="PATH", next_step="install Maven, or add the wrapper (mvnw)")
        choose_jdk(release_of(needs), os.environ)

    def jdk_release(self, folder: Path) -> int | None:
        """The release of the JDK that a service is built with; None if none is known, and Maven chooses."""
        if not (folder / "pom.xml").is_file():
            return None
        return jdk_release(release_of(self._checkout.needs_of(folder)), os.environ)

    def goals_call(self, folder: Path, timeout: float) -> AbstractContextManager[MavenCall]:
        """A call of Maven for goals on one service and what it needs; see `call_for_goals`."""
        return call_for_goals(folder, self._checkout, self._with.scratch, self._with.clock, timeout)

    def package(self, modules: Sequence[MavenModule], on_jar: OnJar) -> None:
        """Make the jar of every module.

        Args:
            modules: the services' directories; those that can share a Maven reactor are built by one process.
            on_jar: called, mostly from another thread, for each jar that is complete.

        Raises `BuildFailed` that names everything that failed, after everything else is built.
        """
        groups = reactors(modules, self._checkout)
        jars = HandOver(on_jar, _written_by_others(groups))
        blamed = {member: one for group in groups for member, one in self._build(group, jars.take).items()}
        told = errors(blamed, self._checkout, self._with.root)
        told |= jars.finish(told)
        if told:
            error = combine(tuple(dict.fromkeys(told.values())))
            assert isinstance(error, BuildFailed)
            error.targets = frozenset(told)
            raise error

    def _build(self, reactor: Reactor, on_jar: OnJar, *, update: bool = False) -> dict[Member, Blame]:
        """Build a group; build again what failed for another reason than its sources."""
        blamed = self._attempt(reactor, on_jar, update=update)
        again = [member for member, one in blamed.items() if one.passes]
        if again and not update:
            self._with.say(f"{blamed[again[0]].what}; retrying once", again[0].name)
            # What they need is written anew, also where it is a service whose jar is complete.
            written = {folder for member in again for folder in member.needs.written}
            taken = [one for one in reactor.members if one in again or one.needs.folder in written]
            blamed = {member: one for member, one in blamed.items() if member not in taken}
            return blamed | self._build(reactor.only(taken), on_jar, update=True)
        unbegun = [one for one in blamed.values() if one.is_of_the_call]
        if unbegun and reactor.place.root and reactor.without_root() != reactor:
            self._with.say(f"{unbegun[0].what}; building without the root's other modules", reactor.members[0].name)
            return self._build(reactor.without_root(), on_jar, update=update)
        its = [one for one in reactor.members if unbegun and unbegun[0].folder in one.needs.written]
        others = [one for one in reactor.members if one not in its]
        if its and others:
            blamed = {member: one for member, one in blamed.items() if member in its}
            return blamed | self._build(reactor.only(others), on_jar, update=update)
        return blamed

    def _attempt(self, reactor: Reactor, on_jar: OnJar, *, update: bool) -> dict[Member, Blame]:
        first = reactor.members[0].name
        with (
            hold_folders(reactor.roots, self._with.clock, lambda text: self._with.say(text, first)) as inherited,
            tempfile.TemporaryDirectory(dir=self._with.scratch) as scratch,
        ):
            output = MavenOutput(reactor, self._with.clock, self._with.detail, on_jar)
            done = self._run(reactor, Path(scratch), output, inherited, update=update)
            found = failures([*done.stdout.splitlines(), *done.stderr.splitlines()], done.code) if done.code else ()
            failed = {one.module for one in found}
            output.close(None if "" in failed else failed)
        if not found:
            return {one: Blame(output.troubles[one]) for one in reactor.members if one not in output.complete}
        return blame(reactor, output, found, self._checkout, self._log)

    def _run(
        self, reactor: Reactor, scratch: Path, output: MavenOutput, inherited: tuple[int, ...], *, update: bool
    ) -> Result:
        call = call_of(reactor, scratch, inherited)
        # Maven repeats a failed resolution from its cache unless it is told to update.
        updates = ["--update-snapshots"] if update else []
        # One failed module must not keep the others from being built.
        words = [*FLAGS, *TEST_OPTIONS[self._options.tests], *updates, "--fail-at-end"]
        with self._kept() as keep:

            def on_line(line: str) -> None:
                keep(line)
                output.read(line)

            try:
                return run(
                    # `clean`: a jar of an earlier version would be a second one in `target`.
                    [*call.words, *words, "clean", "package"],
                    env={
                        **_environment(reactor.place.home, self._with.given(), has_wrapper=call.words[0] != "mvn"),
                        **call.variables,
                    },
                    cwd=call.start,
                    timeout=min(self._options.timeout, self._with.clock.time_left()),
                    on_line=on_line,
                    inherited=call.inherited,
                )
            except TimedOut as error:
                raise BuildFailed(
                    "Maven took too long",
                    where=", ".join(member.name for member in reactor.members),
                    why=f"{error}\n{tail(error.tail)}",
                    next_step="raise `timeout` of [build] in erp-build.toml, or run Maven by hand",
                ) from error

    @contextmanager
    def _kept(self) -> Iterator[Callable[[str], None]]:
        """Write every line to a log file of this call, with secrets masked."""
        if self._with.logs is None:
            yield lambda _: None
            return
        self._calls += 1
        self._with.logs.mkdir(parents=True, exist_ok=True)
        self._log = self._with.logs / f"maven-{self._calls}.log"
        with self._log.open("wb", buffering=0) as file:

            def keep(line: str) -> None:
                # A full disk ends the log, not the build; an error carries its last lines anyway.
                with suppress(OSError):
                    file.write(f"{self._with.mask(plain(line))}\n".encode())

            yield keep


def _written_by_others(groups: Sequence[Reactor]) -> frozenset[str]:
    """The services whose folders Maven writes into for another service too: by a later Maven, or in another attempt."""
    members = [member for group in groups for member in group.members]
    users: dict[Path, set[str]] = {}
    for member in members:
        for folder in member.needs.written:
            users.setdefault(folder, set()).add(member.name)
    return frozenset(one.name for one in members if any(len(users[folder]) > 1 for folder in one.needs.own))


def _environment(home: str, given: Mapping[str, str], *, has_wrapper: bool) -> dict[str, str]:
    classes = "" if has_wrapper else _archived_classes(home)
    options = " ".join(word for word in (os.environ.get("MAVEN_OPTS", ""), FAST_JVM, classes) if word)
    ours = {"MAVEN_OPTS": options, **({"JAVA_HOME": home} if home else {})}
    return {**child_environment("JAVA_", "MAVEN_", "M2_"), **given, **ours}


def _archived_classes(home: str) -> str:
    """The JVM option for the class-data archive; empty without one, or if another JDK builds than the one it is for."""
    archive, own = os.environ.get(CLASSES_VARIABLE, ""), shutil.which("java")
    java = shutil.which("java", path=f"{home}/bin") if home else own
    is_own = own and java and os.path.realpath(java) == os.path.realpath(own)
    # Maven's script splits the options at blanks, so a path with a blank cannot be passed.
    return f"-XX:SharedArchiveFile={archive}" if is_own and len(archive.split()) == 1 else ""
