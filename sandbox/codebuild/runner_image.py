"""The images of Dockerfile.runner, built without pulling one: on a Debian that the machine's own apt unpacks.

`RUNNER_IMAGE` is the one with an engine, `SLIM_IMAGE` the one without.

The stages in which packages are downloaded stand on an image that knows what this machine's clients know (mirrors,
certificates); nothing of it gets into the runner image. What takes minutes is kept in the cache, by what it is made of.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker.errors

from sandbox.codebuild import debian_images
from sandbox.docker import engine
from sandbox.errors import SandboxError
from sandbox.paths import CACHE, ROOT

REPOSITORY = "erp-build-runner"
TOOLS, SLIM_TOOLS = "erp-build-runner-tools", "erp-build-runner-slim-tools"
DOCKERFILE = "Dockerfile.runner"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Arguments that every builder knows: they are in no layer and no history."""

OF_TOOLS = ("requirements/run.lock", "requirements/build.lock")
OF_RUNNER = (*OF_TOOLS, DOCKERFILE, "pyproject.toml", "README.md", "LICENSE", "src", "scripts")


class RunnerImage:
    """An image of this source in the sandbox's engine.

    Args:
        stage: of the Dockerfile.
        name: what the sandbox calls it.
    """

    def __init__(self, stage: str, name: str) -> None:
        self.name = name
        self._stage = stage

    @property
    def image(self) -> str:
        """The name of the image of this source."""
        return f"{REPOSITORY}:{self._stage}-{_key(OF_RUNNER)}"

    def size(self) -> int:
        """Bytes of the image, unpacked."""
        with engine.client() as api:
            return int(api.images.get(self.image).attrs["Size"])

    def is_up(self) -> bool:
        """Whether the engine has the image of this very source."""
        return _there(self.image)

    def up(self) -> None:
        """Build it: minutes the first time, and seconds when nothing but the source of erp_build changed."""
        with _alone():
            self._make()

    def _make(self) -> None:
        if self.is_up():
            return
        tools, slim = (f"{name}:{_key(OF_TOOLS)}" for name in (TOOLS, SLIM_TOOLS))
        if not (_there(tools) and _there(slim)):
            _get_tools(tools, slim)
        _build(self.image, self._stage, TOOLS=tools, SLIM_TOOLS=slim)
        print(f"  {self.image}: {self.size() / 1e6:.0f} MB", flush=True)

    def down(self) -> None:
        """It goes with the engine."""


RUNNER_IMAGE = RunnerImage("runner", "runner image")
SLIM_IMAGE = RunnerImage("slim", "slim runner image")


@contextmanager
def _alone() -> Iterator[None]:
    """Let tests that run at once not build the same twice."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "runner-image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _get_tools(tools: str, slim: str) -> None:
    """Load everything but erp_build from the cache, or build it and put it there; the two share their layers."""
    archive = CACHE / f"{tools.replace(':', '-')}.tar"
    if archive.exists():
        _docker("load", "--quiet", "--input", str(archive))
        return
    print("  tools of the runner image ... (some minutes the first time)", flush=True)
    began = time.monotonic()
    debian_images.ensure()
    bases = {"BASE": debian_images.DEBIAN, "PYTHON": debian_images.MACHINE, "GO": debian_images.MACHINE}
    _build(slim, "slim-tools", **bases)
    _build(tools, "tools", **bases)
    part = archive.with_suffix(f".{os.getpid()}.part")
    _docker("save", "--output", str(part), tools, slim)
    for old in CACHE.glob(f"{TOOLS}-*.tar"):
        old.unlink()
    part.rename(archive)
    print(f"  tools of the runner image: {time.monotonic() - began:.0f} s", flush=True)


def _build(name: str, target: str, **arguments: str) -> None:
    given = {**arguments, **{proxy: os.environ[proxy] for proxy in PROXIES if proxy in os.environ}}
    words = (word for item in given.items() for word in ("--build-arg", "=".join(item)))
    options = ("--network", "host", "--file", DOCKERFILE, "--target", target, "--tag", name)
    _docker("build", "--quiet", *options, *words, ".")


def _docker(*words: str) -> None:
    """Run the docker command of Debian's package: it has BuildKit, which leaves out the stages that are not needed."""
    program = shutil.which("docker", path="/usr/bin") or "docker"
    # A build leaves the id of its builder in the folder of the program's configuration.
    with tempfile.TemporaryDirectory(prefix="erp-build-docker-") as configuration:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "DOCKER_CONFIG": configuration,
            "DOCKER_HOST": engine.address(),
            "DOCKER_BUILDKIT": "1",
        }
        done = subprocess.run([program, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxError(f"`docker {words[0]}` of the runner image failed:\n{(done.stderr or done.stdout)[-4000:]}")


def _there(name: str) -> bool:
    try:
        with engine.client() as api:
            api.images.get(name)
    except docker.errors.DockerException:
        return False
    return True


def _key(inputs: Iterable[str]) -> str:
    """What the image is made of, as twelve hex digits."""
    digest = hashlib.sha256(debian_images.RECIPE.encode() + _stages_of_tools().encode())
    for path in sorted(_files(ROOT / name for name in inputs)):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _stages_of_tools() -> str:
    """What the Dockerfile says of everything but erp_build."""
    text = (ROOT / DOCKERFILE).read_text(encoding="utf-8").partition("FROM ${SLIM_TOOLS} AS wheel")[0]
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        found = path.rglob("*") if path.is_dir() else (path,)
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)
