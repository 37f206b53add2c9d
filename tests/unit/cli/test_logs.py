"""`logs`: what a line shows, what is masked, and when it ends."""

import base64
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from erp_build.cli.console import Console
from erp_build.cli.verbs import logs
from erp_build.clients.site import Site
from erp_build.errors import ConfigurationError
from erp_build.formats.logs.moments import NANOSECONDS, nanoseconds_of, shown_moment
from erp_build.model.project import Project
from tests.fakes.world import FUNCTION, FakeWorld
from tests.support import following
from tests.support.samples import NOTIFICATION, REQUEST

KEY = "\n".join(("-----BEGIN RSA PRIVATE KEY-----", *(f"MIIEpAIBAAKCAQEA{number:04d}" for number in range(20)),
                 "-----END RSA PRIVATE KEY-----"))  # fmt: skip
SECRETS = {
    "hunter2-of-the-query": "GET /login?password=hunter2-of-the-query",
    "hunter2-of-the-address": "open postgresql://erp:hunter2-of-the-address@db:5432/erp",
    "hunter2-of-the-driver": "dsn erp:hunter2-of-the-driver@db.internal:3306",
    "AKIAIOSFODNN7EXAMPLE": "signed by AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE": "session of ASIAIOSFODNN7EXAMPLE",
    "c2lnbmVkLWhlcmU": "Authorization: Bearer c2lnbmVkLWhlcmU.dG9rZW4",
    "ZXJwOmh1bnRlcjIxMjM0": "Authorization: Basic ZXJwOmh1bnRlcjIxMjM0",
    "eyJzdWIiOiIxIn0": "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "0a1b2c3d4e5f6071": "GET /?X-Amz-Signature=0a1b2c3d4e5f6071",
    "MIIEpAIBAAKCAQEA": KEY,
    "hunter2-of-the-function": "connected with hunter2-of-the-function",
    "hunter2-of-the-values": "tried hunter2-of-the-values",
}
"""What must not be shown -> a text that holds it."""


class WorldConsole(Console):
    """A console whose site is a world in memory."""

    def __init__(self, world: FakeWorld, options: logs.Options, stdout: io.TextIOBase) -> None:
        super().__init__(options, world.secrets, stdout, io.StringIO())  # type: ignore[arg-type]
        self._world = world

    @property
    def clock(self) -> Any:
        return self._world.clock

    def release_or_function(self, name: str | None) -> Project:
        assert name is None
        return self._world.project

    @contextmanager
    def site(self, project: Project) -> Iterator[Site]:
        assert project is self._world.project
        yield self._world.site()


class Printing:
    """A world whose pods and function print."""

    def __init__(self, world: FakeWorld) -> None:
        world.clock.sleep(3600)
        self.world = world
        self.world.log_groups.groups[f"/aws/lambda/{FUNCTION}"] = []
        self.now = nanoseconds_of(world.clock.now())

    def prints(self, seconds_ago: float, *texts: str, name: str = REQUEST) -> None:
        pod = f"{name}-{self.world.cluster.deployments[name].generation}-0"
        self.world.cluster.printed.add(pod, name, self.at(seconds_ago), *texts)

    def at(self, seconds_ago: float) -> int:
        return self.now - int(seconds_ago * NANOSECONDS)

    def shown(self, **options: Any) -> list[str]:
        """What the verb prints."""
        given = logs.Options()
        for name, value in options.items():
            setattr(given, name, value)
        out = io.StringIO()
        logs.main(given, WorldConsole(self.world, given, out))
        return out.getvalue().splitlines()


@pytest.fixture
def printing(world: FakeWorld) -> Printing:
    return Printing(world)


def test_a_line_has_its_time_who_printed_it_and_what(printing: Printing) -> None:
    printing.prints(5, "결재가 저장되었습니다")
    printing.world.log_groups.add(f"/aws/lambda/{FUNCTION}", "2026/01/01/[7]0123456789abcdef", printing.at(4), "called")
    pod = f"{REQUEST}-{printing.world.cluster.deployments[REQUEST].generation}-0"
    assert printing.shown() == [
        f"{shown_moment(printing.at(5))}    {pod} | 결재가 저장되었습니다",
        f"{shown_moment(printing.at(4))}    employee-service 89abcdef | called",
    ]


def test_the_lines_of_an_error_stand_below_it(printing: Printing) -> None:
    printing.prints(5, "17:44:01 ERROR c.e.A - no", "\tat A.java:3")
    _, below = printing.shown()
    assert below.endswith("    | \tat A.java:3")


def test_a_new_pod_and_a_late_line_are_marked(printing: Printing) -> None:
    pod = f"{REQUEST}-{printing.world.cluster.deployments[REQUEST].generation}-0"
    printing.world.cluster.created[pod] = shown_moment(printing.at(30))
    printing.prints(5, "begun")
    (line,) = printing.shown()
    assert f" +  {pod} | begun" in line


def test_only_what_is_asked_for_is_shown(printing: Printing) -> None:
    printing.prints(700, "long ago")
    printing.prints(5, "17:44:01 INFO c.e.A - fine")
    printing.prints(4, "17:44:01 ERROR c.e.A - no", name=NOTIFICATION)
    assert len(printing.shown()) == 2
    assert len(printing.shown(since="1h")) == 3
    assert [line.partition(" | ")[2] for line in printing.shown(errors=True)] == ["17:44:01 ERROR c.e.A - no"]
    assert [line.partition(" | ")[2] for line in printing.shown(names=[REQUEST])] == ["17:44:01 INFO c.e.A - fine"]


