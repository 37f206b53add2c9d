"""The sandbox of the world tests, put up once, and in it one deployed ERP that tests bring back to where it was."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from sandbox import erp_build_process
from sandbox.aws.fault_proxy.client import Faults
from sandbox.codebuild import runner_image
from sandbox.demo import run_modes
from sandbox.demo.play import play, play_first
from sandbox.lanes import in_lane
from sandbox.lifecycle import up
from sandbox.machine import inventory
from sandbox.sample import erp_repository
from sandbox.tenants import deployed_state
from sandbox.tenants.tenant import FUNCTION_PASSWORD, PARAMETER_PASSWORD, Tenant
from tests.world.as_is import PASSWORD as AS_IS_PASSWORD
from tests.world.pairs import Pair, wait_for

KEEP = "ERP_BUILD_SANDBOX_KEEP"
"""Set it while developing: the sandbox that is up is used as it is, and `test_down` has nothing to compare with."""

BEFORE = "ERP_BUILD_SANDBOX_BEFORE"
"""Names a file with the machine as it was before a sandbox that several calls of pytest share (`python -m tests`)."""

IMPATIENT = {'stable = "5s"': 'stable = "1s"', 'lock_expires = "30s"': 'lock_expires = "5s"'}
"""How the ERP of these tests differs from the example: its dozens of deployments are waited for."""

LAYERED = {"\n[[service]]\n": "\n[[service]]\nlayers = true\n"}
"""How the ERP of the releases differs as well: its pods start without the loader of a jar in a jar, and pull less."""

ONE_POD = {"replicaCount: 2": "replicaCount: 1", "minReplicas: 2": "minReplicas: 1"}
"""How the ERP of the releases differs further: of each Deployment one pod starts; the ERP of the demo has more."""

URI = (erp_repository.SOURCE / erp_repository.VALUES).read_text(encoding="utf-8").partition("uri: ")[2].split('"')[1]
PASSWORD = URI.partition("://")[2].partition(":")[2].partition("@")[0]
SECRETS = (
    *(AS_IS_PASSWORD, base64.b64encode(AS_IS_PASSWORD.encode()).decode()),
    *(PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), quote(PASSWORD, safe="")),
    *(FUNCTION_PASSWORD, base64.b64encode(FUNCTION_PASSWORD.encode()).decode()),
    *(PARAMETER_PASSWORD, base64.b64encode(PARAMETER_PASSWORD.encode()).decode()),
    *("ministack-auth-token", base64.b64encode(b"AWS:ministack-auth-token").decode(), "k8s-aws-v1."),
)
"""Of the values file, the function's environment, Parameter Store, and what signs in to registry and cluster."""


def sandbox(verb: str) -> None:
    """Call a verb of the sandbox as a person does: by a program of its own, whose processes are not ours."""
    subprocess.run([sys.executable, "-m", "sandbox", verb], check=True)


