"""The server that the API server asks who the bearer of an EKS token is."""

import sys
import urllib.request

from sandbox import processes
from sandbox.layout import ROOT, SIGN_IN_ADDRESS
from sandbox.part import Part


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
        processes.start(self.name, [sys.executable, "-m", "sandbox.servers.sign_in"], cwd=ROOT)
        processes.wait_until(self.is_up, self.name)

    def down(self) -> None:
        """End the server."""
        processes.stop(self.name)


PART: Part = SignIn()
