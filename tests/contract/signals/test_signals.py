"""A signal at any stage: the run ends within five seconds, with its code and its report, and begins nothing more."""

import json
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.contract.signals.conftest import Scene
from tests.contract.signals.stand_in import Fault, stand_in

LIMIT_S = 5.0
"""Seconds from the signal to the end of the process."""

REACH_S = 90.0
"""Seconds in which a run gets to the fault, on a machine that has much to do."""

UNDER_WAY_S = 0.3
"""Seconds after a signal in which a request may still arrive that was sent before it."""

RUNS_AT_ONCE = 4

LEASE = r"(GET|PUT|POST) /apis/coordination.*"
ENGINE = r"(GET|HEAD) .*/(version|_ping)|(GET|DELETE) /v[0-9.]+/(images|containers)/.*"
LOOK = r"GET /apis/apps/.*|GET /api/v1/namespaces/.*|GET /2015-03-31/functions/b"
WAY_OUT = re.compile(f"{LEASE}|Publish|{ENGINE}|{LOOK}")
"""What may begin after a signal: the lock is freed, people are told what runs now, the engine is cleaned up."""


STAGES = (
    "GetCallerIdentity",
    "GetParameters",
    "GET /clusters/erp-dev",
    "GET /apis/apps/.*/deployments",
    "GET /helm/history",
    "GET /2015-03-31/functions/b",
    "GET /git/info/refs",
    "GetAuthorizationToken",
    "GET /v2/.*/blobs/.*",
    "POST /apis/coordination.*",
    "POST /apis/authorization.*",
    "GET /helm/dry-run",
    "(GET|HEAD) .*/_ping",
    "GET /maven",
    "POST .*/build",
    "POST .*/push",
    "PutImage",
    "DescribeImageScanFindings",
    "PUT /2015-03-31/functions/b/code",
    "GET /helm/upgrade",
    "GET /api/v1/namespaces/erp-dev/pods",
    "PutImage latest",
    "DescribeAlarms",
    "Publish",
)
"""A place in a run each: the operation that is reached there."""

FAULTS: tuple[Fault, ...] = ("hangs", "dribbles", "answers late", "goes silent")
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def test_a_signal_at_any_stage_ends_the_run_in_time_with_its_report_and_nothing_begins_after_it(tmp_path: Path) -> None:
    cases = [
        # Each stage meets each signal and two faults, in turn.
        (stage, FAULTS[(place + 2 * turn) % len(FAULTS)], SIGNALS[(place + turn) % 2])
        for turn in range(2)
        for place, stage in enumerate(STAGES)
    ]
    folders = [tmp_path / str(number) for number in range(len(cases))]
    with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
        found = list(pool.map(what_is_wrong, folders, *zip(*cases, strict=True)))
    # Once more, each alone: the seconds of the first time are also those of a machine that has much to do.
    again = [(number, case) for number, case in enumerate(cases) if found[number]]
    wrong = [text for number, case in again if (text := what_is_wrong(tmp_path / f"{number} again", *case))]
    assert not wrong, "\n".join((*wrong, "the first time:", *filter(None, found)))


def what_is_wrong(folder: Path, stage: str, fault: Fault, number: signal.Signals) -> str:
    """What is wrong with a run that gets a signal at a stage whose server misbehaves; empty where nothing is."""
    folder.mkdir()
    with stand_in() as server:
        server.fault = (stage, fault)
        scene = Scene(folder, server)
        if "/git/" in stage:
            scene.checkout.git("remote", "set-url", "origin", f"{server.address}/git")
        with scene.run() as program:
            if not server.reached.wait(REACH_S):
                program.kill()
                return f"{stage} was not reached\n{program.communicate()[1]}"
            program.send_signal(number)
            sent = time.monotonic()
            server.released.set()
            _, said = program.communicate(timeout=10 * LIMIT_S)
            seconds = time.monotonic() - sent
        began = {one.operation for one in server.asked if one.at > sent + UNDER_WAY_S}
        report = json.loads(scene.report.read_text(encoding="utf-8")) if scene.report.exists() else {}
    found = {
        f"it ended after {seconds:.1f} s": seconds > LIMIT_S,
        f"its code is {program.returncode}": program.returncode != 128 + number,
        "it does not say what ended it": f"erp_build: ended by {number.name}" not in said,
        f"its report says {report.get('exit_code')}": report.get("exit_code") != 128 + number,
        f"it began {began}": any(not WAY_OUT.fullmatch(one) for one in began),
        f"it failed:\n{said}": "Traceback" in said,
    }
    wrong = [what for what, is_so in found.items() if is_so]
    return "\n".join((f"{stage} {fault}, {number.name}:", *wrong)) if wrong else ""


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
