"""One request to a registry: its answer, in bounded time and memory, or the reason why there is none."""

import socket
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple, Protocol, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter

from erp_build.clients.aws.session import is_wrong_certificate
from erp_build.clients.calls import CallTimedOut, within
from erp_build.clients.registries.address import led_to, same_server
from erp_build.formats.oci.manifest import LARGEST_MANIFEST
from erp_build.formats.oci.refusal import without_queries

TIMEOUTS_S = (5, 60)
"""Seconds for a connection, and for each byte of an answer: at the end of an upload a registry reads it all again."""

CALL_S = 60.0
"""Seconds for one answer with its whole body."""

SLOWEST_BYTES_PER_S = 128 << 10
"""A call that moves a layer has a second more for so many bytes of it."""

CONNECTIONS = 16

MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
STREAMED = frozenset({200, 206})
READING = frozenset({"GET", "HEAD"})


class Stream(Protocol):
    """A body whose length is known."""

    def __len__(self) -> int:
        """Its bytes."""

    def __iter__(self) -> Iterator[bytes]:
        """Its parts."""


Body = Callable[[], Stream | bytes]
"""Makes the body of a request, anew for every attempt."""


class Request(NamedTuple):
    """What is asked. `streams`: the body of a good answer is left to be read."""

    method: str
    address: str
    headers: Mapping[str, str] = {}
    body: Body = bytes
    size: int = 0
    streams: bool = False


class Answer(NamedTuple):
    """What came back.

    Attributes:
        address: of whoever answered; behind a redirect it is another one than was asked.
        headers: by any case of letters.
        raw: the body that is left to be read; None where `body` is all of it.
    """

    address: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    raw: "requests.Response | None" = None

    @property
    def is_good(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the good ones of HTTP


class NoAnswer(Exception):
    """Nobody has answered, or not to the end. The text has no query of an address. `passes`: a moment later it may."""

    def __init__(self, why: str, *, passes: bool) -> None:
        super().__init__(why)
        self.passes = passes


class Http:
    """The connections to a registry and to whoever it sends us to. Threads may call."""

    def __init__(self) -> None:
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=CONNECTIONS)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        # Some registries take a client with a cookie for a browser, and want a token against forgery then.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def ask(self, request: Request, authorization: str) -> Answer:
        """Send a request and follow where it leads; raises `NoAnswer`, whose cause is not kept: it has the address."""
        address = request.address
        for _ in range(MOST_REDIRECTS):
            shown = authorization if same_server(address, request.address) else ""
            answer = self._ask_once(request._replace(address=address), shown)
            location = answer.headers.get("Location", "")
            if answer.status not in REDIRECTS or request.method not in READING or not location:
                return answer
            address = led_to(address, location)
            if not address:
                raise NoAnswer("it leads to an address without TLS", passes=False)
        raise NoAnswer(f"it leads on more than {MOST_REDIRECTS} times", passes=False)

    def _ask_once(self, request: Request, authorization: str) -> Answer:
        seconds = CALL_S + request.size / SLOWEST_BYTES_PER_S
        failure = None
        try:
            return within(seconds, partial(self._answered, request, authorization))
        except (requests.RequestException, urllib3.exceptions.HTTPError, CallTimedOut, OSError) as error:
            failure = no_answer(error)
        # Outside of the block, so that the error with its address hangs on none of ours.
        raise failure

    def _answered(self, request: Request, authorization: str) -> Answer:
        headers = {"Accept-Encoding": "identity", **request.headers}
        response = self._session.request(
            request.method,
            request.address,
            headers=headers,
            data=cast("Any", request.body()),
            stream=True,
            allow_redirects=False,
            timeout=TIMEOUTS_S,
            auth=_Given(authorization),
        )
        if request.streams and response.status_code in STREAMED:
            return Answer(request.address, response.status_code, response.headers, raw=response)
        with response:
            return Answer(request.address, response.status_code, response.headers, _read(response))


def _read(response: requests.Response) -> bytes:
    """The body; one byte more than a manifest may have tells that there is more."""
    parts, left = list[bytes](), LARGEST_MANIFEST + 1
    while left and (part := response.raw.read(left, decode_content=True)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


class _Given(requests.auth.AuthBase):
    """The header that was given, or none: without it a `~/.netrc` of the user would count."""

    def __init__(self, header: str) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._header:
            request.headers["Authorization"] = self._header
        return request


def no_answer(error: Exception) -> NoAnswer:
    """What to say of an error of the connection."""
    passing = (
        requests.ConnectionError,
        requests.Timeout,
        requests.exceptions.ChunkedEncodingError,
        urllib3.exceptions.ProtocolError,
        urllib3.exceptions.TimeoutError,
        CallTimedOut,
        ConnectionError,
    )
    innermost = _innermost(error)
    is_final = is_wrong_certificate(error) or _is_unknown_name(innermost)
    return NoAnswer(_why(innermost), passes=isinstance(error, passing) and not is_final)


def _is_unknown_name(error: BaseException) -> bool:
    """Whether the host's name is of nobody. Where only the resolver does not answer, the error is another one."""
    return isinstance(error.__cause__, socket.gaierror) and error.__cause__.errno == socket.EAI_NONAME


def _why(innermost: BaseException) -> str:
    text = str(innermost).rpartition(" object at ")[2].partition(">: ")
    return without_queries(text[2] or str(innermost)) or type(innermost).__name__


def _innermost(error: BaseException) -> BaseException:
    """The error that the others are about. Its text names no address, as far as there is one without."""
    for _ in range(MOST_REDIRECTS):
        if (inner := _inner(error)) is None:
            break
        error = inner
    return error


def _inner(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)
    found = [one for one in (reason, *error.args) if isinstance(one, BaseException)]
    return found[-1] if found else None
