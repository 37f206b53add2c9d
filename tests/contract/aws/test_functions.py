"""Lambda: the state without its secrets, and an update that waits for somebody else's."""

import pytest

from erp_build.domain.release import FunctionState
from erp_build.errors import FunctionUpdateFailed
from erp_build.tools.clock import SimulatedClock
from erp_build.tools.functions import CONFLICT_SECONDS, LambdaFunctions
from tests.contract.aws.conftest import stubbed

IMAGE = "host/erp/employee-service-lambda@sha256:" + "1" * 64
SECRET = "invented-password"
REQUEST = {"FunctionName": "employee", "ImageUri": IMAGE}


def functions(client: object, clock: SimulatedClock, said: list[str]) -> LambdaFunctions:
    return LambdaFunctions(client, clock, said.append)  # type: ignore[arg-type]


def test_a_functions_state_holds_nothing_of_its_environment() -> None:
    client, stub = stubbed("lambda")
    configuration = {
        "PackageType": "Image",
        "Architectures": ["arm64"],
        "State": "Active",
        "LastUpdateStatus": "Failed",
        "LastUpdateStatusReason": "ImageDeleted",
        "RevisionId": "r1",
        "Environment": {"Variables": {"PASSWORD": SECRET}},
    }
    code = {"ImageUri": "host/erp/e:abc1234", "ResolvedImageUri": IMAGE}
    stub.add_response("get_function", {"Configuration": configuration, "Code": code}, {"FunctionName": "employee"})
    state = functions(client, SimulatedClock(), []).state("employee")
    assert SECRET not in repr(state)
    assert state == FunctionState(
        name="employee",
        package_type="Image",
        image="host/erp/e:abc1234",
        resolved=IMAGE,
        architecture="arm64",
        state="Active",
        last_update="Failed",
        reason="ImageDeleted",
        revision="r1",
    )


def test_a_function_made_of_an_archive_says_so_by_what_it_lacks() -> None:
    client, stub = stubbed("lambda")
    stub.add_response("get_function", {"Configuration": {"State": "Failed", "StateReason": "no role"}})
    state = functions(client, SimulatedClock(), []).state("employee")
    assert state == FunctionState(name="employee", package_type="Zip", state="Failed", reason="no role")


def test_a_function_that_is_not_there_is_none() -> None:
    client, stub = stubbed("lambda")
    stub.add_client_error("get_function", "ResourceNotFoundException")
    assert functions(client, SimulatedClock(), []).state("employee") is None


def test_a_conflict_is_waited_out_and_nothing_but_the_image_is_sent() -> None:
    client, stub = stubbed("lambda")
    for _ in range(3):
        stub.add_client_error("update_function_code", "ResourceConflictException", expected_params=REQUEST)
    stub.add_response("update_function_code", {}, REQUEST)
    clock, said = SimulatedClock(), list[str]()
    functions(client, clock, said).update("employee", IMAGE)
    assert said == [f"update in progress, attempt {number} follows" for number in (2, 3, 4)]
    assert 1 + 2 + 4 <= clock.monotonic() <= 2 + 3 + 5
    stub.assert_no_pending_responses()


def test_a_conflict_without_end_is_given_up_after_its_deadline() -> None:
    client, stub = stubbed("lambda")
    for _ in range(200):
        stub.add_client_error("update_function_code", "ResourceConflictException", "in progress")
    clock = SimulatedClock()
    with pytest.raises(FunctionUpdateFailed) as caught:
        functions(client, clock, []).update("employee", IMAGE)
    assert "ResourceConflictException" in caught.value.why
    assert CONFLICT_SECONDS <= clock.monotonic() < CONFLICT_SECONDS + 60


def test_another_error_is_not_tried_again() -> None:
    client, stub = stubbed("lambda")
    stub.add_client_error("update_function_code", "InvalidParameterValueException", "media type is not supported")
    clock = SimulatedClock()
    with pytest.raises(FunctionUpdateFailed) as caught:
        functions(client, clock, []).update("employee", IMAGE)
    assert "media type is not supported" in caught.value.why
    assert clock.monotonic() == 0
