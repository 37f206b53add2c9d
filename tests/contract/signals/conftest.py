"""A repository, and a real run of it against the stand-in."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.signals.account import REGION, Account
from tests.contract.signals.stand_in import StandIn, stand_in
from tests.support.git import Checkout

SETTINGS = """\
[[service]]
path = "backend/a"
values_key = "a"
[[service]]
path = "backend/b"
kind = "lambda"
function = "b"
[chart]
path = "chart"
values = "values.yaml"
release = "erp"
namespace = "erp-dev"
stable = "1s"
pin = "never"
[deploy]
write_back = "branch"
lock_expires = "6s"
[notify]
on = ["failure", "success"]
"""
NEEDS_ENGINE = 'RUN ["/a"]\n'

MAVEN = """\
#!/bin/sh
exec {python} -IS -c '
import os, urllib.request, zipfile
urllib.request.urlopen("{address}/maven").read()
os.makedirs("target", exist_ok=True)
with zipfile.ZipFile("target/a.jar", "w") as jar:
    jar.writestr("META-INF/MANIFEST.MF", "Main-Class: A\\n")
'
"""
"""It asks the stand-in, so that it misbehaves as that does."""


class Scene:
    """A repository, the stand-in and its account.

    Args:
        folder: for all files.
        server: the stand-in.
    """

    def __init__(self, folder: Path, server: StandIn) -> None:
        self.server = server
        self.report = folder / "out" / "report.json"
        self._folder = folder
        account = Account(server)
        account.put_helm_into(folder / "bin")
        values = f'a:\n  image:\n    repository: "{account.host}/erp/a"\n    tag: "none"\n'
        files = {"erp-build.toml": SETTINGS, "chart/Chart.yaml": "name: erp\n", "chart/values.yaml": values}
        for name, line in (("a", ""), ("b", NEEDS_ENGINE)):
            files[f"backend/{name}/Dockerfile"] = f"FROM scratch\nCOPY target/*.jar /a.jar\n{line}"
            files[f"backend/{name}/pom.xml"] = f"<project><artifactId>{name}</artifactId></project>\n"
            files[f"backend/{name}/mvnw"] = MAVEN.format(python=sys.executable, address=server.address)
        self.checkout = Checkout.create(folder / "erp", **files)
        account.tag = self.checkout.head()[:7]
        subprocess.run(["git", "clone", "--quiet", "--bare", str(self.checkout.root), folder / "origin"], check=True)
        self.checkout.git("remote", "add", "origin", str(folder / "origin"))

    @contextmanager
    def run(self, *words: str) -> Iterator["subprocess.Popen[str]"]:
        """`erp-build run`, which ends with the block."""
        variables = {
            "PATH": f"{self._folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self._folder),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "DOCKER_HOST": self.server.address.replace("http", "tcp"),
            "AWS_ENDPOINT_URL": self.server.address,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "invented",
            "AWS_SECRET_ACCESS_KEY": "invented",
        }
        # Whoever plays the tests by `nohup` has HUP ignored.
        argv = [
            "env",
            "--default-signal=HUP",
            sys.executable,
            "-m",
            "erp_build",
            "run",
            "--repo",
            str(self.checkout.root),
        ]
        argv += ["--report", str(self.report), *words]
        with subprocess.Popen(
            argv, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as program:
            try:
                yield program
            finally:
                program.kill()


@pytest.fixture
def server() -> Iterator[StandIn]:
    """The stand-in."""
    with stand_in() as made:
        yield made
