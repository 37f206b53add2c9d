"""The registries' front, which answers on their real host names."""

import sys
import urllib.error
import urllib.request

from sandbox.aws import ministack
from sandbox.component import Component
from sandbox.endpoints import REGISTRY_ADDRESS, REGISTRY_HOST
from sandbox.machine import processes
from sandbox.paths import ROOT

UNAUTHORIZED = 401


class Registry:
    """The front."""

    name = "registry"

    def is_up(self) -> bool:
        """Whether the front asks for a sign-in under the registry's name."""
        try:
            with urllib.request.urlopen(f"http://{REGISTRY_HOST}/v2/", timeout=5):
                return False
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code == UNAUTHORIZED
        except OSError:
            return False

    def up(self) -> None:
        """Start the front."""
        if not self.is_up():
            words = [sys.executable, "-m", "sandbox.aws.ecr.server", f"{REGISTRY_ADDRESS}:80", ministack.ADDRESS]
            processes.start("ecr-front", words, cwd=ROOT)
            processes.wait_until(self.is_up, "ecr-front")

    def down(self) -> None:
        """End the front."""
        processes.stop("ecr-front")


REGISTRY: Component = Registry()
