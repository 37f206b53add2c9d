"""The distribution's packages that the other components need."""

import os
import shutil
import subprocess
import tomllib

from sandbox.component import Component
from sandbox.errors import SandboxError
from sandbox.paths import ROOT

_APT: dict[str, list[str]] = tomllib.loads((ROOT / "sandbox" / "versions.toml").read_text(encoding="utf-8"))["apt"]
WANTED = _APT["packages"]
FOR_THE_RUNNER_IMAGE = _APT["runner-image"]
"""Installed only by who builds that image."""


class Packages:
    """Debian packages; they stay on the machine when the sandbox goes."""

    name = "packages"

    def is_up(self) -> bool:
        """Whether all of them are installed."""
        return not _missing(WANTED)

    def up(self) -> None:
        """Install what is missing, as root on Debian; elsewhere say what to install."""
        install(WANTED)

    def down(self) -> None:
        """Packages stay."""


def install(wanted: list[str]) -> None:
    """Install those of the packages that are missing."""
    missing = _missing(wanted)
    if not missing:
        return
    command = f"apt-get install --yes --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SandboxError(f"packages are missing. Run as root: {command}")
    # A freshly installed engine must not start beside ours.
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for words in (["apt-get", "update"], command.split()):
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SandboxError(f"{' '.join(words)} failed:\n{done.stderr[-2000:]}")


def _missing(wanted: list[str]) -> list[str]:
    if not shutil.which("dpkg-query"):
        return wanted
    words = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *wanted]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    installed = {line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in wanted if name not in installed]


DEBIAN_PACKAGES: Component = Packages()
