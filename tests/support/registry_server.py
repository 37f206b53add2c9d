"""Serves a fake registry on loopback, with its faults: connections that break, answers that are slow or wrong."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler

from tests.fakes.oci_registry import Call, FakeRegistry, Fault, Reply
from tests.support.loopback import Server

PART = 64 << 10
DRAINED = 256 << 10
"""Bytes of a body that a server in Go reads before it closes a connection."""


class Dropped(Exception):
    """The connection is to be closed at once."""


class Handler(BaseHTTPRequestHandler):
    """Answers for one registry, which a subclass names."""

    registry: FakeRegistry
    protocol_version = "HTTP/1.1"
    timeout = 10

    def reply(self) -> None:
        call = Call(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
        fault = self.registry.begin(call)
        kind = fault.kind if fault else ""
        try:
            self.send(call, self.reply_to(call, kind, fault), kind)
        except Dropped:
            self.close_connection = True

    def reply_to(self, call: Call, kind: str, fault: Fault | None) -> Reply:
        if kind == "drop before":
            raise Dropped
        if refused := self.registry.require_sign_in(call):
            # Before a large body is read: a client that is still sending it sees a broken connection.
            self.rfile.read(min(DRAINED, int(call.headers.get("content-length", "0"))))
            refused.headers["Connection"] = "close"
            return refused
        body = self.body(call, midway=kind == "drop midway", stores=kind != "answer")
        if fault and kind == "slow":
            time.sleep(fault.seconds)
        if fault and kind == "answer":
            return fault.reply
        reply = self.registry.answer(call, b"" if call.method == "PATCH" else body)
        if kind == "drop after":
            raise Dropped
        if fault and kind == "answer after":
            return fault.reply
        if kind == "wrong digest":
            reply.headers["Docker-Content-Digest"] = f"sha256:{'0' * 64}"
        return reply

    def body(self, call: Call, *, midway: bool, stores: bool) -> bytes:
        left = size = int(call.headers.get("content-length", "0"))
        parts = []
        while left > (size // 2 if midway else 0):
            part = self.rfile.read(min(PART, left))
            if not part:
                raise Dropped
            left -= len(part)
            if stores:
                self.registry.receive(call, part)
            parts.append(part if call.method != "PATCH" else b"")
        if midway:
            raise Dropped
        return b"".join(parts)

    def send(self, call: Call, reply: Reply, kind: str) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if call.method == "HEAD":
            return
        self.wfile.write(reply.body[: len(reply.body) // 2] if kind == "cut" else reply.body)
        if kind == "cut":
            raise Dropped

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = reply  # noqa: N815 - the base class finds these

    def log_message(self, *_: object) -> None:
        """Keep the output of the tests clean."""


@contextmanager
def served(registry: FakeRegistry | None = None) -> Iterator[FakeRegistry]:
    """A registry on loopback for the block."""
    held = registry or FakeRegistry()
    with Server(("127.0.0.1", 0), type("Bound", (Handler,), {"registry": held})) as server:
        held.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield held
        finally:
            with suppress(OSError):
                server.shutdown()
            thread.join()
