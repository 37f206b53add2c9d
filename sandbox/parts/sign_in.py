"""The server that the API server asks who the bearer of an EKS token is."""

import sys
import urllib.request

from sandbox import processes
from sandbox.layout import ROOT, SIGN_IN_PORT
from sandbox.part import Part

ADDRESS = f"http://127.0.0.1:{SIGN_IN_PORT}"


class SignIn:
    """The webhook authenticator; it needs the AWS endpoint only when a token arrives."""

    name = "sign-in"

    def is_up(self) -> bool:
        """Whether the server answers."""
        try:
            with urllib.request.urlopen(f"{ADDRESS}/_health", timeout=2):
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


def expire_tokens() -> None:
    """Make every token that was signed until now invalid.

    The API server remembers a token that was good for ten seconds (a constant of its source); within these it still
    lets the token in without asking.
    """
    with urllib.request.urlopen(urllib.request.Request(f"{ADDRESS}/_expire", method="POST"), timeout=5):
        pass
