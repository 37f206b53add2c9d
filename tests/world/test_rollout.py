"""A rollout that fails and is left as it is, and the plain runs after it."""

import pytest

from sandbox.sample import erp_commits
from tests.world.conftest import Erp

pytestmark = pytest.mark.world


def kept(erp: Erp, timeout: str) -> str:
    """A configuration that leaves a failed deployment as it is."""
    text = erp.config.replace('timeout = "5m"', f'timeout = "{timeout}"')
    return text.replace('on_failure = "rollback"', 'on_failure = "keep"')


def test_pods_that_never_get_ready_end_every_run_of_their_commit_and_the_next_one_repairs_it(erp: Erp) -> None:
    service = "notification-service"
    before = erp.look()
    erp_commits.unready(erp.repository, service)
    done = erp.run(config=kept(erp, "12s"))
    assert done.code == 9, done.stderr
    assert "the rollout is not complete in time" in done.stderr
    pods = len(before.deployments[service].digests)
    assert f"{service}: 1 of {pods} updated, {pods} ready, {pods + 1} in all" in done.stderr
    assert [stage["name"] for stage in done.report["stages"] if stage["status"] == "failed"] == ["deploy"]
    during = erp.look()
    assert len(during.deployments[service].digests) == pods + 1
    assert (during.latest, during.revision) == (before.latest, before.revision + 1)

    # Nothing differs in Git, but the cluster is not as it must be.
    again = erp.run(config=kept(erp, "5s"))
    assert again.code == 9
    target = next(target for target in again.report["targets"] if target["name"] == service)
    assert target["action"] == "redeploy"
    assert "not healthy" in target["because"][0]["rule"]

    erp.git("revert", "--no-edit", "HEAD")
    repaired = erp.run()
    assert repaired.code == 0, repaired.stderr
    assert erp.look().deployments == before.deployments