def test_a_program_reads_an_event_a_line(printing: Printing) -> None:
    printing.prints(5, "ERROR no", "\tat A.java:3")
    (line,) = printing.shown(json=True)
    assert json.loads(line) == {
        "at": shown_moment(printing.at(5)),
        "target": REQUEST,
        "unit": f"{REQUEST}-{printing.world.cluster.deployments[REQUEST].generation}-0",
        "container": REQUEST,
        "new": False,
        "late": False,
        "error": True,
        "text": "ERROR no\n\tat A.java:3",
    }


SIGNING_KEY = 'k7/+"비밀" key&<3>'
WRITTEN = {
    "plain": SIGNING_KEY,
    "base64": base64.b64encode(SIGNING_KEY.encode()).decode(),
    "base64 of more": base64.b64encode(f"user:{SIGNING_KEY}:end".encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(SIGNING_KEY.encode()).decode(),
    "address": quote(SIGNING_KEY, safe=""),
    "form": quote_plus(SIGNING_KEY),
    "JSON": json.dumps({"said": SIGNING_KEY}),
    "JSON with letters": json.dumps({"said": SIGNING_KEY}, ensure_ascii=False),
    "JSON in JSON": json.dumps({"log": json.dumps({"said": SIGNING_KEY})}),
    "hex": SIGNING_KEY.encode().hex(),
}
"""How a program writes a secret -> the text."""


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("where", ["variable", "values file", "values that run", "container", "ConfigMap"])
def test_a_secret_is_masked_however_it_is_written(printing: Printing, where: str, as_json: bool) -> None:  # noqa: FBT001
    world = printing.world
    if where == "variable":
        world.secrets.add_named("SIGNING_TOKEN", SIGNING_KEY)
    elif where == "values file":
        world.values.write_text(f"{world.values.read_text()}signingToken: {json.dumps(SIGNING_KEY)}\n")
    elif where == "values that run":
        world.helm.gives = {"auth": {"signingToken": SIGNING_KEY}}
    elif where == "container":
        container = {"name": "app", "env": [{"name": "SIGNING_TOKEN", "value": SIGNING_KEY}]}
        about = {"kind": "Deployment", "metadata": {"name": "web"}}
        world.helm.around = ({**about, "spec": {"template": {"spec": {"containers": [container]}}}},)
    else:
        settings = {"kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"signing.token": SIGNING_KEY}}
        world.helm.around = (settings,)
    for number, (name, text) in enumerate(WRITTEN.items()):
        printing.prints(90 - number, f"{name} of it: {text}")
    lines = printing.shown(json=as_json)
    assert len(lines) == len(WRITTEN)
    assert [line for line in lines if "***" not in line] == []
    assert [name for name, text in WRITTEN.items() if any(text in line for line in lines)] == []


@pytest.mark.parametrize("as_json", [False, True])
def test_no_secret_is_shown(printing: Printing, as_json: bool) -> None:  # noqa: FBT001 - a case
    printing.world.secrets.add_named("DB_PASSWORD", "hunter2-of-the-function")
    values = printing.world.values
    values.write_text(f"{values.read_text()}dbPassword: hunter2-of-the-values\n")
    for number, text in enumerate(SECRETS.values()):
        printing.prints(90 - number, *text.split("\n"))
    shown = "\n".join(printing.shown(json=as_json))
    assert [secret for secret in SECRETS if secret in shown] == []
    assert [line for line in SECRETS.values() if line.split("\n")[0] in shown] == []


def test_what_moves_the_cursor_does_not_reach_a_terminal(printing: Printing) -> None:
    printing.prints(5, "a\x1b]0;title\x07\rb\u202e")
    (line,) = printing.shown()
    assert line.isprintable()


def test_following_ends_where_its_reader_has_seen_enough(printing: Printing) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(text)

        def fileno(self) -> int:
            return os.open(os.devnull, os.O_WRONLY)

    printing.prints(5, "first")
    given = logs.Options()
    given.follow = True
    logs.main(given, WorldConsole(printing.world, given, Gone()))


def test_following_ends_when_its_reader_is_gone_although_nothing_more_is_printed() -> None:
    words = [sys.executable, "-m", following.__name__]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), following.SILENT: "yes"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path.cwd()) as child:
        assert child.stdout
        for _ in range(2):  # of each of the two pods
            assert child.stdout.readline().endswith("| begun\n")
        child.stdout.close()
        assert child.wait(timeout=20) == 0


@pytest.mark.parametrize("since", ["soon", "", "2099-01-01", "0m"])
def test_a_time_that_is_none_is_told(printing: Printing, since: str) -> None:
    with pytest.raises(ConfigurationError, match="no time that has passed") as caught:
        printing.shown(since=since)
    assert "1h30m" in caught.value.next_step


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_following_at_once(number: signal.Signals, code: int) -> None:
    words = [sys.executable, "-m", following.__name__]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path.cwd()) as child:
        assert child.stdout
        assert child.stdout.readline().endswith("| begun\n")
        began = time.monotonic()
        child.send_signal(number)
        assert child.wait(timeout=20) == code
        assert time.monotonic() - began < 5


def test_values_that_cannot_be_read_are_said(printing: Printing) -> None:
    printing.world.values.unlink()
    printing.prints(5, "begun")
    assert len(printing.shown()) == 1
    assert [line for line in printing.world.progress.lines if line.startswith("warning: the values files are not read")]
