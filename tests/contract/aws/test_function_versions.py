"""Lambda: the versions of a function, and the alias that leads to one of them."""

import pytest
from botocore.stub import Stubber

from erp_build.clients.clock import SimulatedClock
from erp_build.errors import FunctionUpdateFailed
from tests.contract.aws.conftest import stubbed
from tests.contract.aws.test_functions import IMAGE, REVISION_CHANGED, STATE, effects, functions


def test_a_version_is_made_of_the_very_code_that_was_read() -> None:
    client, stub = stubbed("lambda")
    stub.add_response("publish_version", {"Version": "7"}, {"FunctionName": "employee", "CodeSha256": "c0de"})
    assert functions(client).publish(STATE, "") == "7"


ALIAS = {"FunctionName": "employee", "Name": "live"}
MOVED = {**ALIAS, "FunctionVersion": "7", "RoutingConfig": {"AdditionalVersionWeights": {}}, "RevisionId": "a1"}


def published(*, moved: bool) -> Stubber:
    """Version 7 is published, and the alias moved or refused, because somebody else moved it since it was read."""
    _, stub = stubbed("lambda")
    stub.add_response("get_alias", {"FunctionVersion": "6", "RevisionId": "a1"}, ALIAS)
    stub.add_response("publish_version", {"Version": "7"})
    if moved:
        stub.add_response("update_alias", {}, MOVED)
    else:
        stub.add_client_error("update_alias", REVISION_CHANGED, "it was changed", expected_params=MOVED)
    return stub


def test_an_alias_is_moved_from_the_revision_that_was_read_and_without_the_weights_of_an_earlier_canary() -> None:
    stub = published(moved=True)
    functions(stub.client).publish(STATE, "live")
    stub.assert_no_pending_responses()


def test_an_alias_that_somebody_else_has_moved_in_the_meantime_stays_there() -> None:
    stub = published(moved=False)
    stub.add_response("get_alias", {"FunctionVersion": "8", "RevisionId": "a2"}, ALIAS)
    with pytest.raises(FunctionUpdateFailed) as caught:
        functions(stub.client).publish(STATE, "live")
    assert REVISION_CHANGED in caught.value.why
    stub.assert_no_pending_responses()


def test_our_own_move_of_an_alias_whose_answer_was_lost_is_found_to_be_there() -> None:
    stub = published(moved=False)
    stub.add_response("get_alias", {"FunctionVersion": "7", "RevisionId": "a2"}, ALIAS)
    assert functions(stub.client).publish(STATE, "live") == "7"


def test_an_alias_that_is_not_there_is_made() -> None:
    client, stub = stubbed("lambda")
    stub.add_client_error("get_alias", "ResourceNotFoundException")
    stub.add_response("publish_version", {"Version": "7"})
    stub.add_response("create_alias", {}, {**ALIAS, "FunctionVersion": "7"})
    functions(client).publish(STATE, "live")
    stub.assert_no_pending_responses()


def test_the_digest_of_an_alias_is_read_and_one_that_is_not_there_has_none() -> None:
    client, stub = stubbed("lambda")
    code = {"Configuration": {}, "Code": {"ResolvedImageUri": IMAGE}}
    stub.add_response("get_function", code, {"FunctionName": "employee", "Qualifier": "live"})
    stub.add_client_error("get_function", "ResourceNotFoundException")
    tool = functions(client)
    assert tool.alias_digest("employee", "live") == "sha256:" + "1" * 64
    assert tool.alias_digest("employee", "live") == ""


def version(state: str, reason: str = "") -> dict[str, str]:
    return {"Version": "7", "State": state, **({"StateReason": reason} if reason else {})}


def test_a_version_is_waited_for_until_it_is_active_and_only_then_the_alias_moves() -> None:
    client, stub = stubbed("lambda")
    for state in ("Pending", "Pending", "Active"):
        stub.add_response("get_alias", {"FunctionVersion": "6", "RevisionId": "a1"}, ALIAS)
        stub.add_response("publish_version", version("Pending"))
        asked = {"FunctionName": "employee", "Qualifier": "7"}
        stub.add_response("get_function", {"Configuration": {"State": state}}, asked)
    stub.add_response("update_alias", {}, MOVED)
    clock, said = SimulatedClock(), list[str]()
    assert effects(client, clock, said).publish(STATE, "live") == "7"
    assert [line.partition(",")[0] for line in said] == ["the version is not active"] * 2
    stub.assert_no_pending_responses()


def test_a_version_that_failed_gets_no_alias_and_no_second_look() -> None:
    client, stub = stubbed("lambda")
    stub.add_response("get_alias", {"FunctionVersion": "6", "RevisionId": "a1"}, ALIAS)
    stub.add_response("publish_version", version("Failed", "the image is gone"))
    clock = SimulatedClock()
    with pytest.raises(FunctionUpdateFailed, match="the version is not active") as caught:
        effects(client, clock, []).publish(STATE, "live")
    assert caught.value.why == "its state is Failed: the image is gone"
    assert clock.monotonic() == 0


@pytest.mark.parametrize("trouble", ["ResourceConflictException", "TooManyRequestsException", "ServiceException"])
@pytest.mark.parametrize("call", ["publish_version", "update_alias"])
def test_a_version_and_its_alias_are_asked_for_again_from_the_start(call: str, trouble: str) -> None:
    client, stub = stubbed("lambda")
    stub.add_response("get_alias", {"FunctionVersion": "6", "RevisionId": "a0"}, ALIAS)
    if call == "update_alias":
        stub.add_response("publish_version", version("Active"))
    stub.add_client_error(call, trouble, "in progress")
    stub.add_response("get_alias", {"FunctionVersion": "6", "RevisionId": "a1"}, ALIAS)
    stub.add_response("publish_version", version("Active"), {"FunctionName": "employee", "CodeSha256": "c0de"})
    stub.add_response("update_alias", {}, MOVED)
    assert effects(client, SimulatedClock(), []).publish(STATE, "live") == "7"
    stub.assert_no_pending_responses()
