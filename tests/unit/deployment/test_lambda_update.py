"""The update of a Lambda function: one at a time, by digest, and believed only when Lambda says so."""

from dataclasses import replace

import pytest

from erp_build.deployment.lambda_update import FUNCTION_POLL_S, FUNCTION_UPDATE_TIMEOUT_S, update_function
from erp_build.errors import FunctionUpdateFailed
from erp_build.model.images.image import BuiltImage
from erp_build.model.images.verdict import ClearedImage
from erp_build.model.releases.lambda_function import FunctionState
from tests.fakes.functions import READS
from tests.fakes.registry import HOST
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import EMPLOYEE, ERP, PASSED


def cleared(world: FakeWorld, commit: str | None = "f" * 40) -> ClearedImage:
    """An image that may be deployed; without a commit, the very image that runs."""
    digest = world.registry.push(FUNCTION_REPOSITORY, "abc1234", commit)
    image = BuiltImage(target=EMPLOYEE, repository=FUNCTION_REPOSITORY, tag="abc1234", digest=digest, commit=commit)
    return ClearedImage(image, PASSED, digest)


def updated(world: FakeWorld, cleared: ClearedImage, *, publish: bool = False, alias: str = "") -> FunctionState:
    function = ERP.functions[0]._replace(publish=publish, alias=alias)
    return update_function(world.site(), function, f"{HOST}/{FUNCTION_REPOSITORY}@{cleared.image.digest}")


def test_the_function_is_pointed_at_the_digest_and_waited_for(new_world: FakeWorld) -> None:
    image = cleared(new_world)
    state = updated(new_world, image)
    assert new_world.functions.updates == [f"{HOST}/{FUNCTION_REPOSITORY}@{image.image.digest}"]
    assert (state.last_update, state.digest) == ("Successful", image.image.digest)
    assert new_world.clock.monotonic() == READS * FUNCTION_POLL_S


def test_an_image_that_runs_already_is_no_update(new_world: FakeWorld) -> None:
    updated(new_world, cleared(new_world, commit=None))
    assert new_world.done() == []
    assert new_world.progress.lines[-1] == f"{EMPLOYEE}: already runs this image"


def test_an_image_whose_last_update_failed_is_updated_again(new_world: FakeWorld) -> None:
    states = new_world.functions.states
    states[FUNCTION] = replace(states[FUNCTION], last_update="Failed", reason="it went wrong")
    state = updated(new_world, cleared(new_world, commit=None))
    assert new_world.verbs() == ["update_function"]
    assert state.last_update == "Successful"


def test_an_update_of_somebody_else_is_waited_for(new_world: FakeWorld) -> None:
    new_world.functions.is_being_updated(FUNCTION, reads=5)
    updated(new_world, cleared(new_world))
    assert len(new_world.functions.updates) == 1
    assert new_world.clock.monotonic() == (5 + READS) * FUNCTION_POLL_S


def test_a_function_that_is_being_made_is_waited_for(new_world: FakeWorld) -> None:
    new_world.functions.is_being_made(FUNCTION, reads=3)
    state = updated(new_world, cleared(new_world))
    assert state.state == "Active"
    assert new_world.clock.monotonic() == (3 + READS) * FUNCTION_POLL_S


def test_a_failed_update_says_lambdas_reason(new_world: FakeWorld) -> None:
    new_world.functions.fails_to_update(FUNCTION, "Lambda does not have permission to access the ECR image.")
    with pytest.raises(FunctionUpdateFailed, match="does not run the new image") as caught:
        updated(new_world, cleared(new_world))
    assert caught.value.where == FUNCTION
    assert caught.value.why == "Failed: Lambda does not have permission to access the ECR image."


def test_an_update_that_ends_with_another_image_fails(new_world: FakeWorld) -> None:
    new_world.functions.resolves_nothing_new(FUNCTION)
    with pytest.raises(FunctionUpdateFailed) as caught:
        updated(new_world, cleared(new_world))
    assert caught.value.why.startswith("Successful: it resolved ")


def test_an_update_that_does_not_end_says_its_last_state(new_world: FakeWorld) -> None:
    new_world.functions.is_being_updated(FUNCTION, reads=10_000)
    with pytest.raises(FunctionUpdateFailed, match="does not end") as caught:
        updated(new_world, cleared(new_world))
    assert caught.value.why.startswith("after 300 s: Active, InProgress")
    assert new_world.clock.monotonic() == FUNCTION_UPDATE_TIMEOUT_S
    assert new_world.functions.updates == []


def test_a_function_that_is_gone_fails(new_world: FakeWorld) -> None:
    new_world.functions.states.clear()
    with pytest.raises(FunctionUpdateFailed, match="the function is gone"):
        updated(new_world, cleared(new_world))


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("ImageAccessDenied: Lambda may not pull", "repository policy with ecr:BatchGetImage"),
        ("ImageDeleted: it is gone", "lifecycle policy"),
        ("InvalidImage: the media type is not supported", "a single image with gzip layers"),
        ("SubnetOutOfIPAddresses: none left", "no free addresses"),
        ("FunctionError.InitTimeout: it took too long", "takes too long to start"),
        ("something new", "see the reason"),
    ],
)
def test_each_reason_of_lambda_has_a_next_step(new_world: FakeWorld, reason: str, hint: str) -> None:
    new_world.functions.fails_to_update(FUNCTION, reason)
    with pytest.raises(FunctionUpdateFailed) as caught:
        updated(new_world, cleared(new_world))
    assert hint in caught.value.next_step


def test_a_published_image_gets_a_version_and_its_alias(new_world: FakeWorld) -> None:
    image = cleared(new_world)
    updated(new_world, image, publish=True, alias="live")
    assert new_world.verbs() == ["update_function", "publish"]
    assert new_world.functions.versions == [image.image.digest]
    assert new_world.functions.aliases == {f"{FUNCTION}:live": image.image.digest}
    assert new_world.progress.lines[-1] == f"{EMPLOYEE}: version 1, alias live"


def test_a_run_that_was_cut_off_before_its_version_makes_it_the_second_time(new_world: FakeWorld) -> None:
    image = cleared(new_world)
    updated(new_world, image)
    updated(new_world, image, publish=True, alias="live")
    updated(new_world, image, publish=True, alias="live")
    assert new_world.verbs() == ["update_function", "publish"]


def test_a_version_alone_is_made_once(new_world: FakeWorld) -> None:
    image = cleared(new_world)
    updated(new_world, image, publish=True)
    updated(new_world, image, publish=True)
    assert len(new_world.functions.versions) == 1


def test_an_alias_that_leads_elsewhere_afterwards_is_a_failure(new_world: FakeWorld) -> None:
    new_world.functions.alias_is_stuck = True
    with pytest.raises(FunctionUpdateFailed, match="alias does not lead to the new image"):
        updated(new_world, cleared(new_world), publish=True, alias="live")
