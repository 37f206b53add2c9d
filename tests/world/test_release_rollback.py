"""Where a release goes back to after deployments that failed or were killed: both halves to what was proven last."""

import json

import pytest

from sandbox import erp_build_process
from sandbox.sample import erp_commits
from sandbox.tenants.deployed_state import Snapshot
from tests.world.pairs import EMPLOYEE, SERVICE, Pair, wait_for

pytestmark = pytest.mark.world


def bad(pair: Pair, *, keep: bool) -> None:
    """A deployment of both halves whose pods never get ready; it stands, or it is taken back."""
    pair.next(EMPLOYEE)
    erp_commits.unready(pair.erp.repository, SERVICE)
    fail(pair, keep=keep)


def fail(pair: Pair, *, keep: bool) -> None:
    """A run of what is checked out, whose rollout does not succeed."""
    config = pair.config('timeout = "5m"', 'timeout = "6s"')
    if keep:
        assert config.count('on_failure = "rollback"') == 1
        config = config.replace('on_failure = "rollback"', 'on_failure = "keep"')
    done = pair.run(config=config)
    assert done.code == 9, done.stderr


def runs_again(pair: Pair, wanted: Snapshot) -> None:
    """Both halves run what they ran then; a pod that is one too many may be there for a moment more."""
    wait_for(wanted.deployments, lambda: pair.erp.look().deployments)
    assert pair.erp.look().function == wanted.function


def outcomes(pair: Pair) -> list[str]:
    """How the last three deployments ended, by the ledger."""
    done = pair.call("history", "--json")
    assert done.code == 0, done.stderr
    return [one["outcome"] for one in json.loads(done.stdout)["deployments"][-3:]]


def test_after_a_bad_deployment_that_stands_a_rollback_leads_to_the_last_proven_one(pair: Pair) -> None:
    pair.next()
    assert pair.run().code == 0
    good = pair.erp.look()
    bad(pair, keep=True)
    assert pair.erp.look().function != good.function
    done = pair.call("rollback", helm=4)
    assert done.code == 0, done.stderr
    runs_again(pair, good)
    assert outcomes(pair) == ["deployed", "failed", "rolled back"]


def test_a_failed_run_does_not_go_back_to_a_bad_deployment_that_helm_calls_deployed(pair: Pair) -> None:
    pair.next()
    assert pair.run().code == 0
    good = pair.erp.look()
    bad(pair, keep=True)
    fail(pair, keep=False)
    runs_again(pair, good)
    assert outcomes(pair) == ["deployed", "failed", "taken back"]


def test_after_a_killed_run_a_rollback_takes_the_half_back_that_it_moved(pair: Pair) -> None:
    pair.next()
    assert pair.run().code == 0
    good = pair.erp.look()
    pair.next()
    killed = pair.erp.start(
        module=("tests.support.killed", "upgrade_release", "0"), env=erp_build_process.environment(3)
    )
    assert killed.finish(300).code == -9
    assert pair.erp.look().function != good.function
    status = json.loads(pair.call("status", "--json").stdout)["ledger"]
    assert (status["runs"], status["failed"]["outcome"]) == (None, "begun")
    done = pair.call("rollback")
    assert done.code == 0, done.stderr
    runs_again(pair, good)
    assert outcomes(pair) == ["deployed", "begun", "rolled back"]
