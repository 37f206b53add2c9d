"""ministack: SSM, STS, ECR with its registry, Lambda that runs images, IAM, SNS, S3, logs.

It pins botocore, so it has a virtual environment of its own.
"""

import json
import shutil
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request

from sandbox.component import Component
from sandbox.docker import engine
from sandbox.endpoints import ACCOUNT, MINISTACK_PORT, REGION, REGISTRY_HOST
from sandbox.errors import SandboxError
from sandbox.machine import processes
from sandbox.paths import CACHE, ROOT, STATE

VERSION: str = tomllib.loads((ROOT / "sandbox" / "versions.toml").read_text(encoding="utf-8"))["python"]["ministack"]
VENV = CACHE / f"ministack-{VERSION}"
ADDRESS = f"http://127.0.0.1:{MINISTACK_PORT}"
TOKEN = "QVdTOm1pbmlzdGFjay1hdXRoLXRva2Vu"
"""What ministack answers to GetAuthorizationToken: `AWS:` and its fixed password."""


class Aws:
    """The AWS stand-in; what it knows is in memory and ends with it."""

    name = "aws"

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{ADDRESS}/_ministack/health", timeout=2) as answer:
                return int(answer.status) == 200  # noqa: PLR2004 - OK
        except (urllib.error.URLError, OSError):
            return False

    def up(self) -> None:
        """Install it into the cache, once per version, and start it on loopback."""
        if self.is_up():
            return
        _install()
        docker_config = STATE / "ministack-docker"
        docker_config.mkdir(parents=True, exist_ok=True)
        # Lambda pulls with rights of its own; the stand-in pulls as the account does.
        (docker_config / "config.json").write_text(json.dumps({"auths": {REGISTRY_HOST: {"auth": TOKEN}}}))
        variables = {
            "GATEWAY_PORT": str(MINISTACK_PORT),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "LAMBDA_EXECUTOR": "docker",
            "LAMBDA_STRICT": "1",
            "LOG_LEVEL": "WARNING",
            "TMPDIR": str(STATE),
            "DOCKER_HOST": engine.address(),
            "DOCKER_CONFIG": str(docker_config),
        }
        processes.start("ministack", [VENV / "bin" / "ministack"], env=variables)
        processes.wait_until(self.is_up, "ministack")

    def down(self) -> None:
        """End it; the containers of its functions go with the engine."""
        processes.stop("ministack")


def _install() -> None:
    if (VENV / "ready").exists():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", f"ministack=={VERSION}", "docker"]
    for words in ([sys.executable, "-m", "venv", str(VENV)], pip):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SandboxError(f"ministack cannot be installed:\n{done.stderr[-2000:]}")
    (VENV / "ready").touch()


MINISTACK: Component = Aws()
