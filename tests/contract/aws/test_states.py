"""What Lambda promises of a function's state: the real tool over moto and the fake of the stage tests.

moto ends every update at once and resolves no image that is named by digest: how an update goes on, and which digest it
ends with, is shown by the fake and by the sandbox alone. That an update is refused beside another is scripted here.
"""

from collections.abc import Callable
from typing import Protocol

import pytest

from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.protocols import Functions
from erp_build.errors import FunctionUpdateFailed
from erp_build.model.releases.lambda_function import FunctionState
from tests.contract.aws.conftest import client, store_image, stubbed
from tests.fakes.functions import READS, FakeFunctions

NAME, REPOSITORY = "employee", "erp/employee-service-lambda"
BY_TAG = f"123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/{REPOSITORY}:abc1234"
DIGEST = "sha256:" + "1" * 64
STATE = FunctionState(name=NAME, package_type="Image", image=BY_TAG)
BY_DIGEST = f"{BY_TAG.rpartition(':')[0]}@{DIGEST}"


class UpdatedFunctions(Functions, Protocol):
    """Functions with their one write."""

    def update(self, state: FunctionState, image: str) -> None:
        """Point the function at an image."""


def real(made: object) -> LambdaFunctions:
    return LambdaFunctions(made)  # type: ignore[arg-type]


def over_moto() -> LambdaFunctions:
    store_image(REPOSITORY, "abc1234")
    made = client("lambda")
    role = client("iam").create_role(RoleName="employee", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    made.create_function(FunctionName=NAME, PackageType="Image", Role=role, Code={"ImageUri": BY_TAG})
    return real(made)


def in_memory() -> FakeFunctions:
    functions = FakeFunctions()
    functions.create(NAME, BY_TAG, DIGEST)
    return functions


def refused_by_lambda() -> LambdaFunctions:
    made, stub = stubbed("lambda")
    found = {"Configuration": {"PackageType": "Image"}, "Code": {"ImageUri": BY_TAG}}
    for _ in range(100):
        stub.add_client_error("update_function_code", "ResourceConflictException", "in progress")
        stub.add_response("get_function", found)
    return real(made)


def refused_in_memory() -> FakeFunctions:
    functions = in_memory()
    functions.is_being_updated(NAME, reads=10)
    return functions


@pytest.fixture(params=[over_moto, in_memory], ids=["moto", "fake"])
def functions(request: pytest.FixtureRequest) -> UpdatedFunctions:
    request.getfixturevalue("account")
    made: UpdatedFunctions = request.param()
    return made


def test_a_function_of_another_name_is_none(functions: UpdatedFunctions) -> None:
    assert functions.state("somebody-else") is None


def test_a_function_tells_its_image_as_it_was_given_and_as_it_was_resolved(functions: UpdatedFunctions) -> None:
    state = functions.state(NAME)
    assert state is not None
    assert (state.name, state.package_type, state.image) == (NAME, "Image", BY_TAG)
    assert state.resolved == f"{BY_TAG.rpartition(':')[0]}@{state.digest}"
    assert state.digest.startswith("sha256:")


def test_a_function_that_is_left_alone_is_active_and_well(functions: UpdatedFunctions) -> None:
    for _ in range(READS + 1):
        state = functions.state(NAME)
        assert state is not None
        assert (state.state, state.last_update, state.reason) == ("Active", "Successful", "")


def test_an_update_ends_after_some_reads_with_the_image_that_was_given(functions: UpdatedFunctions) -> None:
    before = functions.state(NAME)
    assert before is not None
    functions.update(before, BY_DIGEST)
    seen = [functions.state(NAME) for _ in range(READS + 1)]
    assert all(state and state.image == BY_DIGEST and state.state == "Active" for state in seen)
    assert seen[-1] is not None
    assert seen[-1].last_update == "Successful"


@pytest.mark.parametrize("refused", [refused_by_lambda, refused_in_memory], ids=["model", "fake"])
def test_an_update_beside_another_one_is_refused_and_named(refused: Callable[[], UpdatedFunctions]) -> None:
    with pytest.raises(FunctionUpdateFailed) as caught:
        refused().update(STATE, BY_DIGEST)
    assert caught.value.where == NAME
    assert "ResourceConflictException" in f"{caught.value.what} {caught.value.why}"
