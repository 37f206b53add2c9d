"""A signal at any stage: the run ends within five seconds, with its code and its report, and begins nothing more."""

import json
import re
import signal
import time
from pathlib import Path

from tests.contract.signals.conftest import Scene
from tests.contract.signals.every_signal import FAULTS, LEASE, LIMIT_S, REACH_S, SIGNALS, sample, what_goes_wrong
from tests.contract.signals.stand_in import stand_in


def test_a_signal_at_any_stage_ends_the_run_in_time_with_its_report_and_nothing_begins_after_it(tmp_path: Path) -> None:
    cases = sample()
    assert {case[1:] for case in cases} == {(fault, number) for fault in FAULTS for number in SIGNALS}
    wrong = what_goes_wrong(cases, tmp_path)
    assert not wrong, "\n".join(wrong)


def test_a_heartbeat_that_hangs_keeps_no_run_from_its_end(tmp_path: Path) -> None:
    with stand_in() as server:
        server.fault = ("GET /maven", "goes silent")
        with Scene(tmp_path, server).run() as program:
            assert server.reached.wait(REACH_S)
            heartbeats = [one for one in server.asked if re.fullmatch(LEASE, one.operation)]
            end = time.monotonic() + REACH_S
            while [one for one in server.asked if re.fullmatch(LEASE, one.operation)] == heartbeats:
                assert time.monotonic() < end, "no heartbeat"
                time.sleep(0.05)
            program.send_signal(signal.SIGTERM)
            _, said = program.communicate(timeout=2 * LIMIT_S)
    assert program.returncode == 128 + signal.SIGTERM
    assert "erp_build: ended by SIGTERM" in said
    assert "Traceback" not in said


def test_a_run_whose_time_is_over_ends_what_it_waits_for_and_frees_the_lock(tmp_path: Path) -> None:
    with stand_in() as server:
        server.fault = ("GET /maven", "hangs")
        scene = Scene(tmp_path, server)
        with scene.run("--timeout", "8s") as program:
            _, said = program.communicate(timeout=REACH_S)
    assert program.returncode == 9, said
    assert "erp_build: the time of the run is over: 0:00:08" in said
    assert json.loads(scene.report.read_text(encoding="utf-8"))["exit_code"] == 9
    leases = [json.loads(one.body)["spec"] for one in server.asked if one.operation.startswith("PUT /apis/coord")]
    assert leases[-1]["holderIdentity"] == ""


def test_without_a_fault_the_run_deploys(tmp_path: Path) -> None:
    with stand_in() as server, Scene(tmp_path, server).run() as program:
        out, said = program.communicate(timeout=REACH_S)
    assert program.returncode == 0, said
    assert "Outcome: deployed" in out
