"""The registry by its own API in the place of ECR: the contract of the fake, every way to sign in, and its faults."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests

from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.clock import SystemClock
from erp_build.clients.patience import Patience
from erp_build.clients.registries.address import scheme_of
from erp_build.clients.registries.base import base_image
from erp_build.clients.registries.connection import Connection
from erp_build.clients.registries.registry import Registry
from erp_build.clients.secrets import Secrets
from erp_build.errors import BuildFailed, PushFailed
from sandbox.aws.client import client, ignore_missing
from sandbox.aws.ecr import hosts
from sandbox.endpoints import COMPANY_HOST, HUB_HOST, REGISTRY_HOST
from sandbox.lanes import in_lane
from tests.support.images import made_image
from tests.support.registry_contract import CONTRACT, Place

pytestmark = pytest.mark.world

PREFIX = in_lane("registry-api")
NAMES = ("one", "other", "immutable")
FOREIGN = {COMPANY_HOST: "of-company", HUB_HOST: "of-hub"}
"""Host -> where in the account's own registry its images lie."""

CONFIG = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [f"sha256:{'1' * 64}"] * 2}}


def own(ecr: EcrRegistry) -> Registry:
    """The account's registry, which is asked again as a run asks."""
    clock, scheme = SystemClock(), scheme_of(REGISTRY_HOST)
    connection = Connection(REGISTRY_HOST, ecr.sign_in, ecr.forget_sign_in, clock, scheme=scheme)
    return Registry(connection, Patience(clock).ask)


@pytest.fixture(scope="module")
def ecr(_sandbox: None) -> EcrRegistry:
    return EcrRegistry(client("ecr"), Secrets())


@pytest.fixture
def place(ecr: EcrRegistry, tmp_path: Path) -> Iterator[Place]:
    """Three empty repositories."""
    names = [f"{PREFIX}/{name}" for name in NAMES]
    for name in names:
        ignore_missing(client("ecr").delete_repository, repositoryName=name, force=True)
        kind = "IMMUTABLE" if name.endswith("immutable") else "MUTABLE"
        client("ecr").create_repository(repositoryName=name, imageTagMutability=kind)
    one, other, immutable = names
    yield Place(own(ecr), own(ecr), one, other, immutable, f"{PREFIX}/missing", tmp_path)
    for name in names:
        ignore_missing(client("ecr").delete_repository, repositoryName=name, force=True)


@pytest.mark.parametrize("number", range(len(CONTRACT)), ids=[one.__name__ for one in CONTRACT])
def test_it_answers_as_the_fake_does(place: Place, number: int) -> None:
    CONTRACT[number](place)


def _given(sign_in: SignIn) -> SignIn:
    return sign_in


@pytest.mark.parametrize("host", FOREIGN)
def test_a_base_of_another_registry_is_read_by_its_own_way_to_sign_in(place: Place, host: str, tmp_path: Path) -> None:
    name = in_lane("registry-api-base")
    stored = f"{FOREIGN[host]}/{name}"
    ignore_missing(client("ecr").delete_repository, repositoryName=stored, force=True)
    client("ecr").create_repository(repositoryName=stored)
    try:
        image = made_image(tmp_path, seed=20, config=CONFIG)
        place.push(stored, "1", image)
        for user, works in ((hosts.USER, True), ("somebody", False)):
            sign_in = SignIn(f"http://{host}", user, hosts.PASSWORD)
            given = partial(_given, sign_in)
            registry = Registry(Connection(host, given, None, SystemClock(), scheme="http", failure=BuildFailed))
            if works:
                assert base_image(registry, name, "1", "linux/amd64").manifest == image.manifest
            else:
                with pytest.raises(BuildFailed, match="the registry") as caught:
                    base_image(registry, name, "1", "linux/amd64")
                assert hosts.PASSWORD not in repr(vars(caught.value))
    finally:
        ignore_missing(client("ecr").delete_repository, repositoryName=stored, force=True)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_breaks_at_the_manifest_ends_with_the_image(place: Place, tmp_path: Path, when: str) -> None:
    image = made_image(tmp_path, seed=21)
    requests.post(f"http://{REGISTRY_HOST}/_drop/{when}", params={"repository": place.one}, timeout=10)
    assert place.push(place.one, "1", image) == image.manifest.digest
    assert place.registry.manifest(place.one, "1") == image.manifest


def test_a_sign_in_that_has_ended_is_renewed(place: Place, ecr: EcrRegistry) -> None:
    ended = {"repository": place.one}
    renewed = 0

    def renew() -> None:
        nonlocal renewed
        renewed += 1
        ecr.forget_sign_in()
        requests.post(f"http://{REGISTRY_HOST}/_expired/off", params=ended, timeout=10)

    registry = Registry(Connection(REGISTRY_HOST, ecr.sign_in, renew, SystemClock(), scheme="http"))
    requests.post(f"http://{REGISTRY_HOST}/_expired/on", params=ended, timeout=10)
    try:
        assert registry.manifest(place.one, "1") is None
    finally:
        requests.post(f"http://{REGISTRY_HOST}/_expired/off", params=ended, timeout=10)
    assert renewed == 1


def test_a_sign_in_that_nobody_gives_ends_with_one_error(place: Place) -> None:
    wrong = SignIn("http://x", "AWS", "wrong")
    registry = Registry(Connection(REGISTRY_HOST, lambda: wrong, None, SystemClock(), scheme="http"))
    with pytest.raises(PushFailed, match="the registry refuses a call") as caught:
        registry.manifest(place.one, "1")
    assert "401" in caught.value.why
