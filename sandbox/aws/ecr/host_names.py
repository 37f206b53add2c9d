"""The registries' real host names, which one line in /etc/hosts leads to a loopback address.

They are there before the engine starts: it keeps what it has read of /etc/hosts for seconds, and would not find a name
that has just been written.
"""

from pathlib import Path

from sandbox.aws.ecr.hosts import HOSTS
from sandbox.component import Component
from sandbox.endpoints import REGISTRY_ADDRESS

NAMES = Path("/etc/hosts")
LINE = f"{REGISTRY_ADDRESS} {' '.join(HOSTS)} # erp-build-sandbox\n"


class HostNames:
    """The line in /etc/hosts."""

    name = "registry-names"

    def is_up(self) -> bool:
        """Whether the line is there."""
        return LINE in NAMES.read_text(encoding="utf-8")

    def up(self) -> None:
        """Write the line."""
        if not self.is_up():
            text = NAMES.read_text(encoding="utf-8")
            NAMES.write_text(text + ("" if text.endswith("\n") else "\n") + LINE, encoding="utf-8")

    def down(self) -> None:
        """Remove the line."""
        text = NAMES.read_text(encoding="utf-8")
        if LINE in text:
            NAMES.write_text(text.replace(LINE, ""), encoding="utf-8")


HOST_NAMES: Component = HostNames()
