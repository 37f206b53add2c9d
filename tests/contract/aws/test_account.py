"""What Parameter Store and STS promise: the real clients over moto and the fakes of the stage tests."""

from collections.abc import Mapping

import pytest

from erp_build.clients.aws.parameters import ParameterStore
from erp_build.clients.aws.session import Caller
from erp_build.clients.protocols import Identity, Parameters
from erp_build.clients.secrets import Secrets
from erp_build.config.environment import parameter_names
from tests.contract.aws.conftest import REGION, client
from tests.fakes.account import FakeIdentity, FakeParameters

PREFIX = "/erp/dev"
NAMES = parameter_names(PREFIX)
Made = tuple[Parameters, Identity]


def over_moto(values: Mapping[str, str]) -> Made:
    ssm = client("ssm")
    for name, value in values.items():
        ssm.put_parameter(Name=name, Value=value, Type="String")
    return ParameterStore(ssm, Secrets()), Caller(client("sts"), REGION)


def in_memory(values: Mapping[str, str]) -> Made:
    parameters = FakeParameters(PREFIX)
    parameters.values = dict(values)
    return parameters, FakeIdentity()


@pytest.fixture(params=[over_moto, in_memory], ids=["moto", "fake"])
def made(request: pytest.FixtureRequest) -> Made:
    """An account with the six parameters and one more."""
    request.getfixturevalue("account")
    found: Made = request.param({**FakeParameters(PREFIX).values, f"{PREFIX}/more": "x"})
    return found


def test_what_was_asked_for_is_read_and_nothing_else(made: Made) -> None:
    found = made[0].read(NAMES)
    assert set(found) == set(NAMES)
    assert found == FakeParameters(PREFIX).values


def test_names_without_a_value_are_absent(made: Made) -> None:
    assert made[0].read([NAMES[0], "/erp/prod/region"]) == {NAMES[0]: FakeParameters(PREFIX).values[NAMES[0]]}


def test_a_name_that_is_asked_for_twice_is_read(made: Made) -> None:
    assert set(made[0].read([NAMES[0], NAMES[0]])) == {NAMES[0]}


def test_nothing_asked_is_nothing_read(made: Made) -> None:
    assert made[0].read([]) == {}


def test_the_caller_has_an_account_and_a_region(made: Made) -> None:
    assert (made[1].account(), made[1].region) == ("123456789012", REGION)
