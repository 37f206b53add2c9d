"""The environment of a run, as Parameter Store and the caller's account say it."""

import pytest

from erp_build.clients.site import read_environment
from erp_build.errors import ConfigurationError
from tests.fakes.account import ACCOUNT, CLUSTER, REGION
from tests.fakes.world import FakeWorld


def test_the_six_parameters_make_the_environment(new_world: FakeWorld) -> None:
    environment = read_environment(new_world.clients(), new_world.project)
    assert (environment.account, environment.region, environment.cluster) == (ACCOUNT, REGION, CLUSTER)
    assert environment.repository("notification-service") == "erp/notification-service"
    assert new_world.progress.lines == [f"account {ACCOUNT}, {REGION}, cluster {CLUSTER} (from /erp/dev)"]


def test_all_missing_parameters_are_named_at_once(new_world: FakeWorld) -> None:
    for name in ("region", "eks/cluster-name"):
        del new_world.parameters.values[f"/erp/dev/{name}"]
    with pytest.raises(ConfigurationError, match="2 of 6 parameters are missing") as caught:
        read_environment(new_world.clients(), new_world.project)
    assert caught.value.why.splitlines() == ["/erp/dev/region", "/erp/dev/eks/cluster-name"]


def test_the_parameters_of_another_prefix_are_read_when_the_project_says_so(new_world: FakeWorld) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_environment(new_world.clients(), new_world.project._replace(parameters="/erp/prod"))
    assert "/erp/prod/account-id" in caught.value.why


@pytest.mark.parametrize(
    ("account", "region", "parameter"),
    [
        pytest.param("999999999999", REGION, "/erp/dev/account-id", id="signed in to another account"),
        pytest.param(ACCOUNT, "eu-west-1", "/erp/dev/region", id="signed in to another region"),
    ],
)
def test_a_caller_from_elsewhere_is_refused(new_world: FakeWorld, account: str, region: str, parameter: str) -> None:
    new_world.identity.number, new_world.identity.region = account, region
    with pytest.raises(ConfigurationError) as caught:
        read_environment(new_world.clients(), new_world.project)
    assert caught.value.where == parameter
