"""A deployment of both halves that fails: evidence, both taken back, and what runs told; a cluster that is away."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as kubernetes

from sandbox import erp_build_process
from sandbox.aws.fault_proxy.client import Faults
from sandbox.cluster import admin_client
from sandbox.endpoints import API_SERVER_PORT, CLUSTER
from sandbox.paths import STATE
from sandbox.sample import erp_commits
from tests.support.relay import Relay, relay_to
from tests.world.conftest import secrets_said
from tests.world.pairs import (
    EMPLOYEE,
    PROCESSING,
    REQUEST,
    SERVICE,
    WAITING,
    Pair,
    seconds_of,
    updates,
    wait_until,
    with_helm,
)

pytestmark = pytest.mark.world

PRIORITY = "system-cluster-critical"
AWAY = 20.0
"""Seconds."""


def test_what_cannot_start_is_found_within_a_minute_told_with_its_reasons_and_taken_back(pair: Pair) -> None:
    """A Secret that is not there, an image that cannot be pulled and a quota at once, with Helm 4."""
    before, core = pair.erp.look(), kubernetes.CoreV1Api(admin_client.connect())
    pair.next(EMPLOYEE)
    erp_commits.no_start(pair.erp.repository)
    scope = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": [PRIORITY]}]}
    quota: Any = {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}, "scopeSelector": scope}}
    core.create_namespaced_resource_quota(pair.erp.tenant.namespace, quota)
    try:
        done = pair.run(env=erp_build_process.environment(4))
    finally:
        core.delete_namespaced_resource_quota("none", pair.erp.tenant.namespace)
    assert done.code == 9, done.stderr
    assert "a rollout cannot succeed" in done.stderr
    assert seconds_of(done, "deploy") < 60
    wanted = ("CreateContainerConfigError", "erp-database", "nowhere.invalid", "sidecar: ")
    assert [word for word in wanted if word not in told(done, PROCESSING)] == []
    assert "exceeded quota: none" in told(done, SERVICE)
    after = pair.erp.look()
    assert (after.function, after.deployments, after.latest) == (before.function, before.deployments, before.latest)
    assert updates() == len(done.report["taken_back"]) == 2


def test_a_crash_is_told_with_its_log_in_which_secrets_are_masked(pair: Pair) -> None:
    before = pair.erp.look()
    erp_commits.crash(pair.erp.repository)
    done = pair.run()
    assert done.code == 9, done.stderr
    assert "a rollout cannot succeed" in done.stderr
    wanted = ("CrashLoopBackOff", "exit code 1", "Unrecognized VM option", "***")
    assert [word for word in wanted if word not in told(done, REQUEST)] == []
    assert secrets_said() == []
    assert pair.erp.look().deployments == before.deployments


def told(done: erp_build_process.Finished, target: str) -> str:
    """The evidence of a target, as text."""
    found = [one for one in done.report["evidence"] if one["target"] == target]
    return json.dumps(found, ensure_ascii=False)


def test_pods_that_never_get_ready_leave_evidence_and_both_halves_go_back_in_time(pair: Pair) -> None:
    before = pair.erp.look()
    pair.next(EMPLOYEE)
    erp_commits.unready(pair.erp.repository, SERVICE)
    done = pair.run(config=pair.config('timeout = "5m"', 'timeout = "20s"'))
    assert done.code == 9, done.stderr
    assert seconds_of(done, "deploy", "collect evidence", "take back") < 20 + 20
    (evidence,) = [one for one in done.report["evidence"] if one["target"] == SERVICE]
    assert any("404" in event for event in evidence["events"])
    assert any("Started" in line for line in evidence["log"])
    after = pair.erp.look()
    assert (after.function, after.deployments, after.latest) == (before.function, before.deployments, before.latest)
    assert done.report["taken_back"] == [
        f"{EMPLOYEE}: back to {before.function[:19]}",
        f"release erp-microservices: back to revision {before.revision}",
    ]


def test_a_half_that_cannot_be_taken_back_keeps_not_the_other_and_it_is_told_what_runs(pair: Pair) -> None:
    before = pair.erp.look()
    pair.next(EMPLOYEE)
    erp_commits.unready(pair.erp.repository, SERVICE)
    denied = {"error": "AccessDeniedException", "status": 403}
    Faults().script("UpdateFunctionCode", [{}, denied], then="sticky", target=pair.erp.tenant.function)
    done = pair.run(config=pair.config('timeout = "5m"', 'timeout = "6s"'))
    assert done.code == 9, done.stderr
    assert "the rollback failed as well" in done.stderr
    after = pair.erp.look()
    assert after.function != before.function
    assert f"{EMPLOYEE}: {after.function}" in done.stderr
    assert after.deployments == before.deployments
    assert done.report["taken_back"] == [f"release erp-microservices: back to revision {before.revision}"]
    Faults().clear()
    pair.erp.git("revert", "--no-edit", "HEAD")
    repaired = pair.run()
    assert repaired.code == 0, repaired.stderr
    pair.erp.commit = pair.erp.git("rev-parse", "HEAD")
    assert pair.erp.look().function == after.function


def test_a_cluster_that_is_away_and_forgets_the_sign_in_during_a_rollout_is_waited_for(pair: Pair) -> None:
    with relay_to(API_SERVER_PORT) as relay:
        lead_to_cluster_by(relay)
        pods = len(pair.erp.look().deployments[SERVICE].digests)
        pair.next(SERVICE)
        started = pair.erp.start()
        started.until(f"{SERVICE}: 1 of {pods} updated")
        Faults().expire_tokens()
        relay.cut()
        time.sleep(AWAY)
        relay.restore()
        done = started.finish()
    assert done.code == 0, done.stderr
    assert "the cluster cannot be reached" in done.stderr
    assert "the cluster answered 401" in done.stderr
    pair.erp.commit = done.report["head"]
    assert {target["running"] for target in done.report["targets"] if target["name"] == SERVICE} == set(
        pair.erp.look().deployments[SERVICE].digests
    )


def test_a_cluster_that_is_away_in_the_middle_of_helm_is_waited_for_and_the_next_run_deploys(
    pair: Pair, tmp_path: Path
) -> None:
    before = pair.erp.look()
    with relay_to(API_SERVER_PORT) as relay:
        lead_to_cluster_by(relay)
        pair.next(SERVICE)
        started = pair.erp.start(env=with_helm(pair, 3, tmp_path, WAITING))
        wait_until((tmp_path / "mark").exists, every=0.05)
        relay.cut()
        time.sleep(AWAY)
        relay.restore()
        done = started.finish()
    assert done.code == 9, done.stderr
    assert done.report["taken_back"] == [f"release erp-microservices: back to revision {before.revision}"]
    assert pair.erp.look().deployments == before.deployments
    Faults().clear()
    repaired = pair.run()
    assert repaired.code == 0, repaired.stderr
    assert pair.erp.look().deployments != before.deployments


def lead_to_cluster_by(relay: Relay) -> None:
    """Let EKS describe the cluster with the relay as its address."""
    description = json.loads((STATE / "eks" / f"{CLUSTER}.json").read_text(encoding="utf-8"))
    description["cluster"]["endpoint"] = f"https://127.0.0.1:{relay.port}"
    Faults().script("DescribeCluster", [{"json": description}], then="sticky")
