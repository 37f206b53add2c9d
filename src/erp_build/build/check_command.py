"""Runs a check on a service's sources: Maven goals or a program of the user. Keeps the reports that it writes."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from erp_build.clients.maven.call import MavenCall, call_alone
from erp_build.clients.process import Result, TimedOut, child_environment, run, tail
from erp_build.errors import BuildFailed, told
from erp_build.model.quality_checks.check import Check
from erp_build.model.quality_checks.check_run import CheckRun

MAVEN_OPTIONS = ("--batch-mode", "--no-transfer-progress", "-Dstyle.color=never")
PASSED_ON_PREFIXES = ("JAVA_", "MAVEN_", "M2_", "CODEBUILD_")
"""Environment variables that a check gets beside those of every child and its secrets."""

FAILED_GOAL = "Failed to execute goal"
MAX_LINES_SHOWN = 10
"""Lines of Maven's errors and warnings that a report shows."""

MAX_REPORT_BYTES = 20 * 1024 * 1024
"""The largest report that is kept."""

GoalsCall = Callable[[Path, float], AbstractContextManager[MavenCall]]
"""Takes a service's directory and the seconds that the call may wait for another Maven."""


def alone(folder: Path, _timeout: float) -> AbstractContextManager[MavenCall]:
    """Maven for a service that needs no other module."""
    return nullcontext(call_alone(folder))


def run_check(
    check: Check, folder: Path, secrets: Mapping[str, str], on_line: Callable[[str], None], maven: GoalsCall = alone
) -> CheckRun:
    """Run a check in a service's directory.

    Args:
        check: what to run.
        folder: the service's directory.
        secrets: environment variables of the child. Never arguments: every user of the machine can read those.
        on_line: called for each line of output.
        maven: how Maven is called for the service, so that it finds the modules that the service needs.
    """
    # Files carry wall-clock times; a duration needs a clock that never jumps.
    start, began = time.monotonic(), time.time()
    command = MavenCall(check.command, folder)
    try:
        with maven(folder, check.timeout) if check.maven else nullcontext(command) as call:
            command = call
            argv = [*call.words, *MAVEN_OPTIONS, *check.maven] if check.maven else list(call.words)
            environment = {**child_environment(*PASSED_ON_PREFIXES), **call.variables, **secrets}
            done = run(
                argv,
                env=environment,
                cwd=call.start,
                timeout=check.timeout,
                on_line=on_line,
                inherited=call.inherited,
            )
    except TimedOut as error:
        return _unfinished(f"took longer than {error.seconds:.0f} s\n{tail(error.tail, 5)}", start)
    except OSError as error:
        return _unfinished(f"{command.words[0]} cannot be started: {error.strerror}", start)
    except BuildFailed as error:
        return _unfinished(told(error), start)
    reports = tuple(_reports(check, folder, began))
    seconds = time.monotonic() - start
    if done.code:
        return CheckRun(outcome="failed", why=_words(done), seconds=seconds, reports=reports)
    return CheckRun(outcome="passed", seconds=seconds, reports=reports)


def _unfinished(why: str, start: float) -> CheckRun:
    return CheckRun(outcome="inconclusive", why=why, seconds=time.monotonic() - start)


def _words(done: Result) -> str:
    """The message of a failed check: Maven's failed goal and first errors and warnings, else the last lines."""
    marked = [line for line in done.stdout.splitlines() if line.startswith(("[ERROR] ", "[WARN] "))]
    goal = next((place for place, line in enumerate(marked) if FAILED_GOAL in line), len(marked))
    more = f"... and {goal - MAX_LINES_SHOWN} more" if goal > MAX_LINES_SHOWN else ""
    # After the failed goal Maven only explains how to get more output.
    lines = [*marked[goal : goal + 1], *marked[: min(goal, MAX_LINES_SHOWN)], more]
    text = "\n".join(filter(None, lines)) or tail(f"{done.stdout}\n{done.stderr}")
    return f"exit code {done.code}\n{text}".strip()


def _reports(check: Check, folder: Path, began: float) -> Iterator[tuple[str, bytes]]:
    """The reports that this run wrote; those of an earlier run describe other sources."""
    root = folder.resolve()
    for pattern in check.reports:
        for path in sorted(folder.glob(pattern)):
            # A link must not lead out of the service: reports become artifacts.
            inside = path.is_file() and path.resolve().is_relative_to(root)
            # A second of slack, because file systems may round times.
            if inside and path.stat().st_size <= MAX_REPORT_BYTES and path.stat().st_mtime >= began - 1:
                yield path.relative_to(folder).as_posix(), path.read_bytes()
