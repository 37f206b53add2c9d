"""`make test`: the groups of tests, fast ones first, with the time of each; a skipped test is a failure."""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

GROUPS = {"unit": ("-n", "auto"), "contract": ("-n", "auto"), "world": ()}
"""Group -> how pytest runs it: the world has one sandbox, so its tests come one after the other."""

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Outcome:
    """How a group ended; `code` is pytest's."""

    group: str
    code: int
    seconds: float
    tests: int
    failed: int
    skipped: tuple[str, ...]


def main() -> int:
    """Run every group, whatever the one before it gave, and sum up."""
    outcomes = [run(group) for group in GROUPS]
    skipped = [name for outcome in outcomes for name in outcome.skipped]
    print()
    for outcome in outcomes:
        print(f"{outcome.group:<10} {outcome.seconds:7.1f} s  {outcome.tests} tests, {outcome.failed} failed")
    for name in skipped:
        print(f"skipped, which counts as a failure: {name}")
    failed = sum(outcome.failed for outcome in outcomes)
    passed = sum(outcome.tests for outcome in outcomes) - failed - len(skipped)
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if skipped or any(outcome.code for outcome in outcomes) else 0


def run(group: str) -> Outcome:
    """Run one group in a pytest of its own."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        start = time.monotonic()
        words = [sys.executable, "-m", "pytest", "--quiet", "--durations=5", f"--junitxml={report}"]
        code = subprocess.run([*words, *GROUPS[group], str(HERE / group)], cwd=HERE.parent, check=False).returncode
        seconds = time.monotonic() - start
        return summed_up(group, code, seconds, report)


def summed_up(group: str, code: int, seconds: float, report: Path) -> Outcome:
    """Count the tests of pytest's report; one that is not there is a group that did not run."""
    if not report.exists():
        return Outcome(group, code or 1, seconds, 0, 0, ())
    cases = list(ET.parse(report).getroot().iter("testcase"))
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = tuple(
        f"{case.get('classname')}::{case.get('name')}" for case in cases if case.find("skipped") is not None
    )
    return Outcome(group, code, seconds, len(cases), failed, skipped)


if __name__ == "__main__":
    sys.exit(main())
