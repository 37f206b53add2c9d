"""A registry on loopback, which holds state."""

from collections.abc import Iterator

import pytest

from tests.fakes.oci_registry import FakeRegistry
from tests.support.registry_server import served


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry that everybody may use."""
    with served() as found:
        yield found
