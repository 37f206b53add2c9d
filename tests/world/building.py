"""Repositories whose images are built by a run that ends there, and what engine and registry have afterwards."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import ZipFile

import docker
import docker.errors

from sandbox import erp_build_process
from sandbox.aws.client import client
from sandbox.docker import engine
from sandbox.docker.push import pull_image
from sandbox.erp_build_process import Finished
from sandbox.paths import ROOT
from sandbox.sample import erp_repository
from sandbox.tenants.tenant import Tenant

SERVICE, OTHER = "notification-service", "approval-request-service"
SECRET_KEY = "invented-AWS-secret-key-4b1d"
"""The sandbox takes every secret key, so that a run can have one which is found nowhere else."""

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId>
    <version>3.3.13</version><relativePath/></parent>
  <groupId>com.erp</groupId><artifactId>{}</artifactId><version>1.0.0</version>
  <properties><java.version>17</java.version><start-class>App</start-class></properties>
</project>
"""
JAVA = "class App { public static void main(String[] words) { } }\n"
DOCKERFILE = """FROM scratch
ENV MARK={}
COPY busybox /bin/
COPY pause.sh /
RUN ["/bin/busybox", "sh", "/pause.sh"]
COPY payload target/*.jar /
ARG REVISION=unknown
"""
"""Everything that the classic builder makes of it carries the mark; `pause.sh` says how long it takes."""

PAYLOAD = 12_000_000
OnLine = Callable[[str], None]
CONFIG = """parameters = "{}"
[[service]]
path = "backend/notification-service"
[[service]]
path = "backend/approval-request-service"
[build]
tests = "skip"
"""


