"""Builds jars with Maven: one process for several services, each jar handed on as soon as it is complete."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from erp_build.clients.clock import Clock
from erp_build.clients.maven.folder_lock import hold_folders
from erp_build.clients.maven.jdk import choose_jdk, jdk_release, wanted_release
from erp_build.clients.maven.output import MavenOutput, OnJar
from erp_build.clients.maven.reactor import MavenModule, artifact_of, reactor_groups, write_aggregator
from erp_build.clients.process import Result, TimedOut, child_environment, run, tail
from erp_build.errors import BuildFailed, combine
from erp_build.formats.maven.failure import Failure, failures
from erp_build.formats.maven.log import plain
from erp_build.model.project import BuildOptions

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
        scratch: a private folder outside of the sources.
        logs: folder for Maven's whole output; None keeps none.
        clock: the time.
        say, detail: called with a line and a service's name, for progress and for Maven's own output.
        mask: replaces secrets in a text.
        given: variables that Maven gets besides ours; called when it is started.
    """

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
        if not (folder / "mvnw").is_file() and not shutil.which("mvn"):
            raise BuildFailed("there is no Maven", where="PATH", next_step="install Maven, or add the wrapper (mvnw)")
        choose_jdk(wanted_release(folder / "pom.xml"), os.environ)

    def jdk_release(self, folder: Path) -> int | None:
        """The release of the JDK that a service is built with; None if none is known, and Maven chooses."""
        return jdk_release(folder / "pom.xml", os.environ)

    def package(self, modules: Sequence[MavenModule], on_jar: OnJar) -> None:
        """Make the jar of every module.

        Args:
            modules: the services' directories; those that can share a Maven reactor are built by one process.
            on_jar: called from another thread for each jar, in the order in which they are complete.

        Raises `BuildFailed` that names everything that failed, after everything else is built.
        """
        failures: dict[str, BuildFailed] = {}
        for group in _groups(modules):
            failures |= self._package_group(group, on_jar)
        if failures:
            error = combine(tuple(failures.values()))
            assert isinstance(error, BuildFailed)
            error.targets = frozenset(failures)
            raise error

    def _package_group(self, group: tuple[MavenModule, ...], on_jar: OnJar) -> dict[str, BuildFailed]:
        """Build a group; build modules again that failed only because a transfer failed."""
        failed = self._attempt(group, on_jar)
        again = tuple(
            module
            for module, failure in failed.items()
            if isinstance(failure, Failure) and failure.is_worth_another_try
        )
        if again:
            self._with.say(f"{failed[again[0]].what}; retrying once", again[0].name)
            failed = {module: failure for module, failure in failed.items() if module not in again}
            failed |= self._attempt(again, on_jar, update=True)
        return {module.name: _error(module, failure, self._log) for module, failure in failed.items()}

    def _attempt(
        self, group: tuple[MavenModule, ...], on_jar: OnJar, *, update: bool = False
    ) -> dict[MavenModule, Failure | BuildFailed]:
        folders = [module.folder for module in group]
        with (
            hold_folders(folders, self._with.clock, lambda text: self._with.say(text, group[0].name)) as inherited,
            tempfile.TemporaryDirectory(dir=self._with.scratch) as scratch,
        ):
            output = MavenOutput(group, self._with.clock, self._with.detail, on_jar)
            done = self._run(group, Path(scratch), output, inherited, update=update)
            output.close(succeeded=done.code == 0)
        return _failures(group, output, done)

    def _run(
        self,
        group: tuple[MavenModule, ...],
        scratch: Path,
        output: MavenOutput,
        inherited: tuple[int, ...],
        *,
        update: bool,
    ) -> Result:
        first = group[0].folder
        pom = first / "pom.xml" if len(group) == 1 else write_aggregator(scratch, group)
        # Through sh: a source that CodePipeline passes on as a zip has lost the executable bit.
        program = ["sh", str(first / "mvnw")] if (first / "mvnw").is_file() else ["mvn"]
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
                    [*program, *words, "--file", str(pom), "clean", "package"],
                    env=_environment(group, self._with.given(), has_wrapper=program != ["mvn"]),
                    cwd=first,
                    timeout=min(self._options.timeout, self._with.clock.time_left()),
                    on_line=on_line,
                    inherited=inherited,
                )
            except TimedOut as error:
                raise BuildFailed(
                    "Maven took too long",
                    where=", ".join(module.name for module in group),
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


def _groups(modules: Sequence[MavenModule]) -> Iterator[tuple[MavenModule, ...]]:
    """The modules that one Maven builds together, all with the JDK that each would get alone: it is in their keys."""
    by_jdk: dict[str, list[MavenModule]] = {}
    for module in modules:
        home = choose_jdk(wanted_release(module.folder / "pom.xml"), os.environ)
        by_jdk.setdefault(home or "", []).append(module)
    for together in by_jdk.values():
        yield from reactor_groups(together)


def _environment(group: tuple[MavenModule, ...], given: Mapping[str, str], *, has_wrapper: bool) -> dict[str, str]:
    wanted = max((wanted_release(module.folder / "pom.xml") or 0 for module in group), default=0)
    home = choose_jdk(wanted or None, os.environ)
    classes = "" if has_wrapper else _archived_classes(home)
    options = " ".join(word for word in (os.environ.get("MAVEN_OPTS", ""), FAST_JVM, classes) if word)
    ours = {"MAVEN_OPTS": options, **({"JAVA_HOME": home} if home else {})}
    return {**child_environment("JAVA_", "MAVEN_", "M2_"), **given, **ours}


def _archived_classes(home: str | None) -> str:
    """The JVM option for the class-data archive; empty without one, or if another JDK builds than the one it is for."""
    archive, own = os.environ.get(CLASSES_VARIABLE, ""), shutil.which("java")
    java = shutil.which("java", path=f"{home}/bin") if home else own
    is_own = own and java and os.path.realpath(java) == os.path.realpath(own)
    # Maven's script splits the options at blanks, so a path with a blank cannot be passed.
    return f"-XX:SharedArchiveFile={archive}" if is_own and len(archive.split()) == 1 else ""


def _failures(
    group: tuple[MavenModule, ...], output: MavenOutput, done: Result
) -> dict[MavenModule, Failure | BuildFailed]:
    """The modules that failed, and why; after a success only those without a jar."""
    if done.code == 0:
        return {module: output.troubles[module] for module in group if module not in output.complete}
    found = failures([*done.stdout.splitlines(), *done.stderr.splitlines()], done.code)
    by_artifact = {failure.module: failure for failure in found}
    blamed = [module for module in group if artifact_of(module.folder) in by_artifact]
    blamed = blamed or [module for module in group if module not in output.complete] or list(group)
    return {module: by_artifact.get(artifact_of(module.folder), found[0]) for module in blamed}


def _error(module: MavenModule, failure: Failure | BuildFailed, log: Path | None) -> BuildFailed:
    if isinstance(failure, BuildFailed):
        return failure
    kept = (f"the whole output is in {log}",) if log else ()
    return BuildFailed(
        failure.what,
        where=f"{module.name} ({module.folder})",
        why="\n".join((failure.summary, *kept)),
        next_step=f"{failure.next_step}; by hand: mvn -f {module.folder.name}/pom.xml clean package",
    )
