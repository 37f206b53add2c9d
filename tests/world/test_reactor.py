"""A reactor with a parent in a folder and a shared module, and a service without Maven: what is built for which change.

One deployment is shared by the tests. Each begins at what the one before it has deployed.
"""

from collections.abc import Iterator

import pytest

from sandbox.aws.fault_proxy.client import Faults
from sandbox.erp_build_process import Finished
from sandbox.lanes import in_lane
from sandbox.sample import reactor_repository
from sandbox.sample.reactor_repository import GREETING, OTHER, PAGE, SERVICES, USERS
from sandbox.tenants import provisioning
from tests.world.conftest import Erp

pytestmark = pytest.mark.world


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, _sandbox: None) -> Iterator[Erp]:
    """The sample before its first run."""
    tenant = provisioning.create(in_lane("shop"), images=SERVICES)
    folder = tmp_path_factory.mktemp("shop") / "shop"
    Faults().clear()
    yield Erp(tenant, folder, reactor_repository.make(folder, tenant.name))
    provisioning.remove(tenant)


@pytest.fixture(scope="module")
def installed(found: Erp) -> Finished:
    """The first deployment."""
    return found.run()


@pytest.fixture
def shop(found: Erp, installed: Finished) -> Erp:
    """The deployed sample."""
    assert installed.code == 0, installed.stderr
    return found


def built(done: Finished) -> set[str]:
    assert done.code == 0, done.stderr
    return {target["name"] for target in done.report["targets"] if target["action"] == "build"}


def digests(shop: Erp) -> dict[str, tuple[str, ...]]:
    return {name: one.digests for name, one in shop.look().deployments.items()}


def test_it_deploys_with_and_without_maven(shop: Erp, installed: Finished) -> None:
    assert built(installed) == set(SERVICES)
    assert {name: len(found) for name, found in digests(shop).items()} == dict.fromkeys(SERVICES, 1)


def test_a_change_of_the_module_builds_its_two_users_and_nothing_else(shop: Erp) -> None:
    before = digests(shop)
    reactor_repository.change_module(shop.repository, "good morning")
    told = shop.call("explain", str(GREETING))
    assert [name for name in USERS if f"common -> {name}" not in told.stdout] == [], told.stderr
    assert built(shop.run()) == set(USERS)
    after = digests(shop)
    assert {name for name in SERVICES if after[name] != before[name]} == set(USERS)
    assert (after[OTHER], after[PAGE]) == (before[OTHER], before[PAGE])


def test_a_change_of_the_parent_builds_every_service_with_maven_and_a_change_of_the_page_that_one(shop: Erp) -> None:
    before = digests(shop)
    reactor_repository.change_parent_and_page(shop.repository, "two")
    assert built(shop.run()) == set(SERVICES)
    after = digests(shop)
    assert [name for name in SERVICES if after[name] == before[name]] == []
    assert {target["action"] for target in shop.run().report["targets"]} == {"none"}
