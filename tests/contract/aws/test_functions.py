"""Lambda: the state without its secrets, and an update that waits for somebody else's."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.stub import Stubber

from erp_build.clients.aws.lambda_functions import LambdaFunctions
from erp_build.clients.clock import SimulatedClock
from erp_build.clients.patience import PATIENCE_AFTER_MOVE_S, Patience
from erp_build.clients.patient_effects import PatientEffects
from erp_build.clients.secrets import Secrets
from erp_build.errors import FunctionChanged, FunctionUpdateFailed
from erp_build.model.releases.lambda_function import FunctionState
from tests.contract.aws.conftest import stubbed

IMAGE = "host/erp/employee-service-lambda@sha256:" + "1" * 64
SECRET = "invented-password"
UPDATE_IN_PROGRESS, REVISION_CHANGED = "ResourceConflictException", "PreconditionFailedException"


def functions(client: object) -> LambdaFunctions:
    return LambdaFunctions(client)  # type: ignore[arg-type]


def effects(client: object, clock: SimulatedClock, said: list[str]) -> PatientEffects:
    """The effects of Lambda as `wiring` joins them; the others are missing."""
    tool = functions(client)
    live: Any = SimpleNamespace(update_function=tool.update, publish=tool.publish)
    live.check = live.package = live.prepare_images = live.build_image = live.write_file = live.notify = None
    nothing: Any = None
    return PatientEffects(live, Patience(clock, said.append), functions=tool, helm=nothing, leases=nothing)


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
    state = functions(client).state("employee")
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
    state = functions(client).state("employee")
    assert state == FunctionState(name="employee", package_type="Zip", state="Failed", reason="no role")


def test_a_function_that_is_not_there_is_none() -> None:
    client, stub = stubbed("lambda")
    stub.add_client_error("get_function", "ResourceNotFoundException")
    assert functions(client).state("employee") is None


STATE = FunctionState(name="employee", package_type="Image", image="host/erp/e:0ld1234", revision="r1", sha="c0de")
ARGUMENTS = {"FunctionName": "employee", "ImageUri": IMAGE}


def seen(stub: Stubber, image: str = STATE.image, revision: str = "r1") -> None:
    """The function as it is found when it is looked at again."""
    configuration = {"PackageType": "Image", "RevisionId": revision, "LastUpdateStatus": "InProgress"}
    answer = {"Configuration": configuration, "Code": {"ImageUri": image}}
    stub.add_response("get_function", answer, {"FunctionName": "employee"})


def refused(stub: Stubber, code: str, revision: str = "r1") -> None:
    expected = {**ARGUMENTS, "RevisionId": revision}
    stub.add_client_error("update_function_code", code, "in progress", expected_params=expected)


def test_a_conflict_is_waited_out_and_nothing_but_image_and_revision_are_sent() -> None:
    client, stub = stubbed("lambda")
    for _ in range(3):
        refused(stub, UPDATE_IN_PROGRESS)
        seen(stub)
        seen(stub, revision="r2")
    stub.add_response("update_function_code", {}, {**ARGUMENTS, "RevisionId": "r1"})
    clock, said = SimulatedClock(), list[str]()
    effects(client, clock, said).update_function(STATE, IMAGE)
    waits = [
        re.fullmatch(r"the function is being changed, employee: .*; asked again in (\d+) s", line) for line in said
    ]
    assert [bool(found) for found in waits] == [True] * 3
    assert 1 + 2 + 4 <= clock.monotonic() <= 2 + 3 + 5
    stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", [UPDATE_IN_PROGRESS, REVISION_CHANGED])
def test_our_own_update_whose_answer_was_lost_is_found_to_be_there(code: str) -> None:
    client, stub = stubbed("lambda")
    refused(stub, code)
    seen(stub, IMAGE, "r2")
    clock = SimulatedClock()
    effects(client, clock, []).update_function(STATE, IMAGE)
    assert clock.monotonic() == 0
    stub.assert_no_pending_responses()


def test_a_change_that_left_the_image_alone_is_for_the_caller_to_judge() -> None:
    client, stub = stubbed("lambda")
    refused(stub, REVISION_CHANGED)
    seen(stub, revision="r2")
    with pytest.raises(FunctionChanged, match="was changed in the meantime") as caught:
        effects(client, SimulatedClock(), []).update_function(STATE, IMAGE)
    assert caught.value.why == "it is no longer at revision r1"
    stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", [UPDATE_IN_PROGRESS, REVISION_CHANGED])
def test_somebody_elses_image_is_not_updated_over(code: str) -> None:
    client, stub = stubbed("lambda")
    refused(stub, code)
    seen(stub, "host/erp/e:0ther12", "r2")
    with pytest.raises(FunctionUpdateFailed, match="another deployment changed") as caught:
        effects(client, SimulatedClock(), []).update_function(STATE, IMAGE)
    assert caught.value.why == "it ran host/erp/e:0ld1234, now host/erp/e:0ther12"


def test_a_conflict_without_end_is_given_up_after_its_deadline() -> None:
    client, stub = stubbed("lambda")
    for _ in range(100):
        refused(stub, UPDATE_IN_PROGRESS)
        seen(stub)
        seen(stub)
    clock = SimulatedClock()
    with pytest.raises(FunctionUpdateFailed) as caught:
        effects(client, clock, []).update_function(STATE, IMAGE)
    assert "ResourceConflictException" in caught.value.why
    assert PATIENCE_AFTER_MOVE_S <= clock.monotonic() < PATIENCE_AFTER_MOVE_S + 60


def test_another_error_is_not_tried_again() -> None:
    client, stub = stubbed("lambda")
    stub.add_client_error("update_function_code", "InvalidParameterValueException", "media type is not supported")
    clock = SimulatedClock()
    with pytest.raises(FunctionUpdateFailed) as caught:
        effects(client, clock, []).update_function(STATE, IMAGE)
    assert "media type is not supported" in caught.value.why
    assert clock.monotonic() == 0


def test_secrets_of_the_environment_are_masked_from_the_first_look_on() -> None:
    client, stub = stubbed("lambda")
    variables = {"DB_PASSWORD": SECRET, "STAGE": "production", "DB_URI": "mongodb://erp:in/vented@mongo/erp"}
    stub.add_response("get_function", {"Configuration": {"Environment": {"Variables": variables}}})
    secrets = Secrets()
    LambdaFunctions(client, secrets).state("employee")
    assert secrets.mask(f"{SECRET} production in/vented") == "*** production ***"


NO_PULL = "Lambda does not have permission to access the ECR image. Check the ECR permissions."
NO_RIGHT = (
    "User: arn:aws:sts::111122223333:assumed-role/erp-build/run is not authorized to perform: "
    "lambda:UpdateFunctionCode on resource: arn:aws:lambda:ap-northeast-2:111122223333:function:the-kms-key "
    "because no identity-based policy allows"
)


def test_what_lambda_may_not_pull_is_no_right_of_the_caller() -> None:
    client, stub = stubbed("lambda")
    stub.add_client_error("update_function_code", "AccessDeniedException", NO_PULL)
    with pytest.raises(FunctionUpdateFailed, match="Lambda may not pull the image") as caught:
        functions(client).update(STATE, IMAGE)
    assert "repository policy with ecr:BatchGetImage" in caught.value.next_step
    assert "UpdateFunctionCode" not in caught.value.next_step


def test_an_old_image_that_lambda_may_not_pull_does_not_stop_before_the_first_write() -> None:
    client, stub = stubbed("lambda")
    stub.add_client_error("update_function_code", "AccessDeniedException", NO_PULL)
    functions(client).may_update(STATE)
    stub.assert_no_pending_responses()


@pytest.mark.parametrize("call", ["update", "may_update"])
def test_a_right_of_the_caller_is_named_whatever_the_function_is_called(call: str) -> None:
    client, stub = stubbed("lambda")
    stub.add_client_error("update_function_code", "AccessDeniedException", NO_RIGHT)
    with pytest.raises(FunctionUpdateFailed, match="lambda:UpdateFunctionCode is not allowed") as caught:
        functions(client).update(STATE, IMAGE) if call == "update" else functions(client).may_update(STATE)
    assert "add to the policy of role erp-build" in caught.value.next_step


def test_the_reason_of_a_state_has_the_code_of_that_state() -> None:
    client, stub = stubbed("lambda")
    found = {
        "State": "Inactive",
        "StateReason": "no calls",
        "StateReasonCode": "Idle",
        "LastUpdateStatus": "Successful",
    }
    stub.add_response("get_function", {"Configuration": found})
    state = functions(client).state("employee")
    assert state is not None
    assert state.reason == "Idle: no calls"
