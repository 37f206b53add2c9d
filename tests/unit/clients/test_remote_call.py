"""A remote of Git that does not answer, or dribbles, is given up; so is one that SSH cannot reach any more."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from erp_build.clients.clock import SystemClock
from erp_build.clients.effects import EditRequest
from erp_build.clients.git.command import network_environment
from erp_build.clients.git.remote import call as remote_call
from erp_build.clients.git.remote.branch import RemoteBranch
from erp_build.clients.git.remote.call import ask_remote
from erp_build.clients.git.repository import GitRepository
from erp_build.errors import PushFailed
from tests.contract.signals.stand_in import Fault, stand_in
from tests.support.git import Checkout

UNKNOWN = "0" * 39 + "1"
PROGRAM = """\
#!{python} -IS
import json, os, sys
if "config" in sys.argv:
    sys.stdout.write({ssh!r})
else:
    json.dump(dict(os.environ), open({file!r}, "w"))
"""


@pytest.mark.parametrize("fault", ["hangs", "dribbles"])
def test_a_fetch_that_gets_nowhere_ends_and_its_commit_is_in_doubt(
    erp: Checkout, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_call, "REMOTE_CALL_S", 1.0)
    with stand_in() as server:
        server.fault = ("GET /git/info/refs", fault)
        erp.git("remote", "add", "origin", f"{server.address}/git")
        start = time.monotonic()
        assert not GitRepository(erp.root).has_commit(UNKNOWN)
        assert server.reached.is_set()
        assert time.monotonic() - start < 8


def test_a_push_that_gets_nowhere_ends(erp: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_call, "REMOTE_CALL_S", 1.0)
    request = EditRequest(branch="main", path="README.md", change=lambda old: old + b"new\n", message="tags")
    with stand_in() as server:
        server.fault = ("GET /git/info/refs", "hangs")
        erp.git("remote", "add", "origin", f"{server.address}/git")
        with pytest.raises(PushFailed, match="the tags cannot be written back"):
            RemoteBranch(erp.root, SystemClock()).edit(request)


@pytest.mark.parametrize("chosen", ["", "ssh -i key"])
def test_git_gets_limits_for_its_transports_unless_somebody_chose_another_ssh(
    tmp_path: Path, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, program = tmp_path / "seen", tmp_path / "git"
    program.write_text(PROGRAM.format(python=sys.executable, ssh=chosen, file=str(seen)), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    ask_remote(str(tmp_path), network_environment({"GIT_HTTP_LOW_SPEED_TIME": "7"}), "fetch")
    environment = json.loads(seen.read_text(encoding="utf-8"))
    assert environment["GIT_HTTP_LOW_SPEED_LIMIT"] == "1000"
    assert environment["GIT_HTTP_LOW_SPEED_TIME"] == "7"
    assert ("ServerAliveInterval=15" in environment.get("GIT_SSH_COMMAND", "")) == (not chosen)
