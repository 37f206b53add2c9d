"""The checks of a bake: an address that must answer, a program that must end well."""

import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from erp_build.clients.watching.health import LiveHealth
from erp_build.model.releases.bake import TargetHealth


class NoGroups:
    def targets(self, group: str) -> tuple[TargetHealth, ...]:
        return (TargetHealth(group, "healthy"),)


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def health(tmp_path: Path) -> LiveHealth:
    return LiveHealth(NoGroups(), tmp_path)


@pytest.mark.parametrize(("path", "wrong"), [("200", ""), ("204", ""), ("302", "status 302"), ("503", "status 503")])
def test_an_address_answers_with_2xx(health: LiveHealth, address: str, path: str, wrong: str) -> None:
    assert health.http(f"{address}/{path}") == wrong


def test_an_address_without_an_answer_is_wrong(health: LiveHealth) -> None:
    assert health.http("http://127.0.0.1:1/").startswith("no answer: ")


def test_a_program_ends_with_0_at_the_root(health: LiveHealth, tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    assert health.command((sys.executable, "-c", "open('here')")) == ""
    wrong = health.command((sys.executable, "-c", "print('3 orders are lost'); raise SystemExit(4)"))
    assert wrong == "exit code 4\n3 orders are lost"


def test_a_program_gets_no_credentials(health: LiveHealth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden-away")
    assert health.command((sys.executable, "-c", "import os; assert 'AWS_SECRET_ACCESS_KEY' not in os.environ")) == ""


def test_a_program_that_is_not_there_is_wrong(health: LiveHealth) -> None:
    assert health.command(("no-such-program",)) == "no-such-program cannot be started: No such file or directory"


def test_all_of_a_bake_is_watched_and_targets_are_those_of_the_load_balancer(health: LiveHealth) -> None:
    assert health.watched(600.0) == 600.0
    assert health.targets("arn") == (TargetHealth("arn", "healthy"),)
