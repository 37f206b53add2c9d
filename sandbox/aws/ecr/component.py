"""The registries' front on their real host names: one line in /etc/hosts leads these to a loopback address."""

import sys
import urllib.error
import urllib.request
from pathlib import Path

from sandbox.aws import ministack
from sandbox.aws.ecr.hosts import HOSTS
from sandbox.component import Component
from sandbox.endpoints import REGISTRY_ADDRESS, REGISTRY_HOST
from sandbox.machine import processes
from sandbox.paths import ROOT

NAMES = Path("/etc/hosts")
LINE = f"{REGISTRY_ADDRESS} {' '.join(HOSTS)} # erp-build-sandbox\n"
UNAUTHORIZED = 401


class Registry:
    """The front and its name."""

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
        """Start the front and give it its name."""
        if LINE not in (text := NAMES.read_text(encoding="utf-8")):
            NAMES.write_text(text + ("" if text.endswith("\n") else "\n") + LINE, encoding="utf-8")
        if not self.is_up():
            words = [sys.executable, "-m", "sandbox.aws.ecr.server", f"{REGISTRY_ADDRESS}:80", ministack.ADDRESS]
            processes.start("ecr-front", words, cwd=ROOT)
            processes.wait_until(self.is_up, "ecr-front")

    def down(self) -> None:
        """End the front and remove its name."""
        processes.stop("ecr-front")
        text = NAMES.read_text(encoding="utf-8")
        if LINE in text:
            NAMES.write_text(text.replace(LINE, ""), encoding="utf-8")


REGISTRY: Component = Registry()
