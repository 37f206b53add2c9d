"""Parameter Store and the caller's identity, over moto and against the model."""

import pytest

from erp_build.clients.aws.parameters import ParameterStore
from erp_build.clients.aws.session import Caller
from erp_build.clients.secrets import Secrets
from erp_build.errors import ConfigurationError
from tests.contract.aws.conftest import REGION, client, stubbed


@pytest.mark.usefixtures("account")
def test_more_names_than_a_call_takes_are_read_and_missing_ones_are_absent() -> None:
    ssm = client("ssm")
    for number in range(23):
        ssm.put_parameter(Name=f"/erp/{number}", Value=f"value {number}", Type="String")
    names = [f"/erp/{number}" for number in (*range(23), 99, 5)]
    found = ParameterStore(ssm, Secrets()).read(names)
    assert found == {f"/erp/{number}": f"value {number}" for number in range(23)}


@pytest.mark.usefixtures("account")
def test_a_secure_string_is_decrypted_and_never_shown() -> None:
    ssm, secrets = client("ssm"), Secrets()
    ssm.put_parameter(Name="/erp/password", Value="invented-password", Type="SecureString")
    assert ParameterStore(ssm, secrets).read(["/erp/password"]) == {"/erp/password": "invented-password"}
    assert secrets.mask("it is invented-password") == "it is ***"


@pytest.mark.usefixtures("account")
def test_secrets_are_secure_strings_that_are_there_and_long_enough_to_be_masked() -> None:
    ssm, secrets = client("ssm"), Secrets()
    for name, value, kind in (("a", "invented-a", "SecureString"), ("b", "open", "String"), ("c", "x", "SecureString")):
        ssm.put_parameter(Name=f"/erp/{name}", Value=value, Type=kind)
    store = ParameterStore(ssm, secrets)
    assert store.read_secrets(["/erp/a"]) == {"/erp/a": "invented-a"}
    assert secrets.mask("invented-a") == "***"
    with pytest.raises(ConfigurationError) as caught:
        store.read_secrets(["/erp/a", "/erp/b", "/erp/c", "/erp/d"])
    assert sorted(caught.value.why.splitlines()) == [
        "/erp/b is a String, not a SecureString",
        "/erp/b is too short or too common a word to be kept out of the log",
        "/erp/c is too short or too common a word to be kept out of the log",
        "/erp/d is not there",
    ]
    assert "invented" not in str(caught.value) + caught.value.why


@pytest.mark.usefixtures("account")
def test_the_account_is_the_callers() -> None:
    assert Caller(client("sts"), REGION).account() == "123456789012"


def test_a_refused_call_names_the_action() -> None:
    ssm, stub = stubbed("ssm")
    stub.add_client_error("get_parameters", "AccessDeniedException", "no")
    with pytest.raises(ConfigurationError, match="ssm:GetParameters is not allowed") as caught:
        ParameterStore(ssm, Secrets()).read(["/erp/a"])
    assert caught.value.next_step == "add ssm:GetParameters to the role's policy"
