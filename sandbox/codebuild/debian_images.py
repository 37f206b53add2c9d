"""Two images to build others on: a small Debian, and the same with what this machine's pip and Go know.

The Debian is unpacked by the machine's own apt, from where that takes its packages. The second one has the machine's
certificates, settings of pip and its Go: for stages of a build that download, and never for an image that is kept.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from sandbox.docker import engine
from sandbox.errors import SandboxError
from sandbox.machine import debian_packages
from sandbox.paths import CACHE

SUITE = "bookworm"
DEBIAN = f"erp-build-debian:{SUITE}"
MACHINE = "erp-build-machine:latest"

OPTIONS = (
    "--mode=root",
    "--variant=minbase",
    "--include=ca-certificates",
    # As in Debian's own slim images: neither documents nor translations, now and in whatever is installed later.
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "locale", "man")),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
)
RECIPE = " ".join((SUITE, *OPTIONS))
"""What decides how the Debian looks."""

SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_SETTINGS = (Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf", Path("/etc/pip.conf"))
PIP = ("PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_TRUSTED_HOST")
GO = ("GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOPROXY", "GOPRIVATE", "GOINSECURE")


def ensure() -> None:
    """Make both in the engine; new ones would let it build anew what stands on them."""
    with engine.client(timeout=600) as api:
        if api.images.list(DEBIAN) and api.images.list(MACHINE):
            return
        api.api.import_image_from_file(str(_debian_archive()), *DEBIAN.split(":"))
        container = api.containers.create(DEBIAN, command="true")
        try:
            container.put_archive("/", _archive(_machine_files()))
            changes = [f"ENV {name}={value}" for name, value in _machine_variables().items()]
            container.commit(*MACHINE.split(":"), changes=changes)
        finally:
            container.remove()


def _debian_archive() -> Path:
    """Debian's root file system as a tar, in the cache."""
    archive = CACHE / f"debian-{SUITE}-{hashlib.sha256(RECIPE.encode()).hexdigest()[:12]}.tar"
    if archive.exists():
        return archive
    debian_packages.install(debian_packages.FOR_THE_RUNNER_IMAGE)
    CACHE.mkdir(parents=True, exist_ok=True)
    part = archive.with_name(f"{archive.stem}.{os.getpid()}.part.tar")
    sources = [str(path) for path in SOURCES if path.exists()][:1]
    done = subprocess.run(
        ["mmdebstrap", *OPTIONS, SUITE, str(part), *sources], capture_output=True, text=True, check=False
    )
    if done.returncode:
        part.unlink(missing_ok=True)
        raise SandboxError(f"mmdebstrap failed:\n{done.stderr[-2000:]}")
    part.rename(archive)
    return archive


def _machine_files() -> Iterator[tuple[Path, str]]:
    """What gets into the machine's image: a path here, and its path there."""
    bundles = {Path(os.environ[name]) for name in ("PIP_CERT", "SSL_CERT_FILE") if name in os.environ}
    yield from ((path, str(path)) for path in sorted({CERTIFICATES, *bundles}) if path.is_file())
    yield from ((path, "/etc/pip.conf") for path in PIP_SETTINGS if path.is_file())
    yield Path(_go("GOROOT")["GOROOT"]), "/usr/local/go"


def _machine_variables() -> dict[str, str]:
    kept = {name: os.environ[name] for name in (*PIP, "SSL_CERT_FILE") if name in os.environ}
    go = {name: value for name, value in _go(*GO).items() if value}
    path = "/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "GOPATH": "/go", **go, **kept}


def _go(*names: str) -> dict[str, str]:
    if shutil.which("go") is None:
        raise SandboxError("Helm is compiled with Go, and there is no `go`. Install Go 1.24 or later.")
    words = ["go", "env", "-json", *names]
    return dict(json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout))


def _archive(files: Iterator[tuple[Path, str]]) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for here, there in files:
            tar.add(here.resolve(), arcname=there.lstrip("/"))
    packed.seek(0)
    return packed
