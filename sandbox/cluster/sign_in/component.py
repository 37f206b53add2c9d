"""The server that the API server asks who the bearer of an EKS token is."""

import sys
import urllib.request

from sandbox.component import Component
from sandbox.endpoints import SIGN_IN_ADDRESS
from sandbox.machine import processes
from sandbox.paths import ROOT


class SignIn:
    """The webhook authenticator; it needs the AWS endpoint only when a token arrives."""

    name = "sign-in"

    def is_up(self) -> bool:
        """Whether the server answers."""
        try:
            with urllib.request.urlopen(f"{SIGN_IN_ADDRESS}/_health", timeout=2):
                return True
        except OSError:
            return False

    def up(self) -> None:
        """Start the server."""
        processes.start(self.name, [sys.executable, "-m", "sandbox.cluster.sign_in.server"], cwd=ROOT)
        processes.wait_until(self.is_up, self.name)

    def down(self) -> None:
        """End the server."""
        processes.stop(self.name)


SIGN_IN: Component = SignIn()