@dataclass
class Workplace:
    """A repository and whose it is; its images carry the mark."""

    tenant: Tenant
    root: Path
    mark: str = ""

    @property
    def report(self) -> Path:
        """Where a run leaves its report, its log of Maven beside it."""
        return self.root.parent / "report" / "report.json"

    @property
    def temporary(self) -> Path:
        """Where a run keeps its temporary files."""
        return self.root.parent / "tmp"

    def build(
        self,
        *names: str,
        when: str = "-",
        sign: str = "-",
        on_line: OnLine = lambda _: None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> Finished:
        """Build these services and wait for the end; `on_line` hears what the run says, while it says it."""
        words = ["-m", "tests.support.built", ",".join(names), when, sign]
        words += ["run", "-v", "--repo", str(self.root), "--report", str(self.report)]
        own = {"AWS_SECRET_ACCESS_KEY": SECRET_KEY, "TMPDIR": str(self.temporary), "PYTHONPATH": str(ROOT)}
        env = erp_build_process.environment(extra={**own, **variables})
        self.report.unlink(missing_ok=True)
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir()
        said = []
        with subprocess.Popen(
            [sys.executable, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        ) as child:
            assert child.stdout
            assert child.stderr
            for line in child.stderr:
                said.append(line)
                on_line(line)
            stdout = child.stdout.read()
        report = json.loads(self.report.read_text(encoding="utf-8")) if self.report.exists() else {}
        return Finished(child.returncode, stdout, "".join(said), report)

    def edit(self, name: str = SERVICE) -> str:
        """Commit new content of a service; returns the commit."""
        folder = self.root / "backend" / name
        (folder / "content.txt").write_text(uuid.uuid4().hex, encoding="ascii")
        return erp_repository.commit(self.root, f"{name}: 내용 변경")

    def renew(self) -> None:
        """Commit new content and a new mark, so that nothing of the engine's cache fits."""
        self.mark = uuid.uuid4().hex
        for name in (SERVICE, OTHER):
            dockerfile = self.root / "backend" / name / "Dockerfile"
            dockerfile.write_text(DOCKERFILE.format(self.mark), encoding="ascii")
        self.edit()

    @property
    def tag(self) -> str:
        """The tag of what is built now."""
        return self.git("rev-parse", "HEAD")[:7]

    def git(self, *words: str) -> str:
        """A git command in the repository."""
        named = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        done = subprocess.run(["git", *named, *words], cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def pause(self, seconds: float) -> None:
        """Let the RUN of every Dockerfile take so long; committed is a file that waits for nothing."""
        for name in (SERVICE, OTHER):
            text = f"/bin/busybox sleep {seconds}\n" if seconds else ":\n"
            (self.root / "backend" / name / "pause.sh").write_text(text, encoding="ascii")

    def repository(self, name: str = SERVICE) -> str:
        """A service's image repository."""
        return f"{self.tenant.name}/{name}"

    def in_registry(self, name: str = SERVICE) -> dict[str, str]:
        """Tag -> digest of everything in a service's image repository; an image without a tag is named `-`."""
        found = client("ecr").describe_images(repositoryName=self.repository(name))["imageDetails"]
        return {tag: str(one["imageDigest"]) for one in found for tag in one.get("imageTags") or ["-"]}

    def forget(self) -> None:
        """Empty the image repositories."""
        ecr = client("ecr")
        for name in (SERVICE, OTHER):
            images = ecr.list_images(repositoryName=self.repository(name))["imageIds"]
            ecr.put_image_tag_mutability(repositoryName=self.repository(name), imageTagMutability="MUTABLE")
            if images:
                ecr.batch_delete_image(repositoryName=self.repository(name), imageIds=images)


def tiny(folder: Path, tenant: Tenant) -> Workplace:
    """A repository of two small services with Maven projects and Dockerfiles of their own, marked."""
    place = Workplace(tenant, folder / "erp", uuid.uuid4().hex)
    for name in (SERVICE, OTHER):
        source = place.root / "backend" / name
        (source / "src/main/java").mkdir(parents=True)
        (source / "src/main/java/App.java").write_text(JAVA, encoding="ascii")
        (source / "pom.xml").write_text(POM.format(name), encoding="ascii")
        (source / "Dockerfile").write_text(DOCKERFILE.format(place.mark), encoding="ascii")
        (source / "payload").write_bytes(os.urandom(PAYLOAD))
        shutil.copy("/bin/busybox", source)
    (place.root / "erp-build.toml").write_text(CONFIG.format(tenant.parameters), encoding="utf-8")
    (place.root / ".gitignore").write_text("target/\n", encoding="ascii")
    place.pause(0)
    erp_repository.begin(place.root, "작은 서비스 둘")
    return place


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of its own in memory, of a size such as `5m`."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "erp-build-test", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def engine_at(address: str) -> Iterator["docker.DockerClient"]:
    """A client of an engine."""
    api = docker.DockerClient(base_url=address, timeout=120)
    try:
        yield api
    finally:
        api.close()


def marked(address: str, mark: str) -> dict[str, list[str]]:
    """What an engine has of a repository: containers, names of images, and images without one on which none stands.

    What is just being removed, perhaps by others, counts as gone.
    """
    found: dict[str, list[str]] = {"containers": [], "named": [], "nameless": []}
    with engine_at(address) as api:
        for one in api.containers.list(all=True, ignore_removed=True):
            if _has(one.attrs, mark):
                found["containers"].append(str(one.id))
        for summary in api.api.images():
            with suppress(docker.errors.NotFound):
                image = api.images.get(summary["Id"])
                if _has(image.attrs, mark):
                    found["named"] += image.tags
                    found["nameless"] += [] if image.tags else [str(image.id)]
    return found


def _has(attrs: Mapping[str, Any], mark: str) -> bool:
    return f"MARK={mark}" in ((attrs.get("Config") or {}).get("Env") or ())


def in_engine(name: str) -> str:
    """The name of an image, which the sandbox's engine has from the registry now if it has not made it itself."""
    with engine_at(engine.address()) as api:
        try:
            api.images.get(name)
        except docker.errors.ImageNotFound:
            pull_image(name)
    return name


def files_of_images(*names: str) -> Iterator[bytes]:
    """Every file of some images: configurations, layers, and what is in jars of ours."""
    for name in names:
        in_engine(name)
    with engine_at(engine.address()) as api, tempfile.TemporaryFile() as saved:
        answer = api.api.get(f"{api.api.base_url}/images/get", params={"names": names}, stream=True)
        answer.raise_for_status()
        shutil.copyfileobj(answer.raw, saved)
        saved.seek(0)
        with tarfile.open(fileobj=saved) as archive:
            for blob in _files(archive):
                if blob.name.endswith("layer.tar"):
                    with tarfile.open(fileobj=archive.extractfile(blob)) as layer:
                        for file in _files(layer):
                            yield from _leaves(_content(layer, file))
                else:
                    yield _content(archive, blob)


def _files(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    return (entry for entry in archive if entry.isreg())


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry)
    assert file
    return file.read()


def _leaves(blob: bytes) -> Iterator[bytes]:
    """A file, and where it is a jar of ours, everything in it as well."""
    yield blob
    if blob[:4] == b"PK\x03\x04":
        with ZipFile(io.BytesIO(blob)) as archive:
            if any(name.startswith("com/erp/") for name in archive.namelist()):
                yield from map(archive.read, archive.namelist())


def sent(report: Mapping[str, Any], names: Iterable[str]) -> dict[str, int]:
    """Target -> bytes that its push moved."""
    return {target["name"]: target["making"]["sent"] for target in report["targets"] if target["name"] in set(names)}
