"""The update of one Lambda function: wait, update by digest, wait until it is live."""

from erp_build.domain.release import FunctionState
from erp_build.domain.verdict import ClearedImage
from erp_build.errors import FunctionUpdateFailed
from erp_build.tools.clock import Deadline
from erp_build.tools.toolbox import Tools

UPDATE_SECONDS = 300.0
PAUSE = 1.0


def update_function(tools: Tools, name: str, cleared: ClearedImage) -> FunctionState:
    """Make the function run the cleared image and return its state; it is live when Lambda says `Successful`."""
    image = cleared.image
    state = _settled(tools, name)
    if state.digest == image.digest and state.last_update == "Successful":
        tools.progress.say("runs this image already", image.target)
        return state
    tools.effects.update_function(state, f"{tools.registry.host()}/{image.repository}@{image.digest}")
    state = _settled(tools, name)
    if state.last_update != "Successful" or state.digest != image.digest:
        raise FunctionUpdateFailed(
            "the function does not run the new image",
            where=name,
            why=f"{state.last_update}: {state.reason or f'it resolved {state.resolved}'}",
            next_step="see the reason; an image that Lambda cannot pull needs a repository policy for it",
        )
    tools.progress.say(f"{state.last_update}, runs {state.digest[:19]}", image.target)
    return state


def _settled(tools: Tools, name: str) -> FunctionState:
    """The function when no update is in progress."""
    deadline = Deadline(tools.clock, UPDATE_SECONDS)
    while True:
        state = tools.functions.state(name)
        if state is None:
            raise FunctionUpdateFailed("the function is gone", where=name, next_step="create it, then run again")
        if state.last_update != "InProgress" and state.state != "Pending":
            return state
        if deadline.is_over:
            raise FunctionUpdateFailed(
                "the function's update does not end",
                where=name,
                why=f"after {UPDATE_SECONDS:.0f} s: {state.state}, {state.last_update} {state.reason}",
                next_step="wait until it is ready, then run again",
            )
        deadline.pause(PAUSE)
