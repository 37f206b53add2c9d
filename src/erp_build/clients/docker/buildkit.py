"""BuildKit, through the docker program: for Dockerfiles that the classic builder cannot read."""

import shutil
from collections.abc import Callable, Sequence
from typing import IO

from erp_build.clients.docker.engine import EngineBuild
from erp_build.clients.docker.stall import IMAGE_BUILD_S
from erp_build.clients.process import TimedOut, child_environment, run, tail
from erp_build.errors import BuildFailed

VERSION_TIMEOUT_S = 30.0


class BuildKit:
    """`docker buildx build` into the engine's own images.

    Without provenance and SBOM: each would turn the image into an index, which neither the scan nor Lambda accepts.
    """

    def require_installed(self, where: str, needs: Sequence[tuple[int, str]]) -> None:
        """Raise `BuildFailed` if BuildKit is not installed."""
        env = child_environment("DOCKER_", "BUILDX_")
        if not shutil.which("docker") or run(["docker", "buildx", "version"], env=env, timeout=VERSION_TIMEOUT_S).code:
            lines = "\n".join(f"line {line}: {found}" for line, found in needs)
            raise BuildFailed(
                "the Dockerfile needs BuildKit, which is not installed",
                where=where,
                why=lines or 'builder = "buildkit" in erp-build.toml',
                next_step="install the docker program with its plugin buildx, or rewrite these lines without BuildKit",
            )

    def build(self, request: EngineBuild, context: IO[bytes], on_line: Callable[[str], None]) -> None:
        """Build an image from a context and give it to the engine."""
        pairs = [("--label", request.labels), ("--build-arg", request.arguments)]
        words = [word for flag, items in pairs for name, value in items.items() for word in (flag, f"{name}={value}")]
        options = ["--load", "--provenance=false", "--sbom=false", "--progress=plain"]
        named = ["--file", request.dockerfile, "--tag", request.tag]
        named += ["--target", request.stage] if request.stage else []
        try:
            done = run(
                ["docker", "buildx", "build", *options, *named, *words, "-"],
                env=child_environment("DOCKER_", "BUILDX_"),
                stdin=context,
                timeout=IMAGE_BUILD_S,
                on_line=on_line,
            )
        except TimedOut as error:
            raise BuildFailed("BuildKit took too long", where=request.where, why=tail(error.tail)) from error
        if done.code:
            raise BuildFailed(
                "the image was not built",
                where=request.where,
                why=tail(f"{done.stdout}\n{done.stderr}"),
                next_step="docker buildx build in the service's directory shows the same",
            )
