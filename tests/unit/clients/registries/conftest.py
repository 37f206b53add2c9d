"""A registry on loopback, which holds state."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from erp_build.clients.registries import push, upload
from erp_build.model.images.oci import MadeImage
from tests.fakes.oci_registry import FakeRegistry
from tests.support.images import WHOLE, made_image, store_base
from tests.support.registry_server import served


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry that everybody may use."""
    with served() as found:
        yield found


@pytest.fixture
def one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request of a push has the same number in every run, and a layer that is sent as a stream is small."""
    monkeypatch.setattr(push, "BLOBS_AT_ONCE", 1)
    monkeypatch.setattr(upload, "WHOLE_BYTES", WHOLE)


@pytest.fixture
def image(tmp_path: Path) -> MadeImage:
    """An image on a base that lies in another registry."""
    with served() as elsewhere:
        base = store_base(elsewhere)
    return made_image(tmp_path, base._replace(host="elsewhere"))
