"""What is deployed by itself in the sandbox: five releases of which three fail, and a function beside its release."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as kubernetes

from sandbox import erp_build_process
from sandbox.aws.client import client
from sandbox.aws.fault_proxy.client import Faults
from sandbox.cluster import admin_client
from sandbox.lanes import in_lane
from sandbox.sample import many_repository, several_repository
from sandbox.sample.erp_repository import discard_changes
from sandbox.tenants import deployed_state, provisioning
from sandbox.tenants.tenant import FUNCTION_IMAGE, Tenant
from tests.world.pairs import wait_for
from tests.world.test_gate import scanned

pytestmark = pytest.mark.world

BLOCKED, MISSING, NEVER_READY, GOOD, ALSO_GOOD = FIVE = many_repository.names(5)
A, B, C, D, E = (several_repository.chart_of(name) for name in FIVE)


@pytest.fixture
def five() -> Iterator[Tenant]:
    """A tenant with five services, none of which runs."""
    Faults().clear()
    yield provisioning.create(in_lane("five"), images=FIVE)
    Faults().clear()
    provisioning.remove(Tenant(in_lane("five"), FIVE))


@pytest.fixture
def one() -> Iterator[Tenant]:
    """A tenant with one service that does not run, and with its function."""
    Faults().clear()
    yield provisioning.create(in_lane("one"), images=FIVE[:1])
    Faults().clear()
    provisioning.remove(Tenant(in_lane("one"), FIVE[:1]))


def run(tenant: Tenant, repository: Path, *words: str) -> erp_build_process.Finished:
    report = repository.parent / "report.json"
    words = ("run", "--repo", str(repository), "--report", str(report), *words)
    return erp_build_process.run(*words, env=erp_build_process.environment(role_of=tenant), report=report)


def holders(tenant: Tenant) -> dict[str, str]:
    """Lease -> who holds it, of all locks of a tenant."""
    leases: Any = kubernetes.CoordinationV1Api(admin_client.connect())
    found = leases.list_namespaced_lease(tenant.namespace, _request_timeout=admin_client.TIMEOUT).items
    return {item.metadata.name: item.spec.holder_identity or "" for item in found}


def ends(done: erp_build_process.Finished) -> dict[str, tuple[str, int]]:
    return {unit["name"]: (unit["outcome"], unit["exit_code"]) for unit in done.report["units"]}


def test_of_five_releases_two_are_deployed_and_three_fail_each_by_its_own_reason(five: Tenant, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    several_repository.make(repository, five, {NEVER_READY: "15s"})
    first = run(five, repository, "--only", NEVER_READY, C)
    assert first.code == 0, first.stderr
    before = deployed_state.deployments(five)
    assert list(before) == [NEVER_READY]
    several_repository.lose_page(repository, NEVER_READY)
    Faults().scans(f"{five.name}/{BLOCKED}", [scanned(CRITICAL=1)])
    client("ecr").delete_repository(repositoryName=f"{five.name}/{MISSING}", force=True)
    done = run(five, repository)
    assert done.code == 12, done.stderr
    assert done.report["outcome"] == "partly"
    assert ends(done) == {A: ("failed", 6), B: ("failed", 5), C: ("failed", 9), D: ("deployed", 0), E: ("deployed", 0)}
    errors = {unit["name"]: json.dumps(unit["error"]) for unit in done.report["units"] if unit["error"]}
    assert "CRITICAL" in errors[A]
    assert f"{five.name}/{MISSING}" in errors[B]
    assert "taken back" in errors[C]
    for name in (A, B, C):
        assert f"{name}: " in done.report["error"]["why"]
    proven = {one["name"]: one for one in done.report["targets"] if one["running"]}
    for name in (GOOD, ALSO_GOOD):
        assert proven[name]["built"] == proven[name]["scanned"] == proven[name]["running"]
    wait_for(before[NEVER_READY].digests, lambda: deployed_state.deployments(five)[NEVER_READY].digests)
    after = deployed_state.deployments(five)
    assert {name: one.digests for name, one in after.items() if name != NEVER_READY} == {
        name: (proven[name]["running"],) for name in (GOOD, ALSO_GOOD)
    }
    # The lock of what failed is free too, also where nothing was ever deployed.
    assert holders(five) == {f"erp-build-{name}": "" for name in (A, B, C, D, E)}


def test_a_function_apart_is_blocked_deployed_and_rolled_back_beside_its_release(one: Tenant, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    several_repository.make(repository, one, function=True)
    before = deployed_state.function_digest(one)
    Faults().scans(f"{one.name}/{FUNCTION_IMAGE}", [scanned(CRITICAL=1)])
    done = run(one, repository)
    assert done.code == 12, done.stderr
    assert ends(done) == {several_repository.FUNCTION: ("failed", 6), A: ("deployed", 0)}
    assert deployed_state.function_digest(one) == before
    assert list(deployed_state.deployments(one)) == [BLOCKED]
    Faults().clear()
    discard_changes(repository)
    done = run(one, repository)
    assert done.code == 0, done.stderr
    assert ends(done) == {several_repository.FUNCTION: ("deployed", 0), A: ("nothing", 0)}
    after = deployed_state.function_digest(one)
    assert after == next(each["running"] for each in done.report["targets"] if each["kind"] == "lambda")
    assert holders(one) == {f"erp-build-{one.release}": "", f"erp-build.function.{one.function}": ""}
    words = ("rollback", "--repo", str(repository), "--unit", several_repository.FUNCTION)
    back = erp_build_process.run(*words, env=erp_build_process.environment(role_of=one))
    assert back.code == 0, back.stderr
    assert deployed_state.function_digest(one) == before
