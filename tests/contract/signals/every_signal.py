"""`python -m tests.contract.signals.every_signal`: each signal at each stage, whose server has each fault, in minutes.

`make faults` calls it; a part of the cases is run by `test_signals.py`.
"""

import json
import re
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
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
    "HEAD /v2/.*/blobs/.*",
    "POST /v2/.*/blobs/uploads/",
    "PUT /v2/.*/blobs/.*",
    "PUT /v2/.*/manifests/.*",
    "GET /v2/.*/manifests/sha256:.*",
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
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Case = tuple[str, Fault, signal.Signals]
"""A stage, the fault of its server, and the signal."""


def sample() -> list[Case]:
    """Each stage once, with the faults and the signals in turn."""
    return [
        (stage, FAULTS[place % len(FAULTS)], SIGNALS[(place + place // len(FAULTS)) % len(SIGNALS)])
        for place, stage in enumerate(STAGES)
    ]


def what_goes_wrong(cases: Sequence[Case], folder: Path) -> list[str]:
    """What is wrong with the runs of these cases, some of them at once; empty where nothing is."""
    folders = [folder / str(number) for number in range(len(cases))]
    with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
        found = list(pool.map(what_is_wrong, folders, *zip(*cases, strict=True)))
    # Once more, each alone: the seconds of the first time are also those of a machine that has much to do.
    again = [(number, case) for number, case in enumerate(cases) if found[number]]
    wrong = [text for number, case in again if (text := what_is_wrong(folder / f"{number} again", *case))]
    return [*wrong, "the first time:", *filter(None, found)] if wrong else []


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


def main() -> int:
    """Run every case; 1 if something does not hold."""
    cases = list(product(STAGES, FAULTS, SIGNALS))
    with tempfile.TemporaryDirectory() as folder:
        wrong = what_goes_wrong(cases, Path(folder))
    sys.stdout.write("\n".join([*wrong, f"{len(cases)} signals, {'some' if wrong else 'none'} with a wrong end\n"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
