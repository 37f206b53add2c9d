"""Update one Lambda function: wait, update by digest, wait until it is live; then publish its version and alias."""

from erp_build.clients.clock import Deadline
from erp_build.clients.site import Site
from erp_build.errors import FunctionChanged, FunctionUpdateFailed
from erp_build.formats.messages.lambda_message import after_update
from erp_build.model.images.image import ImageReference
from erp_build.model.project import Function
from erp_build.model.releases.lambda_function import FunctionState

FUNCTION_UPDATE_TIMEOUT_S = 300.0
"""Seconds that an update may take; the SDK's own waiter gives up after as many."""

FUNCTION_POLL_S = 1.0
MAX_UPDATE_ATTEMPTS = 3


def update_function(site: Site, function: Function, image: str) -> FunctionState:
    """Update a function to an image and return its new state; Lambda says `Successful` when the image is live.

    Args:
        site: the clients.
        function: the target.
        image: `host/repository@sha256:...`.
    """
    name, digest = function.function, ImageReference.parse(image).digest
    state = wait_until_settled(site, name)
    # A failed update may name this digest as well: only `Successful` says that the image is live.
    runs_already = state.digest == digest and state.last_update == "Successful"
    if runs_already:
        site.say("already runs this image", function.name)
    else:
        _update(site, function, state, image)
        state = wait_until_settled(site, name)
        if state.last_update != "Successful" or state.digest != digest:
            raise _not_live(name, state)
        site.say(f"{state.last_update}, runs {state.digest[:19]}", function.name)
    if function.publish and not (runs_already and alias_is_there(site, function, digest)):
        _publish(site, function, state)
    return state


def _update(site: Site, function: Function, state: FunctionState, image: str) -> None:
    """Update a function that was read; where only its settings have changed since, read it again."""
    for left in reversed(range(MAX_UPDATE_ATTEMPTS)):
        try:
            site.clients.effects.update_function(state, image)
        except FunctionChanged:
            now = wait_until_settled(site, state.name)
            if not left or now.image != state.image:
                raise
            site.say("it was changed in the meantime, its image not: trying again", function.name)
            state = now
        else:
            return


def wait_until_settled(site: Site, name: str) -> FunctionState:
    """Wait until no update of the function is in progress, and return its state."""
    deadline = Deadline(site.clients.clock, FUNCTION_UPDATE_TIMEOUT_S)
    while True:
        state = site.clients.functions.state(name)
        if state is None:
            raise FunctionUpdateFailed("the function is gone", where=name, next_step="create it, then run again")
        if state.last_update != "InProgress" and state.state != "Pending":
            return state
        if deadline.is_over:
            raise FunctionUpdateFailed(
                "the function's update does not end",
                where=name,
                why=f"after {FUNCTION_UPDATE_TIMEOUT_S:.0f} s: {state.state}, {state.last_update} {state.reason}",
                next_step="wait until it is ready, then run again",
            )
        deadline.pause(FUNCTION_POLL_S)


def alias_is_there(site: Site, function: Function, digest: str) -> bool:
    """Whether the callers of a function get an image: its alias leads there, or it has none."""
    return not function.alias or site.clients.functions.alias_digest(function.function, function.alias) == digest


def _publish(site: Site, function: Function, state: FunctionState) -> None:
    # Lambda returns the existing version where nothing has changed since it was published.
    version = site.clients.effects.publish(state, function.alias)
    if not alias_is_there(site, function, state.digest):
        raise FunctionUpdateFailed(
            "the alias does not lead to the new image",
            where=f"{function.function}:{function.alias}",
            why=f"version {version} was published, and the alias was moved to it",
            next_step="somebody else moved the alias: run again",
        )
    site.say(f"version {version}" + (f", alias {function.alias}" if function.alias else ""), function.name)


def _not_live(name: str, state: FunctionState) -> FunctionUpdateFailed:
    return FunctionUpdateFailed(
        "the function does not run the new image",
        where=name,
        why=f"{state.last_update}: {state.reason or f'it resolved {state.resolved}'}",
        next_step=after_update(state.reason),
    )
