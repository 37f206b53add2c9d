"""The container of a build, as CodeBuild makes it: of the runner image, privileged, with an engine of its own.

It shares the network of this machine, where the sandbox listens on loopback, so its engine gets a bridge of its own
(without one it would take away the bridge of the engine here) and makes no firewall rule. Its own are also the engine's
data and the home directory, but for Maven's repository (CodeBuild's cache). The machine's certificates are lent to it,
as its Maven may have to download.
"""

import io
import json
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.types import Mount

from sandbox import erp_build_process
from sandbox.codebuild import buildspec, runner_image
from sandbox.docker import engine, java_base_image
from sandbox.errors import SandboxError
from sandbox.paths import STATE
from sandbox.tenants.tenant import Tenant

OF_THIS_MACHINE = ("PATH", "HOME", "TMPDIR", "DOCKER_HOST", "SSL_CERT_FILE")
"""Variables of a run on this machine that mean nothing in a container."""

BASE = ":".join(java_base_image.IMAGE)
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
        api = self.container.client.api
        made = api.exec_create(
            self.container.id, words, workdir=str(folder), environment=dict(environment or {}), user=user
        )
        printed = bytearray()
        chunks = api.exec_start(made["Id"], stream=True)
        # Docker's client leaves it to its caller to close the answer of a stream, and shows it nowhere else.
        with closing(chunks._response):  # noqa: SLF001
            for chunk in chunks:
                printed += chunk
                if self.loud:
                    sys.stderr.buffer.write(chunk)
                    sys.stderr.buffer.flush()
        return int(api.exec_inspect(made["Id"])["ExitCode"]), printed.decode("utf-8", "replace")

    def load_base(self, phase: str) -> None:
        """Give the engine the image that the sample's Dockerfiles begin with: there is no registry to pull it from."""
        if phase != "install":
            return
        code, printed = self.run(["docker", "load", "--quiet", "--input", str(_base_archive())])
        if code:
            raise SandboxError(f"the build container's engine does not take {BASE}: {printed}")


@contextmanager
def started(source: Path, *, loud: bool = False) -> Iterator[BuildContainer]:
    """A build container that sees a source, at the path that it has here; it goes with everything that was in it."""
    maven = Path.home() / ".m2"
    maven.mkdir(exist_ok=True)
    read = [f"{path}:{path}:ro" for path in (_base_archive(), CERTIFICATES) if path.exists()]
    lent = [f"{source}:{source}", f"{maven}:/root/.m2", *read]
    with engine.client(timeout=1800) as api, engine.bridge() as bridge:
        # As in CodeBuild, the image's entrypoint is not run.
        container = api.containers.create(
            runner_image.image(),
            entrypoint=["sleep", "infinity"],
            init=True,
            network_mode="host",
            **_rights(lent),
            mounts=[Mount(ENGINE_DATA, None, type="volume")],
        )
        try:
            container.put_archive("/etc", _settings(bridge))
            container.start()
            yield BuildContainer(container, loud)
        finally:
            container.remove(force=True, v=True)


def run_buildspec(source: Path, commit: str, erp: Tenant, *, loud: bool = False) -> buildspec.Build:
    """Run the buildspec of a source in a build container, with the rights of a tenant's build role."""
    with started(source, loud=loud) as machine:
        return buildspec.run_buildspec(source, commit, variables(erp), machine, machine.load_base)


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


def _base_archive() -> Path:
    """The Java base image as a tar, saved once."""
    archive = STATE / "java-base.tar"
    if not archive.exists():
        part = archive.with_suffix(".part")
        with engine.client() as api, part.open("wb") as file:
            file.writelines(api.images.get(BASE).save(named=BASE))
        part.rename(archive)
    return archive


def _settings(bridge: str) -> bytes:
    """The engine's settings, as an archive for `/etc`."""
    text = json.dumps({"bridge": bridge, "iptables": False, "ip-forward": False}).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("docker/daemon.json")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return packed.getvalue()
