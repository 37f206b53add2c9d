"""The update of a Lambda function: one at a time, by digest, and believed only when Lambda says so."""

from dataclasses import replace

import pytest

from erp_build.domain.image import BuiltImage
from erp_build.domain.verdict import ClearedImage
from erp_build.errors import FunctionUpdateFailed
from erp_build.stages.functions import PAUSE, UPDATE_SECONDS, update_function
from tests.fakes.functions import READS
from tests.fakes.registry import HOST
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import EMPLOYEE, PASSED


def cleared(world: FakeWorld, commit: str | None = "f" * 40) -> ClearedImage:
    """An image that may be deployed; without a commit, the very image that runs."""
    digest = world.registry.push(FUNCTION_REPOSITORY, "abc1234", commit)
    image = BuiltImage(target=EMPLOYEE, repository=FUNCTION_REPOSITORY, tag="abc1234", digest=digest, commit=commit)
    return ClearedImage(image, PASSED, digest)


def test_the_function_is_pointed_at_the_digest_and_waited_for(new_world: FakeWorld) -> None:
    image = cleared(new_world)
    state = update_function(new_world.tools(), FUNCTION, image)
    assert new_world.functions.updates == [f"{HOST}/{FUNCTION_REPOSITORY}@{image.image.digest}"]
    assert (state.last_update, state.digest) == ("Successful", image.image.digest)
    assert new_world.clock.monotonic() == READS * PAUSE


def test_an_image_that_runs_already_is_no_update(new_world: FakeWorld) -> None:
    update_function(new_world.tools(), FUNCTION, cleared(new_world, commit=None))
    assert new_world.done() == []
    assert new_world.progress.lines == [f"{EMPLOYEE}: runs this image already"]


def test_an_image_whose_last_update_failed_is_updated_again(new_world: FakeWorld) -> None:
    states = new_world.functions.states
    states[FUNCTION] = replace(states[FUNCTION], last_update="Failed", reason="it went wrong")
    state = update_function(new_world.tools(), FUNCTION, cleared(new_world, commit=None))
    assert new_world.verbs() == ["update_function"]
    assert state.last_update == "Successful"


def test_an_update_of_somebody_else_is_waited_for(new_world: FakeWorld) -> None:
    new_world.functions.is_being_updated(FUNCTION, reads=5)
    update_function(new_world.tools(), FUNCTION, cleared(new_world))
    assert len(new_world.functions.updates) == 1
    assert new_world.clock.monotonic() == (5 + READS) * PAUSE


def test_a_function_that_is_being_made_is_waited_for(new_world: FakeWorld) -> None:
    new_world.functions.is_being_made(FUNCTION, reads=3)
    state = update_function(new_world.tools(), FUNCTION, cleared(new_world))
    assert state.state == "Active"
    assert new_world.clock.monotonic() == (3 + READS) * PAUSE


def test_a_failed_update_says_lambdas_reason(new_world: FakeWorld) -> None:
    new_world.functions.fails_to_update(FUNCTION, "Lambda does not have permission to access the ECR image.")
    with pytest.raises(FunctionUpdateFailed, match="does not run the new image") as caught:
        update_function(new_world.tools(), FUNCTION, cleared(new_world))
    assert caught.value.where == FUNCTION
    assert caught.value.why == "Failed: Lambda does not have permission to access the ECR image."


def test_an_update_that_ends_with_another_image_fails(new_world: FakeWorld) -> None:
    new_world.functions.resolves_nothing_new(FUNCTION)
    with pytest.raises(FunctionUpdateFailed) as caught:
        update_function(new_world.tools(), FUNCTION, cleared(new_world))
    assert caught.value.why.startswith("Successful: it resolved ")


def test_an_update_that_does_not_end_says_its_last_state(new_world: FakeWorld) -> None:
    new_world.functions.is_being_updated(FUNCTION, reads=10_000)
    with pytest.raises(FunctionUpdateFailed, match="does not end") as caught:
        update_function(new_world.tools(), FUNCTION, cleared(new_world))
    assert caught.value.why.startswith("after 300 s: Active, InProgress")
    assert new_world.clock.monotonic() == UPDATE_SECONDS
    assert new_world.functions.updates == []


def test_a_function_that_is_gone_fails(new_world: FakeWorld) -> None:
    new_world.functions.states.clear()
    with pytest.raises(FunctionUpdateFailed, match="the function is gone"):
        update_function(new_world.tools(), FUNCTION, cleared(new_world))
