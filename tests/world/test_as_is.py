"""A repository that was not written to be deployed by a run: `examples/as-is` in an account that Terraform made.

One deployment is shared by the tests. Each begins at its commit and leaves it deployed.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client as kubernetes

from sandbox import erp_build_process
from sandbox.aws.fault_proxy.client import Faults
from sandbox.cluster import admin_client
from sandbox.cluster.sign_in import aws_auth
from sandbox.cluster.sign_in.client import set_access_entry
from sandbox.erp_build_process import Finished
from sandbox.lanes import in_lane
from sandbox.sample import as_is_repository
from sandbox.tenants import provisioning
from tests.support.counted_engine import counted_engine
from tests.world import as_is, snapshots
from tests.world.conftest import Erp, secrets_said
from tests.world.pairs import EMPLOYEE, PROCESSING, REQUEST, SERVICE, updates, wait_until

pytestmark = pytest.mark.world

LOGS = "amazon-cloudwatch"
"""The namespace in which the chart has its Fluent Bit."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, _sandbox: None) -> Iterator[Erp]:
    """The repository and its account before the first run, with the rights of `infra/access.yaml`."""
    tenant = provisioning.create(in_lane("asis"), function_tag="latest")
    folder = tmp_path_factory.mktemp("as-is") / "erp"
    Faults().clear()
    as_is.describe_account()
    aws_auth.map_role(tenant.build_role)
    set_access_entry(tenant.build_role, there=False)
    with as_is.database() as address:
        commit = as_is_repository.make(folder, tenant.name, address, patience=as_is.PATIENCE, chart=as_is.CHART)
        yield Erp(tenant, folder, commit)
    aws_auth.map_role(tenant.build_role)
    set_access_entry(tenant.build_role, there=True)
    provisioning.remove(tenant)


@pytest.fixture(scope="module")
def unknown(found: Erp) -> Finished:
    """What `doctor` says of the cluster before `aws-auth` maps the role."""
    return found.call("doctor", "--only", "access")


@pytest.fixture(scope="module")
def refused(found: Erp, unknown: Finished) -> tuple[Finished, list[Any]]:
    """A run with the shipped rights, and everything that it could write, before and after it."""
    assert unknown.code != 0
    aws_auth.map_role(found.tenant.build_role, "erp-build")
    before = everything(found)
    done = found.run()
    return done, [before, everything(found)]


def everything(found: Erp) -> dict[str, Any]:
    """Everything that a run could write, but the lock that it takes first."""
    all_of_it = snapshots.everything(found.tenant, found.repository)
    objects = {name: version for name, version in all_of_it["objects"].items() if " leases " not in name}
    return {**all_of_it, "objects": objects}


