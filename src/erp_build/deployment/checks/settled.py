"""What runs, once it had a minute to settle: a pod that starts because a node was drained is nothing that failed."""

from erp_build.changes.live_state import read_live_state
from erp_build.clients.clock import Deadline
from erp_build.clients.site import Site
from erp_build.model.plan import EDITED, LiveState

SETTLES_WITHIN_S, LOOK_AGAIN_S = 60.0, 5.0
"""Seconds that pods have to get ready, and seconds between two looks at them."""


def read_settled_state(site: Site) -> LiveState:
    """Read what runs; where pods are not ready, once more until they are or a minute has passed."""
    deadline = Deadline(site.clients.clock, SETTLES_WITHIN_S)
    live = read_live_state(site)
    if unsettled := _unsettled(live):
        site.say(f"looked at for up to {SETTLES_WITHIN_S:.0f} s: {unsettled}")
    while _unsettled(live) and not deadline.is_over:
        deadline.pause(LOOK_AGAIN_S)
        live = read_live_state(site)
    return live


def _unsettled(live: LiveState) -> str:
    """What is not ready, in words. What was edited by hand does not pass by itself."""
    troubles = {name: running.trouble for name, running in live.running.items() if running.trouble}
    return "; ".join(f"{name}: {trouble}" for name, trouble in troubles.items() if not trouble.startswith(EDITED))
