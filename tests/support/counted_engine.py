"""An engine that nobody may ask: its socket and its program count who tries, and neither answers."""

import socketserver
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = '#!/bin/sh\necho "docker $*" >>"$(dirname "$0")/called"\nexit 1\n'


@dataclass
class Counted:
    """What was tried.

    Attributes:
        folder: has the socket, and in `bin` the program.
        connections: to the socket.
    """

    folder: Path
    connections: list[str] = field(default_factory=list)

    def variables(self, others: Mapping[str, str]) -> dict[str, str]:
        """The environment of a run for which this is the engine."""
        address = f"unix://{self.folder / 'docker.sock'}"
        return {**others, "DOCKER_HOST": address, "PATH": f"{self.folder / 'bin'}:{others['PATH']}"}

    @property
    def tried(self) -> list[str]:
        """Every connection, and every call of the program."""
        called = self.folder / "bin" / "called"
        return [*self.connections, *(called.read_text(encoding="utf-8").splitlines() if called.exists() else [])]


@contextmanager
def counted_engine() -> Iterator[Counted]:
    """The engine, for the block."""
    # Not below a test's own folder: the address of a socket has few letters.
    with tempfile.TemporaryDirectory(prefix="erp-counted-") as name:
        counted = Counted(Path(name))

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                counted.connections.append(self.rfile.readline().decode("utf-8", "replace").strip())

        program = counted.folder / "bin" / "docker"
        program.parent.mkdir()
        program.write_text(PROGRAM, encoding="ascii")
        program.chmod(0o755)
        with socketserver.ThreadingUnixStreamServer(str(counted.folder / "docker.sock"), Handler) as server:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            try:
                yield counted
            finally:
                server.shutdown()
