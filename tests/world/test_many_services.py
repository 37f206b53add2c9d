"""The generated sample of many services, in small: each run does what it is called, and asks no more than it must."""

from pathlib import Path

import pytest

from bench.sandbox_runs import play
from sandbox.lanes import in_lane
from sandbox.sample import many_repository
from sandbox.tenants import deployed_state, provisioning

pytestmark = pytest.mark.world

SERVICES = many_repository.names(6)


def test_many_small_services_are_deployed_without_an_engine_and_nothing_is_done_twice(tmp_path: Path) -> None:
    tenant = provisioning.create(in_lane("many"), images=SERVICES)
    try:
        played = play(tenant, tmp_path, SERVICES)
        running = deployed_state.deployments(tenant)
    finally:
        provisioning.remove(tenant)
    assert {name: one.built for name, one in played.items()} == {"first": 6, "nothing": 0, "one": 1, "ten": 6}
    assert {name: len(one.digests) for name, one in running.items()} == dict.fromkeys(SERVICES, 1)
    # What is not changed is read, and nothing of it is written.
    unchanged = played["nothing"].sent
    assert not [
        name for place in unchanged.values() for name in place if name.startswith(("PutImage", "PUT ", "PATCH "))
    ]
    for place in ("aws", "cluster"):
        assert played["nothing"].requests(place) < played["one"].requests(place)
    assert played["one"].requests("aws") < played["first"].requests("aws")
