"""Lanes: ways into AWS that do not share faults, scans and logs of calls; tests that run at once take one each."""

import os

LANES = range(8)
"""Their numbers."""
LANE = int(os.environ.get("ERP_BUILD_SANDBOX_LANE", "0"))
"""The lane of this process."""


def in_lane(name: str) -> str:
    """A tenant's name that no other lane uses."""
    return f"{name}{LANE or ''}"
