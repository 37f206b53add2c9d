"""BuildKit, through the docker program: for Dockerfiles that the classic builder cannot read."""

import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from erp_build.clients.docker.engine import EngineBuild
from erp_build.clients.docker.events import hint_of
from erp_build.clients.docker.private_config import VARIABLE, private_config, users_folder
from erp_build.clients.docker.server import VARIABLES, DockerServer, default_server
from erp_build.clients.docker.stall import IMAGE_BUILD_S
from erp_build.clients.files.private_folder import private_folder
from erp_build.clients.process import TimedOut, child_environment, run, tail
from erp_build.errors import BuildFailed

VERSION_TIMEOUT_S = 30.0
BY_HAND = "docker buildx build in the service's directory shows the same"


class BuildKit:
    """`docker buildx build` into the engine's own images.

    Without provenance and SBOM: each would turn the image into an index, which neither the scan nor Lambda accepts.
    The program sees a configuration of Docker with the sign-ins of its build alone, which is removed afterwards.

    Args:
        find: finds the engine.
        user: folder of the user's configuration, for the plugins that are installed there.
        mask: replaces secrets in a text.
    """

    def __init__(
        self,
        find: Callable[[], DockerServer] = default_server,
        user: Path | None = None,
        mask: Callable[[str], str] = str,
    ) -> None:
        self._find = find
        self._user = user or users_folder()
        self._mask = mask

    def require_installed(self, where: str, needs: Sequence[tuple[int, str]]) -> None:
        """Raise `BuildFailed` if BuildKit is not installed."""
        if not shutil.which("docker") or not self._answers():
            lines = "\n".join(f"line {line}: {found}" for line, found in needs)
            raise BuildFailed(
                "the Dockerfile needs BuildKit, which is not installed",
                where=where,
                why=lines or 'builder = "buildkit" in erp-build.toml',
                next_step="install the docker program with its plugin buildx, or rewrite these lines without BuildKit",
            )

    def build(
        self,
        request: EngineBuild,
        context: IO[bytes],
        on_line: Callable[[str], None],
        given: Mapping[str, str] | None = None,
    ) -> None:
        """Build an image from a context and give it to the engine.

        Args:
            request: what it is built as.
            context: a tar.
            on_line: called for each line of output.
            given: secrets that the Dockerfile may mount, by their ids. They are variables of the program, because every
                user of the machine can read its arguments.
        """
        given = given or {}
        try:
            with (
                private_config(self._user, request.sign_ins) as config,
                _unpacked(context, request) as (folder, dockerfile),
            ):
                done = run(
                    [*_words(request, given), "--file", str(dockerfile), str(folder)],
                    env={**given, **self._environment(config)},
                    timeout=IMAGE_BUILD_S,
                    on_line=lambda line: on_line(self._mask(line)),
                )
        except TimedOut as error:
            why = self._mask(tail(error.tail))
            raise BuildFailed("BuildKit took too long", where=request.where, why=why) from None
        if done.code:
            why = self._mask(tail(f"{done.stdout}\n{done.stderr}"))
            hint = hint_of(why, BY_HAND, pushing=False)
            raise BuildFailed("the image was not built", where=request.where, why=why, next_step=hint)

    def _answers(self) -> bool:
        with private_config(self._user) as config:
            env = self._environment(config)
            return run(["docker", "buildx", "version"], env=env, timeout=VERSION_TIMEOUT_S).code == 0

    def _environment(self, config: Path) -> dict[str, str]:
        kept = child_environment("DOCKER_", "BUILDX_")
        # A context is none of the private configuration, and the engine's variables stand for what it said.
        others = {name: value for name, value in kept.items() if name not in VARIABLES}
        return {**others, **self._find().variables(), VARIABLE: str(config)}


def _words(request: EngineBuild, given: Mapping[str, str]) -> list[str]:
    """The command, without a secret in it."""
    pairs = [("--label", request.labels), ("--build-arg", request.arguments)]
    words = [word for flag, items in pairs for name, value in items.items() for word in (flag, f"{name}={value}")]
    words += [word for name in given for word in ("--secret", f"id={name},env={name}")]
    options = ["--load", "--provenance=false", "--sbom=false", "--progress=plain"]
    named = ["--tag", request.tag]
    named += ["--target", request.stage] if request.stage else []
    return ["docker", "buildx", "build", *options, *named, *words]


@contextmanager
def _unpacked(context: IO[bytes], request: EngineBuild) -> Iterator[tuple[Path, Path]]:
    """A context as a folder for the block, and its Dockerfile in another one.

    As a stream it can be read once, and a Dockerfile with a `# syntax=` line is read by two programs (Docker 20.10).
    What `.dockerignore` excludes is not in it, so nothing more is excluded but what the builder has for itself.
    """
    with private_folder("erp-build-context-") as both:
        folder, beside = both / "context", both / "dockerfile"
        for one in (folder, beside):
            one.mkdir()
        with tarfile.open(fileobj=context) as tar:
            tar.extractall(folder, filter="fully_trusted")  # noqa: S202 - we have written it
        copy = beside / "Dockerfile"
        shutil.copyfile(folder / request.dockerfile, copy)
        for unsent in request.unsent:
            (folder / unsent).unlink(missing_ok=True)
        (beside / f"{copy.name}.dockerignore").write_text("# nothing\n", encoding="ascii")
        yield folder, copy
