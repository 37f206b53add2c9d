"""A server on loopback that stands for AWS, a cluster's API, the engine and a Git host, and misbehaves when told to."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal
from urllib.parse import parse_qs

from tests.support.loopback import Server

Fault = Literal["hangs", "dribbles", "answers late", "goes silent"]
"""At one request; what goes silent answers none from then on."""

DRIBBLE_S = 0.2
LATE_S = 1.0
"""Seconds between two bytes, and between the signal and an answer."""


@dataclass(frozen=True)
class Asked:
    """A request: the operation that it names, its body, and when it came."""

    operation: str
    body: bytes
    at: float


@dataclass
class StandIn:
    """What the server answers, and what it was asked.

    Attributes:
        port: where it listens.
        answers: operation (a pattern) -> its answer, as a document or a function of the request.
        fault: the operation that misbehaves, and how.
        reached: set once the fault is there.
        released: set when a late answer may come.
    """

    port: int
    answers: dict[str, Any] = field(default_factory=dict)
    fault: tuple[str, Fault] | None = None
    asked: list[Asked] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, asked: Asked) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers; a document that is a tuple begins with its own status, and may end with headers."""
        for pattern, found in self.answers.items():
            if re.fullmatch(pattern, asked.operation):
                given = found(asked) if callable(found) else found
                status, document, *headers = given if isinstance(given, tuple) else (200, given)
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                return status, body, headers[0] if headers else {}
        return 404, json.dumps({"__type": "ResourceNotFoundException", "message": asked.operation}).encode(), {}

    def fault_of(self, asked: Asked) -> Fault | None:
        """How the server misbehaves at this request."""
        if self.fault is None:
            return None
        operation, how = self.fault
        if self.reached.is_set():
            return "hangs" if how == "goes silent" else None
        if not re.fullmatch(operation, asked.operation):
            return None
        self.reached.set()
        return "hangs" if how == "goes silent" else how


def operation_of(verb: str, path: str, headers: Any, body: bytes) -> str:
    """What a request asks for: the operation of AWS, or verb and path."""
    if target := headers.get("X-Amz-Target"):
        return str(target.rpartition(".")[2]) + (" latest" if b'"latest"' in body else "")
    if path.startswith("/service/"):
        return path.rpartition("/")[2]
    action = parse_qs(body.decode("utf-8", "replace")).get("Action") if verb == "POST" and path == "/" else None
    assumed = "try " if b'"DryRun": true' in body else ""
    return action[0] if action else f"{assumed}{verb} {path.partition('?')[0]}"


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """The server, for the block."""
    held: list[StandIn] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def reply(self) -> None:
            body = self._body()
            asked = Asked(operation_of(self.command, self.path, self.headers, body), body, time.monotonic())
            held[0].asked.append(asked)
            fault = held[0].fault_of(asked)
            if fault == "hangs":
                held[0].ended.wait()
                self.close_connection = True
                return
            if fault == "answers late":
                held[0].released.wait()
                time.sleep(LATE_S)
            status, document, headers = held[0].answer(asked)
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            # Whitespace in front changes neither JSON nor XML.
            self.send_header("Content-Length", str(len(document) + (10**6 if fault == "dribbles" else 0)))
            self.end_headers()
            while fault == "dribbles" and not held[0].ended.wait(DRIBBLE_S):
                self.wfile.write(b" ")
                self.wfile.flush()
            self.wfile.write(document)
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = reply  # noqa: N815 - the names that the base class looks for

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", "0")))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests clean."""

    with Server(("127.0.0.1", 0), Handler) as server:
        held.append(StandIn(server.server_address[1]))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield held[0]
        finally:
            held[0].released.set()
            held[0].ended.set()
            server.shutdown()
