"""Waits for SonarQube's quality gate after a check whose scanner has sent an analysis."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from erp_build.clients.clock import Clock, Deadline
from erp_build.clients.patience import Patience
from erp_build.clients.sonarqube.server import Judgement, SonarQube, Task
from erp_build.config.read_file import read_file
from erp_build.errors import ConfigurationError, GateInconclusive, told
from erp_build.formats.sonarqube import REPORT_FILES, ReportTask, read_report_task
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import CheckRun, Outcome

POLL_S = 2.0
"""Seconds between two looks at the task; an analysis of a service takes ten to sixty."""

TOKEN, ADDRESS = "SONAR_TOKEN", "SONAR_HOST_URL"
"""The variables from which the scanner reads the same."""


def judged_by_gate(check: Check, folder: Path, run: CheckRun, secrets: Mapping[str, str], clock: Clock) -> CheckRun:
    """The outcome of a check that passed, after the quality gate has judged what its scanner sent.

    Args:
        check: with the time for scanner and gate together.
        folder: the service's directory.
        run: how the scanner ended.
        secrets: of the check; the token among them goes into a header and nowhere else.
        clock: the time.
    """
    began = clock.monotonic()
    try:
        outcome, why = _judge(folder, run, secrets, Deadline(clock, check.timeout - run.seconds), clock)
    except (GateInconclusive, ConfigurationError) as error:
        outcome, why = "inconclusive", f"{told(error)}\n{error.next_step}"
    return replace(run, outcome=outcome, why=why, seconds=run.seconds + clock.monotonic() - began)


def _judge(
    folder: Path, run: CheckRun, secrets: Mapping[str, str], deadline: Deadline, clock: Clock
) -> tuple[Outcome, str]:
    task = _report_task(folder, run.seconds)
    # The server may name itself by an address for people; the scanner reached it by this one.
    server = SonarQube(secrets.get(ADDRESS) or task.server, secrets.get(TOKEN, ""))
    patience = Patience(clock)
    with patience.until(deadline, POLL_S):
        done = _wait(server, task, patience, deadline)
        if done.status != "SUCCESS" or not done.analysis:
            return "inconclusive", f"SonarQube's task ended as {done.status}: {done.error or 'no reason'}\n{task.page}"
        return _outcome(patience.ask(server.judgement, done.analysis), task)


def _wait(server: SonarQube, task: ReportTask, patience: Patience, deadline: Deadline) -> Task:
    while True:
        now = patience.ask(server.task, task.task)
        if not now.is_at_work:
            return now
        if deadline.is_over:
            raise GateInconclusive(
                "SonarQube has not judged the analysis in time",
                why=f"its task is {now.status}",
                next_step="raise `timeout` of the check, or look at the server's queue of background tasks",
            )
        deadline.pause(POLL_S)


def _outcome(found: Judgement, task: ReportTask) -> tuple[Outcome, str]:
    if found.status in ("OK", "WARN"):
        return "passed", ""
    if found.status != "ERROR":
        return "inconclusive", f"SonarQube has no quality gate for this project ({found.status})\n{task.page}"
    lines = [condition.words for condition in found.failed]
    return "failed", "\n".join(("SonarQube's quality gate failed", *lines, task.page)).strip()


def _report_task(folder: Path, seconds: float) -> ReportTask:
    """What the scanner of this very check left behind; raises `GateInconclusive` where it left nothing."""
    # Files carry wall-clock times. A second of slack, because file systems may round them.
    began = time.time() - seconds - 1
    for name in REPORT_FILES:
        path = folder / name
        if path.is_file() and path.stat().st_mtime >= began:
            task = read_report_task(read_file(path).decode("utf-8", "replace"))
            if task:
                return task
    raise GateInconclusive(
        "the check has sent nothing to SonarQube",
        where=str(folder),
        why=f"its scanner left no {' or '.join(REPORT_FILES)}",
        next_step="let the check run the scanner (sonar-maven-plugin), or take quality_gate out of its [[check]]",
    )
