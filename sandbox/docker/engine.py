"""A Docker engine of our own, below the sandbox's folder; `SANDBOX_DOCKER_HOST` names another one to use instead."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import docker
import docker.errors

from sandbox.aws.ecr.hosts import HOSTS
from sandbox.component import Component
from sandbox.errors import SandboxError
from sandbox.machine import containerd_shims, processes
from sandbox.paths import DOCKER_SOCKET, STATE

DAEMON = "/usr/sbin/dockerd"
BRIDGE = "docker0"
BUILD_BRIDGES = {f"erpengine{number}": f"10.254.{number}.1/24" for number in range(32)}
"""Bridges for the engines of build containers, of which each takes one that is free, and their addresses."""

BEFORE = STATE / "engine-before.json"
"""Of the bridge and the firewall, what was there before our engine; without this note nothing is taken away."""


def address() -> str:
    """Where the engine listens, as DOCKER_HOST names it."""
    return os.environ.get("SANDBOX_DOCKER_HOST", f"unix://{DOCKER_SOCKET}")


def client(timeout: int = 120) -> "closing[docker.DockerClient]":
    """A client of the engine, for a `with`."""
    return closing(docker.DockerClient(base_url=address(), timeout=timeout))


def images(api: docker.DockerClient) -> dict[str, list[str]]:
    """Id of an image -> its tags, by one call: `images.list` asks for each of them, which may be gone by then."""
    return {summary["Id"]: summary.get("RepoTags") or [] for summary in api.api.images()}


@contextmanager
def bridge() -> Iterator[str]:
    """The name of a bridge that leads nowhere, there as long as the block lasts; `down` removes forgotten ones."""
    name = next((name for name in BUILD_BRIDGES if _makes_bridge(name)), None)
    if name is None:
        raise SandboxError(
            f"all {len(BUILD_BRIDGES)} bridges for build containers are taken. Run: ip link; sandbox down"
        )
    try:
        _run("ip", "address", "add", BUILD_BRIDGES[name], "dev", name)
        yield name
    finally:
        _run("ip", "link", "delete", name)


class Engine:
    """dockerd with data, sockets and pid files of its own; it never reads the user's configuration."""

    name = "engine"

    def is_up(self) -> bool:
        """Whether the engine answers."""
        try:
            with client(timeout=5) as api:
                return bool(api.ping())
        except docker.errors.DockerException:
            return False

    def up(self) -> None:
        """Start dockerd."""
        if "SANDBOX_DOCKER_HOST" in os.environ or self.is_up():
            return
        STATE.mkdir(parents=True, exist_ok=True)
        if not BEFORE.exists():
            before = {"bridge": _link_exists(BRIDGE), "forward": _forward_policy()}
            BEFORE.write_text(json.dumps(before), encoding="ascii")
        folder = STATE / "engine"
        folder.mkdir(exist_ok=True)
        options = {
            "--config-file": folder / "no-configuration.json",
            "--data-root": folder / "data",
            "--exec-root": folder / "exec",
            "--pidfile": folder / "dockerd.pid",
            "--host": f"unix://{DOCKER_SOCKET}",
            "--group": "root",
        }
        (folder / "no-configuration.json").write_text("{}", encoding="ascii")
        # The engine itself takes plain HTTP from every loopback address; its BuildKit has to be told the names.
        plain = (f"--insecure-registry=http://{host}" for host in HOSTS)
        processes.start("dockerd", [DAEMON, *(f"{name}={value}" for name, value in options.items()), *plain])
        processes.wait_until(self.is_up, "dockerd")

    def down(self) -> None:
        """End the containers and dockerd, and take its bridge and its firewall rules away."""
        if "SANDBOX_DOCKER_HOST" in os.environ:
            return
        if self.is_up():
            with client() as api:
                for container in api.containers.list(all=True):
                    with suppress(docker.errors.NotFound):
                        container.remove(force=True)
        processes.stop("dockerd")
        processes.end_all_below(STATE / "engine")
        containerd_shims.remove_folders()
        for name in filter(_link_exists, BUILD_BRIDGES):
            _run("ip", "link", "delete", name)
        if not BEFORE.exists():
            return
        before = json.loads(BEFORE.read_text(encoding="ascii"))
        if not before["bridge"]:
            if _link_exists(BRIDGE):
                _run("ip", "link", "delete", BRIDGE)
            _remove_rules()
        _run("iptables", "--policy", "FORWARD", before["forward"])
        BEFORE.unlink()


def _remove_rules() -> None:
    """Take away dockerd's chains; it makes them at its start and leaves them at its end."""
    for table in ("nat", "filter"):
        saved = subprocess.run(["iptables-save", "-t", table], capture_output=True, text=True, check=False).stdout
        kept = [line for line in saved.splitlines() if "DOCKER" not in line and BRIDGE not in line
                and "172.17.0.0/16" not in line]  # fmt: skip
        if kept != saved.splitlines():
            subprocess.run(["iptables-restore", "-T", table], input="\n".join(kept) + "\n", text=True, check=True)


def _forward_policy() -> str:
    """What becomes of packets that no rule names; dockerd sets it to DROP."""
    done = subprocess.run(["iptables", "--list-rules", "FORWARD"], capture_output=True, text=True, check=True)
    return done.stdout.split()[2]


def _makes_bridge(name: str) -> bool:
    """Make a bridge; False when there is one with the name already."""
    words = ["ip", "link", "add", name, "type", "bridge"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _link_exists(name: str) -> bool:
    return subprocess.run(["ip", "link", "show", name], capture_output=True, check=False).returncode == 0


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


ENGINE: Component = Engine()
