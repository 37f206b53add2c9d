"""The container of a build, as CodeBuild makes it: of the runner image, privileged, with an engine of its own.

Or of the slim image, with neither.

It shares the network of this machine, where the sandbox listens on loopback, so its engine gets a bridge of its own
(without one it would take away the bridge of the engine here) and makes no firewall rule. Its own are also the engine's
data and the home directory, but for Maven's repository (CodeBuild's cache). The machine's certificates are lent to it,
as its Maven may have to download.
"""

import io
import json
import sys
import tarfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.types import Mount

from sandbox import erp_build_process
from sandbox.codebuild import runner_image
from sandbox.docker import engine
from sandbox.tenants.tenant import Tenant

OF_THIS_MACHINE = ("PATH", "HOME", "TMPDIR", "DOCKER_HOST", "SSL_CERT_FILE")
"""Variables of a run on this machine that mean nothing in a container."""

CERTIFICATES = Path("/etc/ssl/certs")
ENGINE_DATA = "/var/lib/docker"
"""A volume: an engine cannot keep its layers in another one's."""


@dataclass(frozen=True, slots=True)
class BuildContainer:
    """A running container, in which the commands of a buildspec run.

    Attributes:
        container: docker's own object.
        loud: show what commands print while they run.
    """

    container: Any
    loud: bool = False

    def shell(self, command: str, source: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run it in the container, as root."""
        return self.run(["sh", "-c", command], source, environment)

    def run(
        self, words: list[str], folder: Path = Path("/"), environment: Mapping[str, str] | None = None, user: str = ""
    ) -> tuple[int, str]:
        """Run a program; returns its exit code and what it printed."""
        identifier, chunks = self._begun(words, folder, environment, user)
        printed = bytearray()
        # Docker's client leaves it to its caller to close the answer of a stream, and shows it nowhere else.
        with closing(chunks._response):  # noqa: SLF001
            for chunk in chunks:
                printed += chunk
                if self.loud:
                    sys.stderr.buffer.write(chunk)
                    sys.stderr.buffer.flush()
        code = int(self.container.client.api.exec_inspect(identifier)["ExitCode"])
        return code, printed.decode("utf-8", "replace")

    def printing(self, words: list[str], folder: Path, environment: Mapping[str, str]) -> Generator[bytes, None, None]:
        """Run a program, and give what it prints as it comes; whoever has seen enough closes the iterator."""
        _, chunks = self._begun(words, folder, environment, "")
        with closing(chunks._response):  # noqa: SLF001 - as above
            yield from chunks

    def _begun(
        self, words: list[str], folder: Path, environment: Mapping[str, str] | None, user: str
    ) -> tuple[str, Any]:
        """The identifier of a program that was begun, and the stream of what it prints."""
        api = self.container.client.api
        made = api.exec_create(
            self.container.id, words, workdir=str(folder), environment=dict(environment or {}), user=user
        )
        return made["Id"], api.exec_start(made["Id"], stream=True)


@contextmanager
def started(source: Path, *, loud: bool = False) -> Iterator[BuildContainer]:
    """A build container that sees a source, at the path that it has here; it goes with everything that was in it."""
    with engine.client(timeout=1800) as api, engine.bridge() as bridge:
        container = _created(
            api,
            runner_image.RUNNER_IMAGE.image,
            **_rights(_lent(source)),
            mounts=[Mount(ENGINE_DATA, None, type="volume")],
        )
        with _running(container, {"docker/daemon.json": _settings(bridge)}, loud=loud) as machine:
            yield machine


@contextmanager
def started_without_engine(source: Path, *, loud: bool = False) -> Iterator[BuildContainer]:
    """The same of the slim image: unprivileged, and no engine can be reached."""
    with (
        engine.client(timeout=1800) as api,
        _running(_created(api, runner_image.SLIM_IMAGE.image, volumes=_lent(source)), {}, loud=loud) as machine,
    ):
        yield machine


def _lent(source: Path) -> list[str]:
    """What a container has of this machine: the source, Maven's repository, certificates."""
    maven = Path.home() / ".m2"
    maven.mkdir(exist_ok=True)
    certificates = [f"{CERTIFICATES}:{CERTIFICATES}:ro"] if CERTIFICATES.exists() else []
    return [f"{source}:{source}", f"{maven}:/root/.m2", *certificates]


def _created(api: Any, image: str, **rights: Any) -> Any:
    # As in CodeBuild, the image's entrypoint is not run.
    return api.containers.create(image, entrypoint=["sleep", "infinity"], init=True, network_mode="host", **rights)


@contextmanager
def _running(container: Any, settings: Mapping[str, bytes], *, loud: bool) -> Iterator[BuildContainer]:
    try:
        container.put_archive("/etc", _archive(settings))
        container.start()
        yield BuildContainer(container, loud)
    finally:
        container.remove(force=True, v=True)


def variables(erp: Tenant, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a run of a tenant's build role gets on this machine, but for what only means something here."""
    given = erp_build_process.environment(extra=extra, role_of=erp)
    return {name: value for name, value in given.items() if name not in OF_THIS_MACHINE}


def _rights(volumes: list[str]) -> dict[str, Any]:
    """Privileged mode, or on a machine that has not all rights itself what an engine needs of them; and the volumes."""
    own = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapBnd"))
    all_of_them = (1 << int(Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1) - 1
    if int(own.split()[1], 16) == all_of_them:
        return {"privileged": True, "volumes": volumes}
    return {
        "cap_add": ["SYS_ADMIN", "NET_ADMIN"],
        "security_opt": ["seccomp=unconfined", "apparmor=unconfined"],
        "volumes": [*volumes, "/sys/fs/cgroup:/sys/fs/cgroup"],
    }


def _settings(bridge: str) -> bytes:
    """The engine's settings."""
    return json.dumps({"bridge": bridge, "iptables": False, "ip-forward": False}).encode()


def _archive(files: Mapping[str, bytes]) -> bytes:
    """Files by their names below the folder that the archive is for."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
