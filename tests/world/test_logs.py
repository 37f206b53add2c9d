"""`logs` of the sample's release: what its pods really print, with `--since` and `--follow`."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from sandbox import erp_build_process
from sandbox.paths import ROOT
from tests.world.conftest import Erp

pytestmark = pytest.mark.world

SERVICE = "approval-request-service"


def test_the_pods_of_the_release_print_in_order_of_time(erp: Erp) -> None:
    done = erp.call("logs", "--since", "1d", "--json")
    assert done.code == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    on_time = [one["at"] for one in events if not one["late"]]
    assert on_time == sorted(on_time)
    assert SERVICE in {one["target"] for one in events}
    assert {one["unit"] for one in events if one["target"] == SERVICE} != {None}
    assert not [line for line in done.stderr.splitlines() if "403" in line]


def test_since_and_a_target_leave_out_the_rest(erp: Erp) -> None:
    everything = erp.call("logs", SERVICE, "--since", "1d", "--json").stdout.splitlines()
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    done = erp.call("logs", SERVICE, "--since", moment, "--json")
    assert done.code == 0, done.stderr
    assert len(done.stdout.splitlines()) < len(everything)
    assert {json.loads(line)["target"] for line in everything} == {SERVICE}
    assert erp.call("logs", "approval-reqest-service").code == 2


def test_following_shows_what_is_there_and_ends_by_a_signal_at_once(erp: Erp) -> None:
    words = ("logs", "--repo", str(erp.repository), SERVICE, "--since", "1d", "--follow")
    env = erp_build_process.environment(role_of=erp.tenant)
    with subprocess.Popen(
        [sys.executable, "-m", "erp_build", *words], cwd=ROOT, env=env, stdout=subprocess.PIPE, encoding="utf-8"
    ) as child:
        assert child.stdout
        line = child.stdout.readline()
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read()
        assert child.wait(10) == 130
        assert time.monotonic() - began < 5
    assert SERVICE in line
    erp_build_process.SAID.extend((line, rest))
