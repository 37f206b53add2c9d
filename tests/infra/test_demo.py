"""The demo's own parts: what is compiled while something else is shown, and the Lambda half of a deployment."""

import threading

import pytest

from erp_build.errors import GateBlocked
from sandbox.demo import acts
from sandbox.demo.lambda_half import deploy_functions
from sandbox.docker.buildkit import BUILDKIT
from sandbox.errors import SandboxError
from sandbox.lifecycle import AWS_COMPONENTS, CLUSTER_OF_THE_DEMO, COMPONENTS, meanwhile
from tests.fakes.registry import scan
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import EMPLOYEE


class Slow:
    """A component that is up once the block has said so."""

    name = "slow"

    def __init__(self, error: SandboxError | None = None) -> None:
        self.may_end = threading.Event()
        self.error = error
        self.is_done = False

    def is_up(self) -> bool:
        return self.is_done

    def up(self) -> None:
        assert self.may_end.wait(10)
        if self.error:
            raise self.error
        self.is_done = True

    def down(self) -> None:
        """Nothing runs."""


def test_a_component_comes_up_while_the_block_works_and_is_waited_for() -> None:
    slow = Slow()
    with meanwhile(slow):
        assert not slow.is_up()
        slow.may_end.set()
    assert slow.is_up()


def test_what_fails_meanwhile_is_raised_behind_the_block() -> None:
    slow = Slow(SandboxError("no Go"))
    slow.may_end.set()
    shown = []
    with pytest.raises(SandboxError, match="no Go"), meanwhile(slow):
        shown.append("the Lambda half")
    assert shown == ["the Lambda half"]


def test_what_fails_in_the_block_is_what_is_told() -> None:
    slow = Slow(SandboxError("killed"))
    slow.may_end.set()
    with pytest.raises(AssertionError, match="the function"), meanwhile(slow):
        raise AssertionError("the function")


def test_the_demo_puts_up_all_components_but_the_tenant_that_it_makes_itself() -> None:
    names = [component.name for component in (*AWS_COMPONENTS, *CLUSTER_OF_THE_DEMO)]
    assert names == [component.name for component in COMPONENTS[:-1] if component is not BUILDKIT]


def test_the_first_act_behind_the_lambda_half_builds_all_but_the_function() -> None:
    assert acts.BEHIND_THE_LAMBDA_HALF.built == acts.ACTS[0].built - {acts.EMPLOYEE}
    assert acts.BEHIND_THE_LAMBDA_HALF.name == acts.ACTS[0].name


def test_the_lambda_half_is_cleared_deployed_and_asks_no_cluster(new_world: FakeWorld) -> None:
    deploy_functions(new_world.project, new_world.clients())
    digest = new_world.registry.tags[FUNCTION_REPOSITORY, new_world.checkout.head()[:7]]
    state = new_world.functions.state(FUNCTION)
    assert state is not None
    assert state.digest == digest
    assert {repository for repository, tag in new_world.registry.tags if tag == new_world.checkout.head()[:7]} == {
        FUNCTION_REPOSITORY
    }
    assert new_world.leases.lease is None
    assert not new_world.helm.history(new_world.site().release)


def test_the_lambda_half_stops_at_the_gate(new_world: FakeWorld) -> None:
    new_world.registry.answers(FUNCTION_REPOSITORY, scan(CRITICAL=1))
    before = new_world.functions.state(FUNCTION)
    with pytest.raises(GateBlocked, match="1 of 1 images over the policy"):
        deploy_functions(new_world.project, new_world.clients())
    assert new_world.functions.state(FUNCTION) == before


def test_a_run_behind_the_lambda_half_builds_the_services_and_leaves_the_function(new_world: FakeWorld) -> None:
    deploy_functions(new_world.project, new_world.clients())
    report = new_world.run()
    assert report.outcome == "deployed"
    built = {name for name, action in new_world.actions().items() if action == "build"}
    assert built == acts.BEHIND_THE_LAMBDA_HALF.built
    assert EMPLOYEE not in new_world.actions()
