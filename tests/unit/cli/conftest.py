"""What several files of tests of the command line share."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.init_shape import Shape
from tests.support.wrapper import GitCalls

N = "backend/notification-service"


@pytest.fixture
def two(erp: Checkout) -> tuple[Checkout, str, str]:
    """A repository with two commits, the second in the notification service."""
    base = erp.head()
    return erp, base, erp.commit({f"{N}/new": "x"})


@pytest.fixture
def calls(tmp_path: Path, two: object, monkeypatch: pytest.MonkeyPatch) -> GitCalls:  # noqa: ARG001 - made before
    return GitCalls(tmp_path / "bin", monkeypatch)


@pytest.fixture
def poms_known(two: tuple[Checkout, str, str], erp_build: CommandLine) -> None:
    """The poms of both commits are kept from a plan before."""
    erp, base, head = two
    assert erp_build("plan", "--repo", erp.root, "--base", base, "--head", head).code == 0


@pytest.fixture
def shape(tmp_path: Path, erp_build: CommandLine) -> Any:
    return lambda files: Shape(tmp_path / "shape", erp_build, files)
