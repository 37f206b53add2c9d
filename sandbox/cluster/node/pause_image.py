"""The container that holds a pod's network: a static program that waits, in an image made without any engine.

The node knows the same image by the names of foreign ones, for which there is no registry here.
"""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.paths import CACHE

IMAGE = "docker.io/erp-build-sandbox/pause:1"
STAND_INS = (
    "docker.io/confluentinc/cp-kafka:7.5.0",
    "docker.io/confluentinc/cp-zookeeper:7.5.0",
    "public.ecr.aws/aws-observability/aws-for-fluent-bit:2.31.12",
    "public.ecr.aws/xray/aws-xray-daemon:latest",
)
"""What the chart of `examples/as-is` asks for: its pods run, and do nothing."""

ARCHIVE = CACHE / "pause-2.tar"
_SOURCE = """package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	<-signals
}
"""


def archive() -> Path:
    """The image in the form of `docker save`, made when missing."""
    if not ARCHIVE.exists():
        ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ARCHIVE.parent) as folder:
            whole = Path(folder) / "pause.tar"
            whole.write_bytes(_image(_compiled(Path(folder))))
            whole.replace(ARCHIVE)
    return ARCHIVE


def _compiled(folder: Path) -> bytes:
    source, program = folder / "pause.go", folder / "pause"
    source.write_text(_SOURCE, encoding="utf-8")
    argv = ["go", "build", "-ldflags", "-s -w", "-o", str(program), str(source)]
    answer = subprocess.run(
        argv, cwd=folder, env={**os.environ, "CGO_ENABLED": "0"}, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise SandboxError(f"the pause program does not compile:\n{answer.stderr}")
    return program.read_bytes()


def _image(program: bytes) -> bytes:
    layer = _tar({"pause": program}, mode=0o755)
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    config = {
        "architecture": machine,
        "os": "linux",
        "config": {"Entrypoint": ["/pause"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [IMAGE, *STAND_INS], "Layers": ["layer.tar"]}]
    files = {"manifest.json": json.dumps(manifest).encode(), "config.json": json.dumps(config).encode()}
    return _tar({**files, "layer.tar": layer}, mode=0o644)


def _tar(files: dict[str, bytes], mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
