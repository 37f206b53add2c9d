"""What is asked of registries while Maven works, so that nobody waits for it behind the jar."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from erp_build.build.direct.bases import Bases
from erp_build.build.direct.images import DirectImages, OwnRegistry
from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.effects import ImageRequest
from erp_build.clients.patience import Patience
from erp_build.clients.registries.opened import Registries, own_connection
from erp_build.model.project import Service
from tests.fakes.oci_registry import PASSWORD, USER, FakeRegistry, digest_of
from tests.support.assembly import sign_ins
from tests.support.base_image import NAME, store_runtime
from tests.support.direct_images import PLACES, root_archive
from tests.support.registry_server import served

if TYPE_CHECKING:
    from erp_build.clients.aws.registry import EcrRegistry

REPOSITORY = "erp/a"


class Ecr:
    """Signs in to the fake."""

    def __init__(self, fake: FakeRegistry) -> None:
        self._fake = fake

    def sign_in(self) -> SignIn:
        return SignIn(self._fake.address, USER, PASSWORD)

    def forget_sign_in(self) -> None:
        """It never ends."""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeRegistry]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with served() as found:
        store_runtime(found)
        store_runtime(found, "latest", repository=REPOSITORY)
        yield found


def prepared(fake: FakeRegistry, folder: Path, *, layers: bool) -> OwnRegistry:
    """The registry that is pushed to, after an image was prepared."""
    clock = SimulatedClock()
    ask = Patience(clock).ask
    own = OwnRegistry(partial(own_connection, cast("EcrRegistry", Ecr(fake)), clock), ask)
    images = DirectImages(folder, folder, Bases(Registries(sign_ins(), clock, ask), {}), own)
    target = Service("a", "backend/a", "a", "services.a", layers=layers)
    base = f"{fake.address.partition('://')[2]}/{NAME}:17"
    request = ImageRequest(target=target, repository=REPOSITORY, tag="1", commit="c" * 40)
    images.prepare(request, f"FROM {base}\nCOPY target/a.jar a.jar\n", {})
    return own


def test_the_layers_of_the_last_image_are_known_before_the_jar_is_there(fake: FakeRegistry, tmp_path: Path) -> None:
    own = prepared(fake, tmp_path, layers=True)
    asked = len(fake.calls)
    found = own.layer(REPOSITORY, digest_of(root_archive(PLACES)))
    assert found
    assert found.digest in fake.repository(REPOSITORY).blobs
    assert len(fake.calls) == asked


def test_without_layers_nobody_asks_for_the_last_image(fake: FakeRegistry, tmp_path: Path) -> None:
    prepared(fake, tmp_path, layers=False)
    assert f"GET /v2/{REPOSITORY}/manifests/latest" not in fake.asked


def test_the_layers_of_the_base_are_looked_for(fake: FakeRegistry, tmp_path: Path) -> None:
    prepared(fake, tmp_path, layers=False)
    assert sum(one.startswith(f"HEAD /v2/{REPOSITORY}/blobs/sha256:") for one in fake.asked) == 1
