"""An HTTP server in this process, on loopback: it serves documents by their paths and keeps what it was asked."""

import json
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

ANY = "*"
"""The path of what is served where nothing else is."""

CUT = b""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its path with what follows it, its headers by their small names, its verb and body."""

    path: str
    headers: Mapping[str, str]
    verb: str
    body: bytes


class Loopback:
    """Path -> status and document; `asked` holds the requests in their order.

    A list of bytes is served as a stream of chunks; `CUT` in it ends the connection. `headers` go with every answer.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.served: dict[str, tuple[int, Any]] = {}
        self.headers: dict[str, str] = {}
        self.asked: list[Asked] = []
        self._next: dict[str, list[Any]] = {}

    def serve(self, path: str, document: Any, status: int = 200) -> None:
        """Serve a document from now on."""
        self.served[path] = (status, document)

    def serve_next(self, path: str, *documents: Any) -> None:
        """Serve each of these once, before what is served from then on."""
        self._next[path] = [*documents]

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """What is served to a request."""
        self.asked.append(asked)
        missing = (404, {"message": "nothing here"})
        path = asked.path.partition("?")[0]
        if waiting := self._next.get(path):
            return 200, waiting.pop(0)
        return self.served.get(path, self.served.get(ANY, missing))


Served = TypeVar("Served", bound=Loopback)


class Server(ThreadingHTTPServer):
    """A server to which a caller that hangs up is no event."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that does not trust the certificate leaves in the middle of the handshake."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@contextmanager
def loopback(certificate: Path | None = None) -> Iterator[Loopback]:
    """A server for the block; with a certificate and its key in one file, it speaks TLS."""
    with serving(Loopback, certificate) as served:
        yield served


@contextmanager
def serving(kind: Callable[[str], Served], certificate: Path | None = None) -> Iterator[Served]:
    """A server of another kind, which `kind` makes of its address."""
    held: list[Served] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def reply(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            read = self.rfile.read(int(headers.get("content-length", "0")))
            status, document = held[0].answer(Asked(self.path, headers, self.command, read))
            self.send_response(status)
            for name, value in held[0].headers.items():
                self.send_header(name, value)
            if isinstance(document, list):
                self.stream(document)
                return
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def stream(self, chunks: list[bytes]) -> None:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for chunk in chunks:
                if chunk == CUT:
                    self.close_connection = True
                    return
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.write(b"0\r\n\r\n")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = reply  # noqa: N815 - the names by which the base class finds them

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests clean."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake is made by the thread of the request, so that a caller who leaves does not end the server.
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https" if certificate else "http"
        held.append(kind(f"{scheme}://127.0.0.1:{server.server_address[1]}"))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield held[0]
        finally:
            server.shutdown()
            thread.join()
