"""The Lease as it is read, written and refused: the real tool over an API on loopback, and the fake of the tests."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.kubernetes.connection import ClusterConnection
from erp_build.clients.kubernetes.leases import ClusterLeases
from erp_build.deployment.ledger import MAX_LEDGER_BYTES
from erp_build.errors import ReleaseFailed
from erp_build.model.releases.lease import Lease
from tests.contract.cluster.conftest import RELEASE, Way
from tests.fakes.leases import MAX_ANNOTATIONS, FakeLeases
from tests.support.loopback import Loopback

LEASES = "/apis/coordination.k8s.io/v1/namespaces/erp-dev/leases"
OURS = f"{LEASES}/erp-build-erp"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = Lease().taken_by("me/1", "a" * 40, "erp-unified-build:2", 30.0, NOON)


def stored(version: str = "7", holder: str = "me/1") -> dict[str, Any]:
    annotations = {"erp-build/commit": "a" * 40, "erp-build/build": "erp-unified-build:2", "erp-build/deployments": ""}
    spec = {
        "holderIdentity": holder,
        "leaseDurationSeconds": 30,
        "acquireTime": "2026-11-23T12:00:00.000000Z",
        "renewTime": "2026-11-23T12:00:00.000000Z",
    }
    return {"metadata": {"name": "erp-build-erp", "resourceVersion": version, "annotations": annotations}, "spec": spec}


@pytest.fixture
def leases(server: Loopback) -> ClusterLeases:
    return ClusterLeases(ClusterConnection(Way(server.address)))  # type: ignore[arg-type]


def test_no_lease_yet_is_none_and_the_servers_time_is_known(leases: ClusterLeases) -> None:
    reading = leases.read(RELEASE)
    assert reading.lease is None
    assert abs((datetime.now(UTC) - reading.now).total_seconds()) < 5


def test_a_stored_lease_is_read_with_its_version(leases: ClusterLeases, server: Loopback) -> None:
    server.serve(OURS, stored())
    assert leases.read(RELEASE).lease == Lease(
        holder="me/1",
        commit="a" * 40,
        build="erp-unified-build:2",
        acquired=NOON,
        renewed=NOON,
        seconds=30.0,
        version="7",
    )


def test_a_failure_is_stored_with_the_lease_and_read_again(leases: ClusterLeases, server: Loopback) -> None:
    found = stored(holder="")
    found["metadata"]["annotations"]["erp-build/failed"] = "erp-unified-build:2"
    server.serve(OURS, found)
    read = leases.read(RELEASE).lease
    assert read
    assert (read.failed, read.ended_badly) == ("erp-unified-build:2", True)
    assert leases.write(RELEASE, replace(LEASE, version="7").freed(failed=True)) is not None
    assert json.loads(server.asked[-1].body)["metadata"]["annotations"]["erp-build/failed"] == "erp-unified-build:2"


def test_the_first_lease_is_created_with_times_that_the_api_takes(leases: ClusterLeases, server: Loopback) -> None:
    server.serve(LEASES, stored("1"), 201)
    written = leases.write(RELEASE, LEASE)
    assert written is not None
    assert written.version == "1"
    sent = json.loads(server.asked[-1].body)
    assert sent["spec"]["renewTime"] == "2026-11-23T12:00:00.000000+00:00"
    assert sent["spec"]["leaseDurationSeconds"] == 30
    assert "resourceVersion" not in sent["metadata"]


def test_a_later_write_replaces_the_version_that_was_read(leases: ClusterLeases, server: Loopback) -> None:
    server.serve(OURS, stored())
    read = leases.read(RELEASE).lease
    assert read is not None
    leases.write(RELEASE, read.freed())
    assert server.asked[-1].verb == "PUT"
    sent = json.loads(server.asked[-1].body)
    assert (sent["metadata"]["resourceVersion"], sent["spec"]["holderIdentity"]) == ("7", "")


@pytest.mark.parametrize("version", ["", "6"])
def test_somebody_who_was_faster_is_no_error(version: str, leases: ClusterLeases, server: Loopback) -> None:
    server.serve(OURS if version else LEASES, {"kind": "Status", "reason": "Conflict"}, 409)
    assert leases.write(RELEASE, replace(LEASE, version=version)) is None
    fake = FakeLeases(SimulatedClock())
    fake.is_held(alive=False)
    assert fake.write(RELEASE, Lease(holder="me/1", version=version)) is None


def test_a_namespace_that_is_not_there_is_named(leases: ClusterLeases) -> None:
    with pytest.raises(ReleaseFailed, match="there is no namespace erp-dev"):
        leases.write(RELEASE, LEASE)


def test_a_lease_that_may_not_be_read_is_a_refusal(leases: ClusterLeases, server: Loopback) -> None:
    server.serve(OURS, {"kind": "Status"}, 403)
    with pytest.raises(ReleaseFailed, match="403"):
        leases.read(RELEASE)


def test_a_ledger_that_is_too_large_for_annotations_is_refused_and_the_largest_one_is_not(
    leases: ClusterLeases, server: Loopback
) -> None:
    """A real API server answers 422, `metadata.annotations: Too long: may not be more than 262144 bytes`."""
    server.serve(OURS, {"kind": "Status", "reason": "Invalid"}, 422)
    fake, large = FakeLeases(SimulatedClock()), "x" * (MAX_ANNOTATIONS - MAX_LEDGER_BYTES)
    for written in (leases, fake):
        with pytest.raises(ReleaseFailed, match="422"):
            written.write(RELEASE, replace(LEASE, version="7", record=large + "x" * MAX_LEDGER_BYTES))
    assert fake.write(RELEASE, replace(LEASE, record="x" * MAX_LEDGER_BYTES)) is not None


def test_the_fake_keeps_versions_as_the_api_does() -> None:
    fake = FakeLeases(SimulatedClock())
    assert fake.read(RELEASE).lease is None
    first = fake.write(RELEASE, LEASE)
    assert first is not None
    assert fake.read(RELEASE).lease == first
    second = fake.write(RELEASE, first.freed())
    assert second is not None
    assert second.version != first.version
    assert fake.write(RELEASE, first) is None
