"""Who has an access entry of the cluster, for tests to change."""

import urllib.request

from sandbox.endpoints import SIGN_IN_ADDRESS


def set_access_entry(role: str, *, there: bool) -> None:
    """Give a build role its access entry, or take it away: then only `aws-auth` lets it in."""
    path = f"/_entry/{'on' if there else 'off'}?role={role}"
    with urllib.request.urlopen(urllib.request.Request(SIGN_IN_ADDRESS + path, method="POST"), timeout=10):
        pass
