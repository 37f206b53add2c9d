"""The claim of a run to the lock of a release: who wants it, and why."""

import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Who wants the lock, and why.

    Attributes:
        holder: unique for this process.
        commit: full commit that it deploys.
        build: what people know the run by.
        seconds: how long the lock stays valid without a heartbeat.
        wait: seconds to wait for a holder whose heartbeats go on.
    """

    holder: str
    commit: str
    build: str
    seconds: float
    wait: float = 0.0


def claim_of(variables: Mapping[str, str], commit: str, seconds: float, wait: float) -> Claim:
    """The claim of this process; CodeBuild's build id names it, elsewhere the user and machine."""
    build = variables.get("CODEBUILD_BUILD_ID") or f"{variables.get('USER', 'somebody')}@{socket.gethostname()}"
    return Claim(holder=f"{build}/{uuid.uuid4().hex[:8]}", commit=commit, build=build, seconds=seconds, wait=wait)
