"""A real browser that shows a page, and what it asks of the network meanwhile."""

import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HOST = "http://report.invalid"
ADDRESS = f"{HOST}/report.html"
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps"),
    *("--disable-features=OptimizationHints,MediaRouter,Translate,NetworkTimeServiceQuerying",),
    "--proxy-bypass-list=<-loopback>",
)
OWN = ("clients2.google.com", "update.googleapis.com", "accounts.google.com")
"""Whom the browser itself asks at each start, whatever it shows; the proxy lets nothing of it through."""

MEASURE = """<!DOCTYPE html>
<iframe src="/report.html" width="{width}" height="900" style="border: 0"></iframe><pre id="measured"></pre>
<script>
  document.querySelector("iframe").onload = (event) => {{
    const page = event.target.contentDocument;
    const wide = [...page.querySelectorAll("body *")].filter(
      (one) => one.getBoundingClientRect().right > {width} + 0.5 && !one.closest("pre"));
    document.getElementById("measured").textContent = JSON.stringify({{
      width: event.target.contentWindow.innerWidth, content: page.documentElement.scrollWidth,
      wide: wide.map((one) => one.outerHTML.slice(0, 120)) }});
  }};
</script>
"""
"""A frame as wide as a phone, because a window cannot be; the page in it is as it is, with its own policy."""


@dataclass
class Web:
    """All there is of the network: the report, a frame for it, and what was asked for beside the browser's own."""

    page: str
    frame: str = ""
    asked: list[str] = field(default_factory=list)
    port: int = 0


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, web: Web, *arguments: Any) -> None:
        self._web = web
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Give the page, or the frame around it, to whoever asks for its address."""
        self._note(self.path)
        found = {ADDRESS: self._web.page, f"{HOST}/frame.html": self._web.frame}.get(self.path, "").encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    def do_POST(self) -> None:
        """Nobody takes anything."""
        self._note(self.path)
        self.send_error(403)

    def do_CONNECT(self) -> None:
        """Somebody wants an encrypted connection to somewhere."""
        self._note(f"https://{self.path}")
        self.send_error(403)

    def _note(self, address: str) -> None:
        host = address.partition("://")[2].partition("/")[0].partition(":")[0]
        if host not in OWN:
            self._web.asked.append(address)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Keep the terminal quiet."""


@contextmanager
def serving(page: str) -> Iterator[Web]:
    """The page behind a proxy that counts."""
    web = Web(page)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, web))
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def screenshot(web: Web, path: Path, width: int, height: int = 3000, *, dark: bool = False) -> tuple[int, int]:
    """A picture of the page in a window of this size; returns the picture's width and height."""
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    _browse(web, f"--window-size={width},{height}", f"--screenshot={path}", *scheme)
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def measure(page: str, width: int) -> dict[str, Any]:
    """How wide the window and the content are, and which elements stick out of the window."""
    with serving(page) as web:
        web.frame = MEASURE.format(width=width)
        dom = _browse(web, "--window-size=1600,1000", "--dump-dom", address=f"{HOST}/frame.html")
    found = re.search(r'<pre id="measured">(.+?)</pre>', dom, re.DOTALL)
    assert found, dom[:500]
    return dict(json.loads(unescape(found[1])))


def shown(web: Web) -> str:
    """The page as the browser has read it."""
    return _browse(web, "--dump-dom")


def _browse(web: Web, *words: str, address: str = ADDRESS) -> str:
    program = shutil.which("chromium")
    assert program, "there is no chromium: run `python -m sandbox up`"
    with tempfile.TemporaryDirectory() as profile:
        command = [
            program,
            *QUIET,
            f"--user-data-dir={profile}",
            f"--proxy-server=127.0.0.1:{web.port}",
            *words,
            address,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
