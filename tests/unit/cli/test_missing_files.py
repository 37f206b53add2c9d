"""On a terminal `plan` warns of what a run will need and is not there; elsewhere it says nothing of it."""

import io
from pathlib import Path

import pytest

from erp_build.cli.console import BUILD_SERVERS, Console
from erp_build.cli.verbs import plan
from erp_build.clients.secrets import Secrets
from tests.support import shapes
from tests.support.git import Checkout

FILE = '[[service]]\npath = "orders"\nvalues_key = "orders"\n[chart]\npath = "chart"\nvalues = "values.yaml"\n'
WARNING = "doctor --only files"


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _at_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may themselves be run by a build server."""
    for variable in BUILD_SERVERS:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    chart = shapes.chart("chart", shapes.images({"orders": "orders"}))
    return Checkout.create(tmp_path / "r", **{**shapes.services("orders"), **chart, "erp-build.toml": FILE})


def shown(checkout: Checkout, stdout: io.StringIO, head: str | None = None) -> str:
    """What a plan prints, as one line: a terminal gets lines that fit."""
    options = plan.Options()
    options.repo, options.base, options.head = str(checkout.root), "HEAD", head
    plan.main(options, Console(options, Secrets(), stdout))
    return " ".join(stdout.getvalue().split())


@pytest.mark.parametrize("head", [None, "HEAD"])
def test_nothing_is_said_where_all_is_there(checkout: Checkout, head: str | None) -> None:
    assert WARNING not in shown(checkout, Terminal(), head)


@pytest.mark.parametrize("head", [None, "HEAD"])
@pytest.mark.parametrize("path", ["orders/pom.xml", "orders/Dockerfile", "chart/values.yaml"])
def test_a_missing_file_is_named(checkout: Checkout, path: str, head: str | None) -> None:
    checkout.git("rm", "--quiet", path)
    checkout.commit()
    assert f"a run will need {path}: not there; erp-build {WARNING}" in shown(checkout, Terminal(), head)


def test_a_missing_values_key_is_named(checkout: Checkout) -> None:
    checkout.commit({"chart/values.yaml": "users:\n  image:\n    tag: x\n"})
    assert "a run will need the values key orders: not there" in shown(checkout, Terminal())


def test_a_removed_service_needs_nothing(checkout: Checkout) -> None:
    checkout.git("rm", "-r", "--quiet", "orders")
    checkout.commit()
    options = plan.Options()
    options.repo, options.base = str(checkout.root), "HEAD~1"
    stdout = Terminal()
    plan.main(options, Console(options, Secrets(), stdout))
    assert "removed" in stdout.getvalue()
    assert WARNING not in stdout.getvalue()


@pytest.mark.parametrize("variable", [*BUILD_SERVERS, ""])
def test_a_pipe_and_a_build_server_are_told_nothing(
    checkout: Checkout, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout.root / "orders/Dockerfile").unlink()
    if variable:
        monkeypatch.setenv(variable, "true")
    assert WARNING not in shown(checkout, Terminal() if variable else io.StringIO())
