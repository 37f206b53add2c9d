"""The Authorization header of a registry's calls: name and password, or a token that another server gives for them."""

import base64
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from erp_build.clients.aws.sign_in import SignIn
from erp_build.clients.clock import Clock
from erp_build.clients.registries.address import led_to, with_query
from erp_build.clients.registries.http import Answer, Request
from erp_build.formats.json_text import parsed_json
from erp_build.formats.oci.challenge import Challenge, Scope, challenge_of

TOKEN_S = 60.0
"""Seconds for which a token is good that does not say it (the specification of Docker's tokens)."""

SPARED_S = 5.0
"""A token is asked for anew so many seconds before its end."""

CLIENT = "erp-build"
LONGEST_TOKEN = 64 << 10

UNAUTHORIZED = (401, 403)

AsksForToken = Callable[[Request, str], Answer]
"""Takes a request and the Authorization header; raises our error where there is no answer, or one that passes."""


class SignInRefused(Exception):
    """The server that gives tokens does not take the sign-in."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("the sign-in is refused")
        self.answer = answer


class Authorization:
    """Signs in to one registry as it wants it, and anew where that has ended. Threads may call.

    Args:
        base: address of the registry.
        sign_in: gives name and password, or None; asked each time, because it may be another one by then.
        renew: makes `sign_in` give another one; None: there is no other one.
        clock: for the end of a token.
        ask: the server that gives tokens.
        begins_with_password: whether the registry is known to want name and password.
    """

    def __init__(
        self,
        base: str,
        sign_in: Callable[[], SignIn | None],
        renew: Callable[[], object] | None,
        clock: Clock,
        ask: AsksForToken,
        *,
        begins_with_password: bool = False,
    ) -> None:
        self._base = base
        self._sign_in, self._renew = sign_in, renew
        self._clock, self._ask = clock, ask
        self._challenge = Challenge("basic") if begins_with_password else None
        self._tokens: dict[Scope, tuple[str, float]] = {}
        self._one_at_a_time = threading.RLock()

    def header(self, scope: Scope) -> str:
        """What is known so far; empty before the first refusal."""
        with self._one_at_a_time:
            if self._challenge is None:
                return ""
            if self._challenge.kind == "basic":
                return _basic(self._sign_in())
            token, end = self._tokens.get(scope, ("", 0.0))
            if not token or self._clock.monotonic() >= end:
                token = self._new_token(self._challenge, scope)
            return f"Bearer {token}"

    def anew(self, scope: Scope, refused: str, challenge: str) -> str | None:
        """The header after a refusal; None where there is nothing else to try.

        Args:
            scope: of the call.
            refused: the header that it had.
            challenge: what the registry wants (`WWW-Authenticate`).
        """
        with self._one_at_a_time:
            found = challenge_of(challenge) or self._challenge
            if found is None:
                return None
            if self._challenge is not None and (now := self.header(scope)) != refused:
                # Another thread was refused too, and has signed in anew already.
                return now
            self._challenge = found
            if found.kind == "bearer":
                self._tokens.pop(scope, None)
            elif refused and self._renewed():
                # It may look the same: the registry has heard of it.
                return self.header(scope)
            now = self.header(scope)
            return now if now != refused else None

    def _new_token(self, challenge: Challenge, scope: Scope) -> str:
        answer = self._token_answer(challenge, scope)
        if answer.status in UNAUTHORIZED and self._sign_in() and self._renewed():
            answer = self._token_answer(challenge, scope)
        if not answer.is_good:
            raise SignInRefused(answer)
        token, seconds = _token_in(answer)
        self._tokens[scope] = token, self._clock.monotonic() + max(seconds - SPARED_S, SPARED_S)
        return token

    def _token_answer(self, challenge: Challenge, scope: Scope) -> Answer:
        realm = led_to(self._base, challenge.realm)
        if not realm:
            raise ValueError("the registry wants to be signed in to without TLS")
        given, scopes = self._sign_in(), scope.asked_as(challenge.scope)
        service = ("service", challenge.service)
        if given and given.identity_token:
            form = [
                ("grant_type", "refresh_token"),
                service,
                ("client_id", CLIENT),
                ("scope", " ".join(scopes)),
                ("refresh_token", given.identity_token),
            ]
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._ask(Request("POST", realm, headers, lambda: urlencode(form).encode()), "")
        return self._ask(Request("GET", with_query(realm, service, *(("scope", one) for one in scopes))), _basic(given))

    def _renewed(self) -> bool:
        if self._renew is None:
            return False
        self._renew()
        return True


def _basic(given: SignIn | None) -> str:
    if given is None or given.identity_token:
        return ""
    return f"Basic {base64.b64encode(f'{given.username}:{given.password}'.encode()).decode()}"


def _token_in(answer: Answer) -> tuple[str, float]:
    """The token in an answer, and for how many seconds it is good; raises `ValueError` for another form."""
    found: Any = parsed_json(answer.body)
    token = (found.get("token") or found.get("access_token")) if isinstance(found, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or len(token) > LONGEST_TOKEN:
        raise ValueError("the answer has no token")
    seconds = found.get("expires_in")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < float("inf")
    return token, float(seconds) if is_number else TOKEN_S
