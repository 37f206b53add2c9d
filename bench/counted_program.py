"""`python -m bench.counted_program FILE [erp_build's arguments]`: erp_build, whose requests are counted.

At its end FILE is a JSON object: host -> request -> how often. A request of AWS is the name of its operation, any other
one its method and the kind of its path; a program is one of the host `programs`. What Python's own `http.client` and
`subprocess` send is seen, which is everything: botocore, requests and the cluster's client send with it.
"""

import json
import re
import sys
import threading
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from erp_build.__main__ import program

REQUEST = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE) (\S{1,4096}) HTTP/")
OPERATION = re.compile(rb"(?im)^x-amz-target:[ \t]*\S{0,200}\.(\w{1,100})")
ACTION = re.compile(rb"Action=(\w{1,100})")
"""How AWS names what is asked: in a header, or in an older protocol at the beginning of the body."""

UNNAMED = "POST /"
"""A request of the older protocol, until its body follows."""

PROGRAMS = "programs"

KINDS = (
    (re.compile(r"/v2/.+/(manifests|blobs|tags|referrers)/.*"), r"\1"),
    (re.compile(r"/(?:api|apis/[^/]+)/v\d\w*/(?:namespaces/[^/]+/)?([a-z]+).*"), r"\1"),
    (re.compile(r"/2015-03-31/functions/[^/]+(/[a-z]+)?.*"), r"functions\1"),
)
"""What a path is about: of the registry, of the cluster, of Lambda; any other one is its first part."""


class Requests:
    """What was sent, by host."""

    def __init__(self) -> None:
        self.by_host: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._mutex = threading.Lock()

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook of Python; https://docs.python.org/3/library/audit_events.html."""
        if event == "http.client.send":
            connection, data = arguments
            self.sent(f"{connection.host}:{connection.port}", data)
        elif event in ("subprocess.Popen", "os.posix_spawn"):
            self._count(PROGRAMS, Path(str(arguments[0])).name)

    def sent(self, host: str, data: object) -> None:
        """Bytes that are sent to a host: counted where they are the beginning of a request."""
        if not isinstance(data, bytes):
            return
        if found := REQUEST.match(data):
            operation = OPERATION.search(data)
            self._count(host, operation[1].decode() if operation else _kind(found[1].decode(), found[2].decode()))
        elif action := ACTION.match(data):
            self._count(host, action[1].decode(), instead_of=UNNAMED)

    def _count(self, host: str, name: str, instead_of: str = "") -> None:
        with self._mutex:
            counted = self.by_host[host]
            counted[name] += 1
            if counted[instead_of]:
                counted[instead_of] -= 1


def _kind(method: str, path: str) -> str:
    path = path.partition("?")[0]
    for pattern, kind in KINDS:
        if found := pattern.fullmatch(path):
            return f"{method} {found.expand(kind)}"
    return f"{method} /{path.strip('/').partition('/')[0]}"


def main() -> int:
    """Run erp_build with the arguments behind the file, and write what it sent."""
    file = Path(sys.argv.pop(1))
    requests = Requests()
    sys.addaudithook(requests.hear)
    try:
        return program()
    finally:
        shown = {host: dict(sorted((+counted).items())) for host, counted in sorted(requests.by_host.items())}
        file.write_text(json.dumps(shown, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
