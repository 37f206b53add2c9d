"""`make test`: the fast tests first, then those of the sandbox, with the time of each; a skipped test is a failure."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from heapq import nlargest
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree as ET

from sandbox.machine import inventory

HERE = Path(__file__).resolve().parent
FAST = ("unit", "docs", "infra", "contract")
"""Groups that need no sandbox. They are played together: while one of their tests waits, another one computes."""

WORKERS = str((os.cpu_count() or 1) + 1)
"""Processes that play them. One more than there are processors, because some tests wait for a time to pass."""

SLOWEST = 10
"""Tests that are named at the end, whatever they did."""

LAST = "test_down.py"
LANES = (
    ("test_bake", "test_migration", "test_release", "test_saved_plan", "test_two_runs"),
    (
        "test_as_is",
        "test_build",
        "test_direct",
        "test_fan_out",
        "test_drift_charts",
        "test_private_inputs",
        "test_reactor",
        "test_report_page",
        "test_second_demo",
        "test_template",
        "test_units",
        "test_values",
    ),
)
"""How files of the world begin that are played in lanes of their own, beside all others.

The one of all others plays the demo first. The first of these deploys an ERP with two contents of each half, and its
tests have most of the rollouts. The last one needs no ERP that is shared. They are thirds of a length.
"""


@dataclass(frozen=True)
class Outcome:
    """How a group ended.

    Attributes:
        group: its name.
        code: pytest's.
        seconds: of the whole group.
        took: of each test its seconds, with what was set up for it first, and its name.
        failed: the names of tests, each with the first line of what failed.
        skipped: the names of tests.
    """

    group: str
    code: int
    seconds: float
    took: tuple[tuple[float, str], ...]
    failed: tuple[str, ...]
    skipped: tuple[str, ...]


def main() -> int:
    """Run everything, whatever came out before, and sum up."""
    outcomes = [run("fast", [HERE / group for group in FAST], "--quiet", "-n", WORKERS, "--dist", "worksteal")]
    outcomes += world()
    skipped = [name for outcome in outcomes for name in outcome.skipped]
    print()
    for outcome in outcomes:
        # pytest may end with an error although each test passed, such as for a socket that nobody has closed.
        odd = f", pytest ended with {outcome.code}" if outcome.code and not outcome.failed else ""
        count = f"{len(outcome.took)} tests, {len(outcome.failed)} failed"
        print(f"{outcome.group:<10} {outcome.seconds:7.1f} s  {count}{odd}")
    for seconds, name in nlargest(SLOWEST, chain.from_iterable(outcome.took for outcome in outcomes)):
        print(f"slow: {seconds:9.1f} s  {name}")
    for name in skipped:
        print(f"skipped, which counts as a failure: {name}")
    failed = [name for outcome in outcomes for name in outcome.failed]
    for name in failed:
        print(f"failed: {name}")
    passed = sum(len(outcome.took) for outcome in outcomes) - len(failed) - len(skipped)
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if skipped or any(outcome.code for outcome in outcomes) else 0


def world() -> list[Outcome]:
    """The tests of the sandbox: three lanes at once, and at the end the one that takes it down."""
    sandbox("down")
    sandbox("install")  # what it installs is there before and afterwards
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before.json"
        before.write_text(inventory.take().as_json(), encoding="utf-8")
        sandbox("up")
        files = sorted((HERE / "world").glob("test_*.py"))
        lanes = [[file for file in files if not file.name.startswith((*chain.from_iterable(LANES), LAST))]]
        lanes += [[file for file in files if file.name.startswith(lane)] for lane in LANES]
        known = {"ERP_BUILD_SANDBOX_BEFORE": str(before)}

        def play(lane: int) -> Outcome:
            return run(f"world {lane}", lanes[lane], "--verbose", env={**known, "ERP_BUILD_SANDBOX_LANE": str(lane)})

        with ThreadPoolExecutor() as both:
            outcomes = list(both.map(play, range(len(lanes))))
        return [*outcomes, run("world end", [HERE / "world" / LAST], env=known)]


def sandbox(verb: str) -> None:
    """Call a verb of the sandbox, by a program of its own whose processes are not ours."""
    subprocess.run([sys.executable, "-m", "sandbox", verb], cwd=HERE.parent, check=True)


def run(group: str, paths: Sequence[Path], *words: str, env: Mapping[str, str] | None = None) -> Outcome:
    """Run one group in a pytest of its own; each line that it prints gets the group's name."""
    # What a test has killed may leave something there in the meantime.
    with tempfile.TemporaryDirectory(prefix="pytest-", ignore_cleanup_errors=True) as folder:
        report = Path(folder) / "report.xml"
        start = time.monotonic()
        argv = [sys.executable, "-m", "pytest", "--durations=8", f"--junitxml={report}", *words]
        # Several that end at once would remove each other's old folders where they share the place of these.
        argv += [f"--basetemp={folder}/pytest-{group.replace(' ', '-')}"]
        child = subprocess.Popen(
            [*argv, *map(str, paths)],
            cwd=HERE.parent,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        with child:
            assert child.stdout is not None
            for line in child.stdout:
                print(f"{group} | {line}", end="", flush=True)
        return summed_up(group, child.returncode, time.monotonic() - start, report)


def summed_up(group: str, code: int, seconds: float, report: Path) -> Outcome:
    """Count the tests of pytest's report; one that is not there is a group that did not run."""
    if not report.exists():
        return Outcome(group, code or 1, seconds, (), (), ())
    cases = list(ET.parse(report).getroot().iter("testcase"))
    took = tuple((float(case.get("time", 0)), name_of(case)) for case in cases)
    troubles = ((case, next(chain(case.iter("failure"), case.iter("error")), None)) for case in cases)
    failed = tuple(f"{name_of(case)}: {first_line(trouble)}" for case, trouble in troubles if trouble is not None)
    skipped = tuple(name_of(case) for case in cases if case.find("skipped") is not None)
    return Outcome(group, code, seconds, took, failed, skipped)


def first_line(trouble: ET.Element) -> str:
    """What a test failed of, in a line."""
    return (trouble.get("message") or "").partition("\n")[0]


def name_of(case: ET.Element) -> str:
    """The name of a test in pytest's report, with its module."""
    return f"{case.get('classname')}::{case.get('name')}"


if __name__ == "__main__":
    sys.exit(main())
