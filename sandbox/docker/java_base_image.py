"""A Java base image without pulling one: a runtime linked from the local JDK, with the libraries that it loads.

In our own engine it has the name that the sample's Dockerfiles use, so that they look like real ones.
"""

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker.errors

from sandbox.component import Component
from sandbox.docker import engine
from sandbox.errors import SandboxError
from sandbox.paths import CACHE

IMAGE = ("eclipse-temurin", "17-jre")
MODULES = (
    "java.base,java.desktop,java.instrument,java.management,java.naming,java.net.http,java.security.jgss,java.sql,"
    "jdk.unsupported,jdk.crypto.ec,jdk.jfr"
)
ENVIRONMENT = ["ENV PATH=/opt/jre/bin:/bin", "ENV LANG=C.UTF-8", "ENV JAVA_HOME=/opt/jre"]


class BaseImage:
    """The image `eclipse-temurin:17-jre` of the sandbox's engine."""

    name = "base image"

    def is_up(self) -> bool:
        """Whether the engine has it."""
        try:
            with engine.client() as api:
                api.images.get(":".join(IMAGE))
        except docker.errors.DockerException:
            return False
        return True

    def up(self) -> None:
        """Make it from the cache, or fill the cache first (6 s)."""
        if self.is_up():
            return
        root = _root_archive()
        with engine.client() as api:
            api.api.import_image_from_file(str(root), *IMAGE, changes=ENVIRONMENT)

    def down(self) -> None:
        """It goes with the engine."""


def _root_archive() -> Path:
    """The image's root file system as a tar, in the cache by the JDK's version."""
    version = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr.split('"')[1]
    if not version.startswith("17."):
        raise SandboxError(f"Java 17 is needed, `java -version` says {version}. Run: apt-get install openjdk-17-jdk")
    archive = CACHE / f"jre-2-{version}.tar"
    if not archive.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with _root_folder() as root:
            part = archive.with_suffix(".part")
            with tarfile.open(part, "w") as tar:
                tar.add(root, arcname=".")
            part.rename(archive)
    return archive


@contextmanager
def _root_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="erp-build-sandbox-") as folder:
        root = Path(folder)
        for name in ("opt", "lib64", "lib/x86_64-linux-gnu", "etc", "bin", "tmp"):
            (root / name).mkdir(parents=True)
        (root / "tmp").chmod(0o1777)
        jre = root / "opt" / "jre"
        link = ["jlink", "--add-modules", MODULES, "--strip-debug", "--no-header-files", "--no-man-pages"]
        subprocess.run([*link, "--output", jre], check=True, capture_output=True)
        # The archive of its own classes, which every packaged runtime has and jlink leaves out: pods start faster.
        subprocess.run([jre / "bin" / "java", "-Xshare:dump"], check=True, capture_output=True)
        for library in _libraries(jre):
            shutil.copy(library, root / "lib" / "x86_64-linux-gnu" / library.name)
        shutil.copy("/lib64/ld-linux-x86-64.so.2", root / "lib64")
        shutil.copy("/bin/busybox", root / "bin")
        (root / "bin" / "sh").symlink_to("busybox")
        # Debian's runtime has links into this folder for its security settings.
        shutil.copytree("/etc/java-17-openjdk", root / "etc" / "java-17-openjdk")
        yield root


def _libraries(jre: Path) -> set[Path]:
    """The shared libraries that the runtime's programs and libraries load from the system."""
    binaries = [path for path in jre.rglob("*") if path.suffix == ".so" or path.name == "java"]
    done = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False)
    found = (line.split("=>")[1].split()[0] for line in done.stdout.splitlines() if "=> /" in line)
    return {Path(path) for path in found if path.startswith(("/lib", "/usr/lib")) and "jvm" not in path}


JAVA_BASE_IMAGE: Component = BaseImage()
