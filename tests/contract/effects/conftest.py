"""A Docker engine's API on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.loopback import Loopback, loopback

VERSION = "1.41"
DIGEST = "sha256:" + "1" * 64
BUILT = [{"stream": "Step 1/1 : FROM scratch\n"}, {"aux": {"ID": "sha256:" + "9" * 64}}]
INSPECTED = {"Id": "sha256:" + "9" * 64, "Size": 60_000_000, "Os": "linux", "Architecture": "amd64"}
PUSHED = [{"status": "The push refers to repository [host/erp/a]"}, {"aux": {"Tag": "abc1234", "Digest": DIGEST}}]


def events(*lines: object) -> list[bytes]:
    """A stream of events as an engine sends it."""
    return [json.dumps(line).encode() + b"\r\n" for line in lines]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """The engine, which builds and pushes whatever it is given."""
    with loopback() as served:
        served.serve("/version", {"ApiVersion": VERSION, "Version": "20.10.24"})
        served.serve("/_ping", b"OK")
        served.serve(f"/v{VERSION}/_ping", b"OK")
        served.serve(f"/v{VERSION}/build", events(*BUILT))
        served.serve(f"/v{VERSION}/images/host/erp/a:abc1234/json", INSPECTED)
        served.serve(f"/v{VERSION}/images/host/erp/a/push", events(*PUSHED))
        monkeypatch.setenv("DOCKER_HOST", served.address.replace("http:", "tcp:"))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield served
