"""Asks a load balancer about its targets, an address for its answer, and a program of the user for its end."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import requests
from requests.auth import AuthBase

from erp_build.clients.calls import CallTimedOut, within
from erp_build.clients.process import TimedOut, child_environment, run, tail
from erp_build.model.releases.bake import TargetHealth

HTTP_CHECK_S = 10.0
"""Seconds for the whole answer of an address."""

COMMAND_CHECK_S = 60.0
"""Seconds for one call of the user's program: while it runs nothing else is looked at."""

MAX_LINES_OF_COMMAND = 5
PASSED_ON_PREFIXES = ("JAVA_", "CODEBUILD_")
"""Environment variables that the program gets beside those of every child; credentials are not among them."""


class TargetGroups(Protocol):
    """Reads targets."""

    def targets(self, group: str) -> tuple[TargetHealth, ...]:
        """Those of a target group."""


class LiveHealth:
    """Asks for real.

    Args:
        groups: the load balancers.
        root: of the checkout, where the user's program runs.
    """

    def __init__(self, groups: TargetGroups, root: Path) -> None:
        self._root = root
        self.targets = groups.targets

    def watched(self, seconds: float) -> float:
        """All of it."""
        return seconds

    def http(self, address: str) -> str:
        """What is wrong with the answer of an address; a redirect is no 2xx."""
        try:
            status = within(HTTP_CHECK_S, partial(_status_of, address))
        except (requests.RequestException, CallTimedOut) as error:
            return f"no answer: {error}"
        is_well = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        return "" if is_well else f"status {status}"

    def command(self, argv: Sequence[str]) -> str:
        """What is wrong with the end of a program."""
        environment = child_environment(*PASSED_ON_PREFIXES)
        try:
            done = run(argv, env=environment, cwd=self._root, timeout=COMMAND_CHECK_S)
        except TimedOut as error:
            return f"it took longer than {error.seconds:.0f} s\n{tail(error.tail, MAX_LINES_OF_COMMAND)}".strip()
        except OSError as error:
            return f"{argv[0]} cannot be started: {error.strerror}"
        said = tail(f"{done.stdout}\n{done.stderr}", MAX_LINES_OF_COMMAND)
        return f"exit code {done.code}\n{said}".strip() if done.code else ""


class _NoSignIn(AuthBase):
    """Nobody signs in. Without it a `.netrc` would."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _status_of(address: str) -> int:
    with requests.get(address, auth=_NoSignIn(), timeout=HTTP_CHECK_S, allow_redirects=False, stream=True) as answer:
        return answer.status_code
