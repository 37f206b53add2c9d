"""Where the builds of `pipeline.py` are made: the sample as a repository, and what each case finds and leaves."""

import base64
import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from botocore.exceptions import ClientError

from sandbox import erp_build_process
from sandbox.aws.client import client
from sandbox.endpoints import REGISTRY_HOST
from sandbox.paths import ROOT
from sandbox.sample import erp_repository
from sandbox.tenants import provisioning

TENANT = "bench"
SERVICES = ("approval-request-service", "approval-processing-service", "notification-service", "employee-service")


def image_of(service: str) -> str:
    """The last part of the image's name of a service of the sample."""
    return "employee-service-lambda" if service == "employee-service" else service


class Workplace:
    """The sample as a repository of its own, and what the cases need to know of it."""

    def __init__(self, folder: Path) -> None:
        provisioning.create(TENANT)
        self.root = folder / "erp"
        erp_repository.make(self.root, TENANT)
        text = (self.root / "erp-build.toml").read_text(encoding="utf-8")
        self.layered = _written(
            folder / "layered.toml", text.replace("\n[[service]]\n", "\n[[service]]\nlayers = true\n")
        )
        self.skipping = _written(folder / "skipping.toml", text.replace('\ntests = "compile" ', '\ntests = "skip" '))
        self.classes = folder / "maven-classes.jsa"
        subprocess.run([ROOT / "scripts" / "archive-classes.sh", self.classes], check=True)
        self.env = erp_build_process.environment(
            extra={"DOCKER_CONFIG": str(_signed_in(folder)), "HOST": REGISTRY_HOST}
        )
        self.peak: dict[str, int] = {}
        self.parts: dict[str, list[dict[str, int]]] = {}
        self.tag = ""
        self._edits = 0
        self._pushed: dict[str, str] = {}

    def begin(self, case: str) -> None:
        """Make what a build of a case finds: a fresh checkout of a new commit, and `latest` as this case left it."""
        if case in self._pushed:
            for service in SERVICES:
                _tag_latest(f"{TENANT}/{image_of(service)}", self._pushed[case])
        self.tag = self._pushed[case] = self._change()

    def _change(self) -> str:
        """Change a line in each service and commit, as a fresh checkout has it; returns the tag."""
        self._edits += 1
        for service in SERVICES:
            shutil.rmtree(self.root / "backend" / service / "target", ignore_errors=True)
            settings = self.root / "backend" / service / "src/main/resources/application.yaml"
            settings.write_text(f"{settings.read_text(encoding='utf-8')}# {self._edits}\n", encoding="utf-8")
        return erp_repository.commit(self.root, f"edit {self._edits}")[:7]

    def case(self, name: str, words: Callable[[str], list[str]], extra: Mapping[str, str]) -> Callable[[], object]:
        """A case that is timed: a command which is told the tag of the commit."""

        def work() -> None:
            started = {"BENCH_STARTED": str(time.monotonic())}
            env = {**self.env, **extra, **started, "REPO": str(self.root), "TAG": self.tag}
            child = subprocess.Popen(
                words(self.tag), env=env, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            assert child.stdout
            output = child.stdout.read()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                raise RuntimeError(f"{name} failed:\n{output.decode('utf-8', 'replace')[-3000:]}")
            self.peak[name] = max(self.peak.get(name, 0), usage.ru_maxrss)
            if (last := output.splitlines()[-1]).startswith(b"{"):
                self.parts.setdefault(name, []).append(json.loads(last))

        return work

    def breakdown(self, name: str, whole: float) -> dict[str, int]:
        """The medians of a case's parts in milliseconds, and what is left of the whole; empty where none are told."""
        known = self.parts.get(name, [])[1:]  # without the round that warms up
        parts = {part: round(statistics.median(one[part] for one in known)) for part in (known[0] if known else ())}
        rest = "end" if "start" in parts else "start and end"
        return {**parts, rest: round(whole) - sum(parts.values())} if parts else {}


def _written(file: Path, config: str) -> Path:
    """A configuration beside the repository's own."""
    assert config != (file.parent / "erp" / "erp-build.toml").read_text(encoding="utf-8"), file.name
    file.write_text(config, encoding="utf-8")
    return file


def _signed_in(folder: Path) -> Path:
    """A configuration of the docker program with a sign-in, for the old way."""
    config = folder / "docker"
    config.mkdir()
    (config / "config.json").write_text(json.dumps({"auths": {REGISTRY_HOST: {"auth": token()}}}))
    (config / "config.json").chmod(0o600)
    return config


def _tag_latest(repository: str, tag: str) -> None:
    """Let `latest` name an image that has a tag; a case of one service has none of the others."""
    ecr = client("ecr")
    for found in ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]:
        with suppress(ClientError):  # it does already
            ecr.put_image(repositoryName=repository, imageManifest=found["imageManifest"], imageTag="latest")


def password() -> str:
    """The password of a sign-in to the sandbox's registry."""
    return base64.b64decode(token()).decode().partition(":")[2]


@cache
def token() -> str:
    """A sign-in to the sandbox's registry, as Docker's file has it; it outlasts the benchmark."""
    data = client("ecr").get_authorization_token()["authorizationData"]
    return str(data[0]["authorizationToken"])
