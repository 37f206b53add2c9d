"""A rollout that fails, what it leaves, and the plain second run that repairs it."""

import pytest

from sandbox import sample
from tests.world.conftest import Erp

pytestmark = pytest.mark.world


def kept(erp: Erp, timeout: str) -> str:
    """A configuration that leaves a failed deployment as it is."""
    text = erp.config.replace('timeout = "5m"', f'timeout = "{timeout}"')
    return text.replace('on_failure = "rollback"', 'on_failure = "keep"')


def test_pods_that_never_get_ready_leave_evidence_and_are_taken_back_in_time(erp: Erp) -> None:
    service = "notification-service"
    before = erp.look()
    sample.never_ready(erp.repository, service)
    done = erp.run(config=erp.config.replace('timeout = "5m"', 'timeout = "20s"'))
    assert done.code == 9, done.stderr
    seconds = {stage["name"]: stage["seconds"] for stage in done.report["stages"]}
    assert seconds["deploy"] + seconds["collect evidence"] + seconds["take back"] < 20 + 20
    evidence = [one for one in done.report["evidence"] if one["target"] == service]
    assert any("503" in event for event in evidence[0]["events"])
    assert any("Started" in line for line in evidence[0]["log"])
    after = erp.look()
    assert (after.deployments, after.latest) == (before.deployments, before.latest)
    assert done.report["taken_back"] == [f"release erp-microservices: back to revision {before.revision}"]


def test_pods_that_never_get_ready_end_the_run_and_a_second_commit_repairs_it(erp: Erp) -> None:
    service = "notification-service"
    before = erp.look()
    sample.never_ready(erp.repository, service)
    done = erp.run(config=kept(erp, "12s"))
    assert done.code == 9, done.stderr
    assert "the rollout is not complete in time" in done.stderr
    pods = len(before.deployments[service].digests)
    assert f"{service}: 1 of {pods} updated, {pods} ready, {pods + 1} in all" in done.stderr
    assert [stage["name"] for stage in done.report["stages"] if stage["status"] == "failed"] == ["deploy"]
    during = erp.look()
    assert set(before.deployments[service].digests) < set(during.deployments[service].digests)
    assert during.latest == before.latest

    erp.git("revert", "--no-edit", "HEAD")
    repaired = erp.run()
    assert repaired.code == 0, repaired.stderr
    after = erp.look()
    assert len(set(after.deployments[service].digests)) == 1
    assert len(after.deployments[service].digests) == pods


def test_the_same_commit_again_finishes_what_a_broken_run_left(erp: Erp) -> None:
    """The first run dies between Helm and the proof; nothing differs in Git, but the cluster is not as it must be."""
    service = "notification-service"
    sample.never_ready(erp.repository, service)
    assert erp.run(config=kept(erp, "10s")).code == 9
    again = erp.run(config=kept(erp, "10s"))
    assert again.code == 9
    target = next(target for target in again.report["targets"] if target["name"] == service)
    assert target["action"] == "redeploy"
    assert "not healthy" in target["because"][0]["rule"]
    erp.git("revert", "--no-edit", "HEAD")
    assert erp.run().code == 0
