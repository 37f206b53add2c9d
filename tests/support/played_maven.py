"""A stand-in for Maven that says and does what a test wants: a script `mvn` in front of PATH."""

import os
from pathlib import Path
from zipfile import ZipFile

import pytest

from erp_build.clients.maven.program import Maven
from erp_build.clients.maven.reactor import MavenModule
from erp_build.errors import BuildFailed
from erp_build.model.build_options import BuildOptions
from tests.fakes.account import FakeProgress
from tests.support.assembly import surroundings

BOOT = "Main-Class: org.springframework.boot.loader.launch.JarLauncher\n"
THIN = "Main-Class: com.erp.App\n"


def jar(path: Path, manifest: str = BOOT) -> Path:
    """Write a jar with this manifest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest)
    return path


SCRIPT = """#!/bin/sh
cd "{calls}"
number=$(ls | grep -c words)
echo "$@" > "words-$number"
play="play-$number"
test -f "$play" || play=$(ls | grep play | tail -1)
cd "{root}"
. "{calls}/$play"
"""


class PlayedMaven:
    """Scripts of Maven's calls, one for each; the last one is played again and again.

    Attributes:
        handed: the services and their jars, in the order in which they were handed over.
    """

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.handed: list[tuple[str, Path]] = []
        self.progress = FakeProgress()
        self._calls = root / "calls"
        self._calls.mkdir()
        folder = root / "bin"
        folder.mkdir()
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        script = folder / "mvn"
        script.write_text(SCRIPT.format(calls=self._calls, root=root), encoding="utf-8")
        script.chmod(0o755)

    def plays(self, *scripts: str) -> None:
        """Say what the calls do; each script starts in the repository's root."""
        for number, text in enumerate(scripts):
            (self._calls / f"play-{number}").write_text(text, encoding="utf-8")

    @property
    def words(self) -> list[str]:
        """The arguments of each call, with the repository's root as `ROOT`."""
        found = sorted(self._calls.glob("words-*"))
        return [file.read_text(encoding="utf-8").strip().replace(str(self.root), "ROOT") for file in found]

    def package(self, *modules: str | MavenModule) -> BuildFailed | None:
        """Build services, given by their folders; returns the error."""
        services = [MavenModule(Path(one).name, self.root / one) if isinstance(one, str) else one for one in modules]
        maven = Maven(surroundings(self.root, self.root / "scratch", self.progress), BuildOptions())
        try:
            maven.package(services, self._take)
        except BuildFailed as error:
            return error
        return None

    def _take(self, name: str, made: Path, _: float) -> None:
        self.handed.append((name, made))
        # For the script, which may wait for it.
        (self.root / f"handed-{name}").touch()


def waits(name: str) -> str:
    """The lines of a script that wait until the jar of a service was handed over, and fail if it never is."""
    there = f"test -f handed-{name}"
    return f"for n in $(seq 300); do {there} && break; sleep 0.1; done; {there} || exit 9\n"


def begins(artifact: str, group: str = "com.erp") -> str:
    """The line of a script that begins a module."""
    return f"echo '[INFO] -----< {group}:{artifact} >-----'\n"


def skips(artifact: str) -> str:
    """The line of a script that leaves a module out, because one that it needs has failed."""
    return f"echo '[INFO] Skipping {artifact}'\n"


def makes(folder: str, name: str = "app.jar", of: str = "prepared.jar") -> str:
    """The line of a script that makes a jar of a prepared one."""
    target = f"{folder}/target"
    return f"mkdir -p {target}; cp {of} {target}/{name}.new; mv {target}/{name}.new {target}/{name}\n"


def fails(artifact: str, why: str = "Compilation failure") -> str:
    """The lines of a script that say at Maven's end that a module failed."""
    return f"echo '[ERROR] Failed to execute goal x:y:1:z (default) on project {artifact}: {why} -> [Help 1]'\n"
