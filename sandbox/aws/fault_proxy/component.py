"""The fault proxy, which is what a run sees as AWS."""

import sys
import urllib.error
import urllib.request

from sandbox.aws import ministack
from sandbox.component import Component
from sandbox.endpoints import AWS_ENDPOINT, AWS_PORTS
from sandbox.machine import processes
from sandbox.paths import ROOT, STATE


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
            server = "sandbox.aws.fault_proxy.server"
            words = [sys.executable, "-m", server, ministack.ADDRESS, str(STATE / "eks"), *map(str, AWS_PORTS)]
            processes.start("fault-proxy", words, cwd=ROOT)
            processes.wait_until(self.is_up, "fault-proxy")

    def down(self) -> None:
        """End it."""
        processes.stop("fault-proxy")


FAULT_PROXY: Component = FaultProxy()
