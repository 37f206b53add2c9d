"""An engine of its own for tests that end it or fill its disk: the sandbox's one is everybody's."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker.errors

from sandbox.docker import engine
from sandbox.machine.processes import end_all_below, unmount_below
from tests.world.building import engine_at, small_disk

NETWORK = ("--iptables=false", "--ip-forward=false", "--ip-masq=false")
"""The sandbox's engine has the machine's bridge, which one without any would take away, and its firewall."""


class OwnEngine:
    """dockerd with everything below one folder, whose data lie on a disk of a size that may grow, and a bridge."""

    def __init__(self, folder: Path, bridge: str) -> None:
        self.folder = folder
        self._bridge = bridge
        self.address = f"unix://{folder}/d.sock"
        self.variables = {"DOCKER_HOST": self.address}
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 60) -> None:
        """Start it and wait until it answers."""
        options = {"data-root": "data", "exec-root": "exec", "pidfile": "d.pid", "config-file": "none.json"}
        words = [engine.DAEMON, f"--host={self.address}", "--group=root", f"--bridge={self._bridge}", *NETWORK]
        words += [f"--{name}={self.folder / place}" for name, place in options.items()]
        with (self.folder / "log").open("ab") as log:
            self._child = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + seconds
        while not self._answers():
            assert time.monotonic() < end, (self.folder / "log").read_text(encoding="utf-8")
            if self._child.poll() is not None:
                # It gives its containerd 15 s to start, which a busy machine may need longer for.
                self.start(end - time.monotonic())
                return
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once, and what it had started."""
        assert self._child
        self._child.send_signal(signal.SIGKILL)
        self._child.wait()
        end_all_below(self.folder)
        # A containerd that has not quite gone yet is taken for a living one by the next dockerd.
        (self.folder / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)

    def grow(self, size: str) -> None:
        """Give it more disk."""
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder / "data")], check=True)

    def used(self) -> int:
        """Bytes that its disk holds."""
        return shutil.disk_usage(self.folder / "data").used

    def _answers(self) -> bool:
        try:
            with engine_at(self.address) as api:
                return bool(api.ping())
        except docker.errors.DockerException:
            return False


@contextmanager
def own_engine(folder: Path, size: str) -> Iterator[OwnEngine]:
    """An engine that runs during the block; nothing is left of it.

    Args:
        folder: with a short name, because a socket's must be short.
        size: of its disk, such as `30m`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "none.json").write_text("{}", encoding="ascii")
    with small_disk(folder / "data", size), engine.bridge() as bridge:
        own = OwnEngine(folder, bridge)
        try:
            own.start()
            yield own
        finally:
            own.kill()
            unmount_below(folder / "exec")
