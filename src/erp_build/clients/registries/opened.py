"""Opens registries: those that base images lie in, and the one that is pushed to.

What asks a registry is imported when the first one is opened: a run has other things to ask before.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from erp_build.clients.aws.registry import EcrRegistry
from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.clock import Clock
from erp_build.clients.registries.address import scheme_of
from erp_build.errors import BaseUnreadable, ErpBuildError

if TYPE_CHECKING:
    from erp_build.clients.registries.connection import Connection
    from erp_build.clients.registries.registry import Asks, Registry

T = TypeVar("T")


class FindsSignIns(Protocol):
    """The sign-ins by host."""

    def of(self, host: str) -> SignIn | None:
        """The sign-in of a registry; None where it is asked without one."""

    def forget(self, host: str) -> None:
        """Drop it, because the registry does not accept it."""


class _UntilInVain:
    """Asks one registry again while its errors pass; once it was waited for in vain, each question is asked once.

    A registry that cannot be reached would cost each image its time.
    """

    def __init__(self, ask: "Asks") -> None:
        self._ask = ask
        self._is_given_up = False

    def __call__(self, question: Callable[[], T], /) -> T:
        if self._is_given_up:
            return question()
        try:
            return self._ask(question)
        except ErpBuildError as error:
            self._is_given_up = error.passes
            raise


class Registries:
    """Registries by host, each opened once. Threads may call.

    Args:
        sign_ins: of all of them.
        clock: for the end of a token.
        ask: asks again while an error passes.
        scheme: of a host: `https`, or `http` where it has no TLS.
    """

    def __init__(
        self, sign_ins: FindsSignIns, clock: Clock, ask: "Asks", scheme: Callable[[str], str] = scheme_of
    ) -> None:
        self._sign_ins, self._clock, self._ask, self._scheme = sign_ins, clock, ask, scheme
        self._opened: dict[str, Registry] = {}
        self._one_at_a_time = threading.Lock()

    def of(self, host: str) -> "Registry":
        """The registry of a host; its errors are `BaseUnreadable`."""
        from erp_build.clients.registries.connection import Connection
        from erp_build.clients.registries.registry import Registry

        with self._one_at_a_time:
            if host not in self._opened:
                connection = Connection(
                    host,
                    partial(self._sign_ins.of, host),
                    partial(self._sign_ins.forget, host),
                    self._clock,
                    scheme=self._scheme(host),
                    failure=BaseUnreadable,
                )
                self._opened[host] = Registry(connection, _UntilInVain(self._ask))
            return self._opened[host]


def own_connection(ecr: EcrRegistry, clock: Clock) -> "Connection":
    """The connection to the registry that is pushed to, by the API that every registry has; ECR's own has no artifacts.

    Args:
        ecr: gives the sign-in, which is asked for here.
        clock: for the end of a token.
    """
    from erp_build.clients.registries.connection import Connection

    scheme, _, host = ecr.sign_in().endpoint.partition("://")
    return Connection(host, ecr.sign_in, ecr.forget_sign_in, clock, scheme=scheme)


def registry_at(connection: "Connection") -> "Registry":
    """The registry behind a connection; whoever calls asks it again while an error passes."""
    from erp_build.clients.registries.registry import Registry

    return Registry(connection)
