"""The steps of docs/migrate.md in their order, from what a shell has left: a function by hand, and no release."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as kubernetes

from sandbox import erp_build_process
from sandbox.cluster import admin_client
from sandbox.demo.acts import EMPLOYEE, SERVICES
from sandbox.lanes import in_lane
from sandbox.sample import erp_commits, erp_repository
from sandbox.tenants import deployed_state, provisioning
from sandbox.tenants.tenant import Tenant

pytestmark = pytest.mark.world

GROUP = "erp-build"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An ERP whose users move in: the tenant, their repository, and where a run writes its report."""

    tenant: Tenant
    repository: Path
    report: Path

    def call(self, *words: str, as_role: bool = False) -> erp_build_process.Finished:
        """Call erp_build with a person's sign-in, or with the role of the build."""
        role = self.tenant if as_role else None
        return erp_build_process.run(
            *words, "--repo", str(self.repository), env=erp_build_process.environment(role_of=role)
        )

    def run(self) -> erp_build_process.Finished:
        """A run with the role of the build, as step 5 has it."""
        words = ("run", "--repo", str(self.repository), "--report", str(self.report))
        return erp_build_process.run(*words, env=erp_build_process.environment(role_of=self.tenant), report=self.report)

    def look(self) -> deployed_state.Snapshot:
        """What is really there."""
        return deployed_state.snapshot(self.tenant, self.repository)


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """A tenant whose group `erp-build` has no rights yet in its namespace, as before step 3."""
    folder = tmp_path_factory.mktemp("migrate")
    tenant = provisioning.create(in_lane("migrate"))
    try:
        rights = kubernetes.RbacAuthorizationV1Api(admin_client.connect())
        rights.delete_namespaced_role_binding(GROUP, tenant.namespace)
        rights.delete_namespaced_role(GROUP, tenant.namespace)
        repository = erp_repository.make(folder / "erp", tenant.name).root
        (folder / "out").mkdir()
        yield Newcomer(tenant, repository, folder / "out" / "report.json")
    finally:
        provisioning.remove(tenant)


def test_the_steps_lead_from_the_shell_to_a_proven_deployment(newcomer: Newcomer) -> None:
    before = newcomer.look()

    # Before: without a pipeline, with one's own sign-in.
    rehearsed = newcomer.call("run", "--rehearse")
    assert rehearsed.code == 0, rehearsed.stderr
    assert newcomer.look() == before

    # Step 3 was forgotten: the role is known to the cluster and its group has no rights.
    refused = newcomer.run()
    assert refused.code == 9, refused.stderr
    assert "cannot list resource" in refused.stderr
    assert "erp-build doctor --only rights --write access.yaml" in refused.stderr
    assert newcomer.look() == before

    # Step 3: kubectl apply --namespace ... --filename infra/access.yaml
    admin_client.give_access(newcomer.tenant.namespace)

    # Step 5: the first run has no baselines and builds everything, once.
    first = newcomer.run()
    assert first.code == 0, first.stderr
    assert actions(first.report) == dict.fromkeys((*SERVICES, EMPLOYEE), "build")
    assert first.report["outcome"] == "deployed"

    # Step 6: built = scanned = running, and a change of one service builds one.
    for words in (("verify",), ("status",)):
        done = newcomer.call(*words)
        assert done.code == 0, done.stderr
    erp_commits.change_service(newcomer.repository, "notification-service")
    planned = newcomer.call("plan", "--live", "--json")
    assert planned.code == 0, planned.stderr
    assert actions(json.loads(planned.stdout)) == {"notification-service": "build"}


def actions(document: dict[str, Any]) -> dict[str, str]:
    """Target -> action of a plan or report, of the services and functions that something is done with."""
    return {
        one["name"]: one["action"] for one in document["targets"] if one["action"] != "none" and one["kind"] != "chart"
    }
