"""What a node leaves on its machine, and how it is taken away: containers, mounts, links, groups, files, tunables.

Nothing here asks the cluster: it also works when half of it died. Everything is recognised by a path or a name of
this sandbox.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from sandbox.cluster.network import BRIDGE, NETWORK
from sandbox.cluster.node import cgroups
from sandbox.cluster.paths import HOME, MACHINE_BEFORE
from sandbox.errors import SandboxError
from sandbox.machine import containerd_shims
from sandbox.paths import CONTAINERD_SOCKET

_TUNABLES = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops")
"""What the kubelet sets in /proc/sys."""
_FOLDERS = ("/var/lib/kubelet", "/var/log/containers", "/var/lib/cni")
"""What the kubelet (device plug-ins, links to logs) and the network library write to, wherever they are told to."""
_CONTAINER_LOGS = Path("/var/log/containers")
_ATTACHMENTS = Path("/var/lib/cni/results")


def remember_machine() -> None:
    """Note how the machine is before the first pod; a note of an earlier start stays."""
    if MACHINE_BEFORE.exists():
        return
    MACHINE_BEFORE.parent.mkdir(parents=True, exist_ok=True)
    tunables = {name: value for name in _TUNABLES if (value := _read(Path("/proc/sys") / name)) is not None}
    absent = [folder for folder in _FOLDERS if not Path(folder).exists()]
    MACHINE_BEFORE.write_text(json.dumps({"tunables": tunables, "absent": absent}), encoding="utf-8")


def end_containers() -> set[Path]:
    """Kill what runs in the pods, then the shims that watch it; call it when the kubelet has stopped.

    Returns the shims' sockets: containerd forgets those of a dead one, and nobody else removes them.
    """
    sockets = _sockets()
    ours = set(_shims())
    _kill(child for child, parent in _parents() if parent in ours)
    deadline = time.monotonic() + 2  # a shim whose containers are gone tidies up before it is ended
    while time.monotonic() < deadline and any(parent in ours for _, parent in _parents()):
        time.sleep(0.05)
    _kill(ours)
    deadline = time.monotonic() + 10
    while set(_shims()):
        if time.monotonic() > deadline:
            raise SandboxError(f"the shims {sorted(_shims())} of containerd do not end; see `ps`, then run down again")
        time.sleep(0.05)
    return sockets


def remove_all(sockets: Iterable[Path]) -> None:
    """Take away the rest, once no process of the cluster is left: these sockets as well."""
    _unmount(HOME)
    _remove_links()
    cgroups.remove()
    _remove_files({*sockets, *_sockets()})
    _restore_machine()
    if HOME.exists():
        shutil.rmtree(HOME)


def _shims() -> Iterator[int]:
    """The shims of our containerd: its socket stands on their command line."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        words = (_read(entry) or "").split("\0")
        if Path(words[0]).name.startswith("containerd-shim") and str(CONTAINERD_SOCKET) in words:
            yield int(entry.parent.name)


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        fields = (_read(entry) or "").rpartition(")")[2].split()
        if fields:
            yield int(entry.parent.name), int(fields[1])


def _kill(pids: Iterable[int]) -> None:
    for pid in list(pids):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _unmount(below: Path) -> None:
    """Unmount everything below a folder, the last mounted first."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    targets = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    for target in reversed([target for target in targets if Path(target).is_relative_to(below)]):
        subprocess.run(["umount", "--lazy", target], check=True, capture_output=True)


def _remove_links() -> None:
    if not Path(f"/sys/class/net/{BRIDGE}").exists():
        return
    for port in Path(f"/sys/class/net/{BRIDGE}/brif").iterdir():
        # Gone already when the kernel has ended the pod's network in the meantime.
        subprocess.run(["ip", "link", "delete", port.name], check=False, capture_output=True)
    subprocess.run(["ip", "link", "delete", BRIDGE], check=True, capture_output=True)


def _sockets() -> set[Path]:
    """Where our shims listen; their sockets lie in /run whatever containerd is told."""
    addresses = HOME.glob("containerd-state/io.containerd.runtime.v2.task/*/*/address")
    found = (_read(address) or "" for address in addresses)  # a shim that ends takes its folder with it
    return {Path(text.removeprefix("unix://")) for text in found if text}


def _remove_files(sockets: Iterable[Path]) -> None:
    if _CONTAINER_LOGS.is_dir():
        for link in _CONTAINER_LOGS.iterdir():
            if link.is_symlink() and link.readlink().is_relative_to(HOME):
                link.unlink()
    for attachment in _ATTACHMENTS.glob(f"{NETWORK}-*"):
        attachment.unlink()
    for socket in sockets:
        socket.unlink(missing_ok=True)
    containerd_shims.remove_folders()


def _restore_machine() -> None:
    if not MACHINE_BEFORE.exists():
        return
    before = json.loads(MACHINE_BEFORE.read_text(encoding="utf-8"))
    for name, value in before["tunables"].items():
        if _read(Path("/proc/sys") / name) != value:
            (Path("/proc/sys") / name).write_text(value, encoding="ascii")
    for folder in before["absent"]:
        shutil.rmtree(folder, ignore_errors=True)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
