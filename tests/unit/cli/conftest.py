"""What several files of tests of the command line share."""

from pathlib import Path

import pytest

from tests.support.git import Checkout
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
