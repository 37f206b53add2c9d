"""The fault proxy, which is what a run sees as AWS."""

import sys
import urllib.error
import urllib.request

from sandbox import processes
from sandbox.layout import AWS_ENDPOINT, AWS_PORTS, ROOT, STATE
from sandbox.part import Part
from sandbox.parts import aws


class FaultProxy:
    """The proxy before ministack."""

    name = "fault proxy"

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{AWS_ENDPOINT}/_faults/log", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def up(self) -> None:
        """Start it."""
        if not self.is_up():
            server = "sandbox.servers.fault_proxy"
            words = [sys.executable, "-m", server, aws.ADDRESS, str(STATE / "eks"), *map(str, AWS_PORTS)]
            processes.start("fault-proxy", words, cwd=ROOT)
            processes.wait_until(self.is_up, "fault-proxy")

    def down(self) -> None:
        """End it."""
        processes.stop("fault-proxy")


PART: Part = FaultProxy()