@pytest.fixture(scope="module")
def installed(found: Erp, refused: tuple[Finished, list[Any]], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The first deployment, with the rights that `doctor` wrote."""
    assert refused[0].code != 0
    written = tmp_path_factory.mktemp("rights") / "access.yaml"
    done = found.call("doctor", "--only", "rights", "--write", str(written))
    assert done.code == 2, done.stderr
    admin_client.apply_access(written.read_text(encoding="utf-8"), found.tenant.namespace)
    with counted_engine() as engine:
        done = found.run(env=engine.variables(erp_build_process.environment(role_of=found.tenant)))
        assert engine.tried == []
    return done


@pytest.fixture
def deployed(found: Erp, installed: Finished) -> Iterator[Erp]:
    """The deployed sample, its repository at the deployed commit."""
    assert installed.code == 0, installed.stderr
    Faults().clear()
    as_is.describe_account()
    found.git("reset", "--quiet", "--hard", found.commit)
    yield found
    found.git("reset", "--quiet", "--hard", found.commit)


def test_a_cluster_without_access_entries_asks_for_a_line_in_aws_auth(unknown: Finished) -> None:
    assert unknown.code == 2, unknown.stderr
    assert "aws-auth" in unknown.stdout


def test_with_the_shipped_rights_a_run_stops_before_any_write_and_names_all_that_is_missing(
    refused: tuple[Finished, list[Any]],
) -> None:
    done, (before, after) = refused
    assert done.code == 9, done.stderr
    assert after == before
    assert updates() == 0
    wanted = (
        LOGS,
        "serviceaccounts",
        "configmaps",
        "daemonsets",
        "secretstores",
        "namespaces",
        "pods/logs",
        "/metrics",
    )
    assert [word for word in wanted if word not in done.stderr] == []
    assert "doctor --only rights --write" in done.stderr


def test_the_first_deployment_is_made_without_an_engine(installed: Finished) -> None:
    assert installed.code == 0, installed.stderr
    made = {target["name"]: target["making"] for target in installed.report["targets"] if target["making"]}
    assert {name: (one["builder"], one["because"]) for name, one in made.items()} == dict.fromkeys(
        (SERVICE, REQUEST, PROCESSING, EMPLOYEE), ("direct", "")
    )


def test_with_the_written_rights_it_deploys_and_doctor_has_nothing_to_say(found: Erp, installed: Finished) -> None:
    assert installed.code == 0, installed.stderr
    now = found.look()
    running = {target["name"]: target["running"] for target in installed.report["targets"] if target.get("running")}
    assert {name: {digest} for name, digest in running.items() if name != EMPLOYEE} == {
        name: set(one.digests) for name, one in now.deployments.items()
    }
    assert running[EMPLOYEE] == now.function
    assert {pod.name.rpartition("-")[0]: pod.ready for pod in admin_client.pods(LOGS)} == {"fluent-bit": True}
    assert {"kafka-0", "zookeeper-0"} <= {pod.name for pod in admin_client.pods(found.tenant.namespace) if pod.ready}
    done = found.call("doctor", "--only", "rights")
    assert done.code == 0, done.stdout
    assert secrets_said() == []


def test_a_deployed_one_is_nothing_to_do(deployed: Erp) -> None:
    before = deployed.look()
    done = deployed.run()
    assert done.code == 0, done.stderr
    assert {target["action"] for target in done.report["targets"]} == {"none"}
    assert deployed.look() == before


def test_services_that_end_later_for_want_of_their_database_are_not_proven_and_both_halves_go_back(
    deployed: Erp,
) -> None:
    before = deployed.look()
    as_is_repository.change_service(deployed.repository, EMPLOYEE)
    as_is_repository.lose_database(deployed.repository)
    done = deployed.run()
    assert done.code == 9, done.stderr
    told = json.dumps(done.report["evidence"], ensure_ascii=False)
    assert "Timed out while waiting for" in told
    assert any(f'"{name}"' in told for name in (REQUEST, PROCESSING, SERVICE))
    after = deployed.look()
    assert (after.function, after.deployments, after.latest) == (before.function, before.deployments, before.latest)
    assert updates() == len(done.report["taken_back"]) == 2
    assert secrets_said() == []


def test_a_broken_stateful_set_and_another_namespace_fail_the_run_and_what_holds_the_way_back_is_told(
    deployed: Erp,
) -> None:
    """Kubernetes replaces no broken pod of a StatefulSet by itself; what the run says about it is done here."""
    before, namespace = deployed.look(), deployed.tenant.namespace
    as_is_repository.break_stateful_set(deployed.repository)
    as_is_repository.break_other_namespace(deployed.repository)
    done = deployed.run()
    assert done.code == 9, done.stderr
    assert {one["target"] for one in done.report["evidence"]} >= {
        "StatefulSet kafka",
        f"DaemonSet fluent-bit in {LOGS}",
    }
    advice = f"kubectl delete pod kafka-0 --namespace {namespace}"
    assert advice in done.stderr
    core: Any = kubernetes.CoreV1Api(admin_client.connect())
    core.delete_namespaced_pod("kafka-0", namespace, _request_timeout=admin_client.TIMEOUT)
    wait_until(lambda: is_well(namespace, LOGS))
    assert deployed.look().deployments == before.deployments


def test_a_second_deployment_of_an_image_that_breaks_fails_the_run_and_is_taken_back(deployed: Erp) -> None:
    before, namespace = deployed.look(), deployed.tenant.namespace
    as_is_repository.break_second_deployment(deployed.repository)
    done = deployed.run()
    assert done.code == 9, done.stderr
    assert "notification-worker" in json.dumps(done.report["evidence"])
    assert deployed.look().deployments == before.deployments
    assert len(done.report["taken_back"]) == 1
    wait_until(lambda: is_well(namespace, LOGS))


def is_well(*namespaces: str) -> bool:
    """Whether every pod is ready."""
    return all(pod.ready for namespace in namespaces for pod in admin_client.pods(namespace))


def test_no_pods_are_proven_as_none_and_what_somebody_else_scales_is_no_drift(deployed: Erp) -> None:
    first, namespace = deployed.commit, deployed.tenant.namespace
    as_is_repository.drop_autoscalers(deployed.repository)
    as_is_repository.set_replicas(deployed.repository, 0)
    done = deployed.run()
    assert done.code == 0, done.stderr
    assert {one.digests for one in deployed.look().deployments.values()} == {()}

    with as_is.foreign_autoscaler(namespace, SERVICE):
        as_is.scale(namespace, SERVICE, 1)
        wait_until(lambda: len([one for one in deployed.look().deployments[SERVICE].digests if one]) == as_is.MANY)
        before = deployed.look()
        idle = deployed.run()
        assert idle.code == 0, idle.stderr
        assert {target["action"] for target in idle.report["targets"]} == {"none"}
        assert deployed.look() == before

    deployed.git("reset", "--quiet", "--hard")
    deployed.git("revert", "--no-edit", f"{first}..HEAD")
    back = deployed.run()
    assert back.code == 0, back.stderr