def pytest_configure(config: pytest.Config) -> None:
    """Let the SDKs, which these tests use to look at the world, drop their idle sockets as they do."""
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The test that takes the sandbox down is the last one."""
    items.sort(key=lambda item: item.path.name == "test_down.py")


@pytest.fixture(scope="session")
def before() -> inventory.Inventory:
    """The machine before the sandbox."""
    if BEFORE in os.environ:
        return inventory.from_json(Path(os.environ[BEFORE]).read_text(encoding="utf-8"))
    if KEEP not in os.environ:
        sandbox("down")
        sandbox("install")
    return inventory.take()


@pytest.fixture(scope="session", autouse=True)
def _sandbox(before: inventory.Inventory) -> inventory.Inventory:
    sandbox("up")
    return before


@pytest.fixture(scope="session", autouse=True)
def _nothing_secret_is_said(_sandbox: inventory.Inventory) -> Iterator[None]:
    """After the last test: no secret of the sandbox is in anything that a run printed or reported."""
    yield
    assert secrets_said() == []


def secrets_said() -> list[str]:
    """The secrets of the sandbox that runs have printed or reported so far."""
    return [secret for secret in SECRETS if any(secret in text for text in erp_build_process.SAID)]


@dataclass
class Erp:
    """A deployed ERP: its tenant, its repository, and the newest commit that was deployed."""

    tenant: Tenant
    repository: Path
    commit: str
    changes: int = 0

    def run(self, *words: str, env: dict[str, str] | None = None, config: str = "") -> erp_build_process.Finished:
        """`erp-build run` in this repository; `config` is the text of another erp-build.toml."""
        report = self.repository.parent / "report.json"
        if config:
            path = self.repository.parent / "other.toml"
            path.write_text(config, encoding="utf-8")
            words = (*words, "--config", str(path))
        words = ("run", "--repo", str(self.repository), "--report", str(report), *words)
        done = erp_build_process.run(
            *words, env=env or erp_build_process.environment(role_of=self.tenant), report=report
        )
        if done.report.get("outcome") == "deployed":
            self.commit = self.git("rev-parse", "HEAD")
        return done

    def start(self, *words: str, module: Sequence[str] = ("erp_build",), env: dict[str, str] | None = None,
              repository: Path | None = None) -> erp_build_process.Started:  # fmt: skip
        """A run that goes on beside the test, here or in another clone."""
        folder = repository or self.repository
        report = folder.parent / "beside.json"
        words = ("run", "--repo", str(folder), "--report", str(report), *words)
        return erp_build_process.Started(
            words, env or erp_build_process.environment(role_of=self.tenant), report, module=module
        )

    def call(self, *words: str, helm: int = 3) -> erp_build_process.Finished:
        """Another verb, in this repository."""
        env = erp_build_process.environment(helm, role_of=self.tenant)
        return erp_build_process.run(words[0], "--repo", str(self.repository), *words[1:], env=env)

    def look(self) -> deployed_state.Snapshot:
        """What really runs now."""
        return deployed_state.snapshot(self.tenant, self.repository)

    def new_content(self, service: str) -> str:
        """Commit a change that no image has yet, so that it is built and not reused; returns the commit."""
        self.changes += 1
        self.git("reset", "--quiet", "--hard")
        settings = self.repository / "backend" / service / "src/main/resources/application.yaml"
        settings.write_text(f"{settings.read_text(encoding='utf-8')}# {self.changes}\n", encoding="utf-8")
        return erp_repository.commit(self.repository, f"{service}: {self.changes}")

    @property
    def config(self) -> str:
        """The text of the repository's erp-build.toml, for a changed copy."""
        return (self.repository / "erp-build.toml").read_text(encoding="utf-8")

    def git(self, *words: str) -> str:
        """A git command in the repository."""
        done = subprocess.run(["git", *words], cwd=self.repository, capture_output=True, text=True, check=True)
        return done.stdout.strip()


@pytest.fixture(scope="session")
def demonstrated(tmp_path_factory: pytest.TempPathFactory, _sandbox: None) -> Erp:
    """The ERP after the whole demo with Helm 3, which itself checks every act.

    It is played in the runner image, as `make demo RUNNER=1` does.
    """
    folder = tmp_path_factory.mktemp("demo") / "helm3"
    up((runner_image.RUNNER_IMAGE,))
    tenant = play(in_lane("world"), folder, run_modes.in_a_build_container(engine=True), IMPATIENT)
    replicas = json.loads((folder / "4-replicas.json").read_text(encoding="utf-8"))
    return Erp(tenant, folder / "erp", replicas["head"])


@pytest.fixture(scope="session")
def first_deployed(tmp_path_factory: pytest.TempPathFactory, _sandbox: None) -> Erp:
    """The ERP of the releases: the first commit, deployed by this machine's Python on one pod of each service."""
    folder = tmp_path_factory.mktemp("first") / "helm3"
    tenant = play_first(in_lane("releases"), folder, run_modes.on_this_machine(), {**IMPATIENT, **LAYERED}, ONE_POD, 1)
    deployed = json.loads((folder / "1-first.json").read_text(encoding="utf-8"))
    return Erp(tenant, folder / "erp", deployed["head"])


@pytest.fixture
def erp(demonstrated: Erp) -> Iterator[Erp]:
    """The deployed ERP with its repository at the deployed commit and nothing scripted."""
    Faults().clear()
    demonstrated.git("reset", "--quiet", "--hard", demonstrated.commit)
    yield demonstrated
    Faults().clear()


@pytest.fixture(scope="session")
def made(first_deployed: Erp) -> Pair:
    """The second content of both halves deployed; the first one was deployed before."""
    erp = first_deployed
    Faults().clear()
    erp.git("reset", "--quiet", "--hard", erp.commit)
    pair = Pair(erp)
    pair.next()
    done = pair.run()
    assert done.code == 0, done.stderr
    # A pod that is one too many may be there for a moment more.
    wait_for({1}, lambda: {len(one.digests) for one in erp.look().deployments.values()})
    return pair


@pytest.fixture
def pair(made: Pair) -> Iterator[Pair]:
    """All contents in the registry, the last commit deployed, nothing scripted."""
    Faults().clear()
    made.erp.git("reset", "--quiet", "--hard", made.erp.commit)
    yield made
    Faults().clear()
