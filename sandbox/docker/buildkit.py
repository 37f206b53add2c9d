"""BuildKit as users have it: the plugin buildx, and the image `docker/dockerfile:1` that a `# syntax=` line names.

The engine has BuildKit itself. Its own reader of Dockerfiles is of 2020 and knows no heredocs: these need the image of
a newer one. Both are compiled from their Go modules into the cache. A run finds the plugin by `DOCKER_CONFIG`, as that
of a user who has installed it for himself; on the machine nothing is installed.
"""

import io
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import docker.errors

from sandbox.cluster.go_binaries import VERSIONS
from sandbox.component import Component
from sandbox.docker import engine
from sandbox.machine import go
from sandbox.paths import CACHE

DOCKER_CONFIG = CACHE / f"buildx-{VERSIONS['buildx']}"
"""A configuration's folder with nothing but the plugin."""

FRONTEND = "docker/dockerfile:1"


@dataclass(frozen=True, slots=True)
class Program:
    """A program of a module of its own; `seconds` is what it takes on two cores."""

    path: Path
    package: str
    version: str
    seconds: int


BUILDX = Program(
    DOCKER_CONFIG / "cli-plugins" / "docker-buildx",
    "github.com/docker/buildx/cmd/buildx",
    VERSIONS["buildx"],
    106,
)
DOCKERFILE_FRONTEND = Program(
    CACHE / f"dockerfile-frontend-{VERSIONS['buildkit']}" / "dockerfile-frontend",
    "github.com/moby/buildkit/frontend/dockerfile/cmd/dockerfile-frontend",
    VERSIONS["buildkit"],
    40,
)


class BuildKit:
    """The plugin and the image; the programs are compiled when they are missing."""

    name = "buildkit"

    def is_up(self) -> bool:
        """Whether the plugin is in the cache, and the frontend in the engine."""
        return BUILDX.path.exists() and _has_frontend()

    def up(self) -> None:
        """Compile what is missing, and make the frontend's image."""
        _compile((BUILDX, DOCKERFILE_FRONTEND))
        if not _has_frontend():
            with engine.client() as api:
                api.images.build(fileobj=_frontend(), custom_context=True, tag=FRONTEND, rm=True)

    def down(self) -> None:
        """The image goes with the engine, and the cache stays."""


BUILDKIT: Component = BuildKit()


def _compile(programs: tuple[Program, ...]) -> None:
    missing = [program for program in programs if not program.path.exists()]
    if missing:
        go.announce(len(missing), sum(program.seconds for program in missing))
    for program in missing:
        program.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=program.path.parent) as folder:
            # Outside of any module, because it is of a published one.
            with go.told(f"compiling {program.path.name} {program.version}"):
                words = ("install", "-trimpath", "-ldflags", "-s -w", f"{program.package}@{program.version}")
                go.run(*words, cwd=Path(folder), env={"GOBIN": folder, "CGO_ENABLED": "0"})
            (Path(folder) / program.package.rpartition("/")[2]).replace(program.path)


def _has_frontend() -> bool:
    try:
        with engine.client() as api:
            api.images.get(FRONTEND)
    except docker.errors.DockerException:
        return False
    return True


def _frontend() -> io.BytesIO:
    """A folder to build the frontend's image of, as a tar."""
    buffer = io.BytesIO()
    dockerfile = b'FROM scratch\nCOPY frontend /bin/\nENTRYPOINT ["/bin/frontend"]\n'
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile)
        tar.addfile(entry, io.BytesIO(dockerfile))
        tar.add(DOCKERFILE_FRONTEND.path, "frontend")
    buffer.seek(0)
    return buffer
