"""The repositories and the worlds in memory that several groups share, and the order of their tests."""

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from erp_build.errors import Failure
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.order import longest_first

if TYPE_CHECKING:
    from tests.fakes.world import FakeWorld

SERVICES = ("approval-request-service", "approval-processing-service", "notification-service", "employee-service")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each of several workers (pytest-xdist) begin with what takes longest."""
    workers = getattr(config, "workerinput", {}).get("workercount", 0)
    if workers:
        items[:] = longest_first([(item.nodeid, item) for item in items], workers)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the summary say where and why, where an error of the program says so; its text is what failed alone."""
    report = yield
    error, crash = call.excinfo and call.excinfo.value, getattr(report.longrepr, "reprcrash", None)
    if isinstance(error, Failure) and crash:
        crash.message = " | ".join((crash.message, error.where, *error.why.splitlines()))
    return report


@pytest.fixture(scope="session")
def erp_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in the layout of the ERP with one commit, made once."""
    files = {f"backend/{name}/pom.xml": f"<project>{name}</project>\n" for name in SERVICES}
    files |= {f"backend/{name}/src/App.java": f"class App {{ /* {name} */ }}\n" for name in SERVICES}
    files |= {"helm-chart/values-dev.yaml": "replicaCount: 2\n", "backend/proto/a.proto": "p\n", "README.md": "r\n"}
    return Checkout.create(tmp_path_factory.mktemp("template"), **files).root


@pytest.fixture
def erp(erp_template: Path, tmp_path: Path) -> Checkout:
    """A repository in the layout of the ERP, with one commit, for one test."""
    return Checkout(Path(shutil.copytree(erp_template, tmp_path / "erp", symlinks=True)))


@pytest.fixture
def erp_build(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line."""
    return CommandLine(capsys)


@pytest.fixture(scope="session")
def new_world_template(tmp_path_factory: pytest.TempPathFactory) -> "FakeWorld":
    """A fake world in which nothing was deployed yet, made once."""
    from tests.fakes.world import FakeWorld, sources

    checkout = Checkout.create(tmp_path_factory.mktemp("world") / "new", **sources())
    # Every test copies and removes these files: the fewer, the faster.
    checkout.git("gc", "--quiet")
    shutil.rmtree(checkout.root / ".git" / "hooks", ignore_errors=True)
    return FakeWorld(checkout)


@pytest.fixture(scope="session")
def world_template(new_world_template: "FakeWorld") -> "FakeWorld":
    """A fake world after the first deployment, made once."""
    world = new_world_template.copy_to(new_world_template.root.with_name("deployed"))
    world.run()
    return world


@pytest.fixture
def new_world(new_world_template: "FakeWorld", tmp_path: Path) -> "FakeWorld":
    """A fake world in which nothing was deployed yet."""
    return new_world_template.copy_to(tmp_path / "new-world")


@pytest.fixture
def world(world_template: "FakeWorld", tmp_path: Path) -> "FakeWorld":
    """A fake world after the first deployment."""
    return world_template.copy_to(tmp_path / "world")
