"""What of the machine the sandbox may touch, so that a before and an after can be compared."""

import json
import re
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.paths import CACHE, STATE

KEPT = Path.home() / ".m2"
"""Maven's downloads are the user's own cache, which the first build of a machine makes and every later one reads."""

OURS = (str(STATE), str(CACHE), "-m sandbox.", "dockerd", "containerd", "ministack", "kube", "/pause", "etcd")
"""What the command line of a process of the sandbox holds."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Processes of ours, mounts, network links, firewall rules, names, and the folders that engines make."""

    processes: tuple[str, ...]
    mounts: tuple[str, ...]
    links: tuple[str, ...]
    rules: tuple[str, ...]
    hosts: str
    folders: tuple[str, ...]

    def as_json(self) -> str:
        """This, to be kept in a file."""
        return json.dumps(asdict(self))


def from_json(text: str) -> Inventory:
    """What `as_json` made a text of."""
    found = json.loads(text)
    return Inventory(
        processes=tuple(found["processes"]),
        mounts=tuple(found["mounts"]),
        links=tuple(found["links"]),
        rules=tuple(found["rules"]),
        hosts=found["hosts"],
        folders=tuple(found["folders"]),
    )


def take() -> Inventory:
    """The machine now."""
    return Inventory(
        processes=tuple(sorted(_processes())),
        mounts=tuple(sorted(line.split()[1] for line in Path("/proc/mounts").read_text().splitlines())),
        links=tuple(sorted(path.name for path in Path("/sys/class/net").iterdir())),
        rules=_rules(),
        hosts=Path("/etc/hosts").read_text(),
        folders=tuple(
            str(folder)
            for parent in ("/opt", "/var/lib", "/run", "/var/run", "/etc", "/var/log", str(Path.home()))
            for folder in sorted(Path(parent).iterdir())
            if folder != KEPT
        ),
    )


def _processes() -> list[str]:
    """Command lines of the living processes that look like ours; a dead one that nobody has buried has none."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(word in " ".join(words[:4]) for word in OURS):
                found.append(" ".join(words))
    return found


def _rules() -> tuple[str, ...]:
    """The firewall's rules without counters and comments, but for what an empty table says of itself."""
    done = subprocess.run(["iptables-save"], capture_output=True, text=True, check=False)
    lines = (line.partition(" [")[0] for line in done.stdout.splitlines())
    empty = re.compile(r"[#*].*|COMMIT|:[A-Z]+ ACCEPT")
    return tuple(line for line in lines if not empty.fullmatch(line))
