"""Says why Maven failed, from its log: the kind of failure, the module, and what to do about it.

Tested with the recorded logs in tests/recorded/maven.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from erp_build.formats.maven.cause import (
    CACHED,
    DENIED,
    GOODBYE,
    MEMORY,
    OFFLINE,
    Kind,
    is_transfer,
    jdk_release,
    kind_of,
)
from erp_build.formats.maven.log import GOAL, HELP, MAX_SUMMARY_LINES, failed_tests, last_lines, plain, told_by

KILLED_CODES, TERMINATED_CODES = {137, -9}, {143, -15, 124}
"""By SIGKILL and SIGTERM, as a shell and as Python report them; 124 is the code of `timeout`."""

OLDEST_JAVA_RELEASE = 8
PROJECT = re.compile(r"The project (?:[^\s:]+:([^\s:]+):\S+)? ?\(.*\) has \d+ errors?")

WHAT: Mapping[Kind, str] = {
    "compile": "the sources do not compile",
    "tests": "tests failed",
    "dependency": "a dependency cannot be resolved",
    "memory": "Maven ran out of memory",
    "disk": "the disk is full",
    "jdk": "the JDK does not fit the pom",
    "pom": "the pom cannot be read",
    "timeout": "Maven was ended before it was done",
    "other": "Maven failed",
}
TRANSFER_WHAT = "Maven could not transfer an artifact"
KILLED_WHAT = "Maven was killed; most likely the machine ran out of memory"

NEXT_STEPS: Mapping[Kind, str] = {
    "compile": "correct the source; the same error comes with mvn compile in the service's directory",
    "tests": "correct the test or what it tests; the reports lie in target/surefire-reports",
    "dependency": "correct its coordinates in the pom, or add the repository that has it",
    "memory": "give Maven more memory (MAVEN_OPTS=-Xmx...), build fewer services at once, or use a larger machine",
    "disk": "free space on the build's disk, or use a machine with a larger disk",
    "jdk": "build with the JDK that the pom asks for: set JAVA_HOME, or the JAVA_<release>_HOME of that release",
    "pom": "correct the pom",
    "timeout": "look at the last lines for what it waited for; give it more time if it was still at work",
    "other": "run the same command by hand with -e",
}
RETRY_NEXT = "run again: the repository or the connection to it failed, not the source"
CACHED_NEXT = "run again with -U: Maven remembered an earlier failure and did not ask the repository"
OFFLINE_NEXT = "run once without -o, so that Maven can fetch it"
DENIED_NEXT = "correct the sign-in for that repository in settings.xml"


class Failure(NamedTuple):
    """Why Maven failed.

    Attributes:
        kind: what sort of failure it is.
        summary: the lines that tell it, without levels, colours and repetitions.
        module: the project that failed, empty when Maven names none.
        next_step: what the reader does now.
        transfer: a repository or the connection to it failed: worth one more attempt.
        cached: Maven did not ask the repository, because it failed earlier: worth one more attempt with `-U`.
    """

    kind: Kind
    summary: str
    module: str
    next_step: str
    transfer: bool = False
    cached: bool = False

    @property
    def what(self) -> str:
        """What happened, in a few words."""
        if self.summary.startswith(KILLED_WHAT):
            return KILLED_WHAT
        return TRANSFER_WHAT if self.transfer else WHAT[self.kind]

    @property
    def is_worth_another_try(self) -> bool:
        """Whether only a transfer failed, which says nothing about the sources."""
        return self.transfer or self.cached


def failures(lines: Iterable[str], exit_code: int | None) -> tuple[Failure, ...]:
    """Say why a run failed, once for each module that did; at least one.

    Args:
        lines: all of the log, colours or not.
        exit_code: of Maven, negative for a signal; None when it was ended because its time was over.
    """
    log = [plain(line) for line in lines]
    if exit_code is None or exit_code in TERMINATED_CODES:
        return (_failure("timeout", WHAT["timeout"], last_lines(log)),)
    if exit_code in KILLED_CODES:
        return (_failure("memory", KILLED_WHAT, last_lines(log)),)
    if found := tuple(_of_block(module, block, log) for module, block in _blocks(log)):
        return found
    errors = [line for line in log if line.startswith("[ERROR]")]
    module = next((match[1] or "" for line in errors if (match := PROJECT.search(line))), "")
    # A JVM that cannot start prints no levels, and neither does Maven's start script.
    return (_of_block(module, errors or log or ["Maven said nothing"], log),)


def _blocks(log: list[str]) -> Iterator[tuple[str, list[str]]]:
    """For each module that failed: its name, and the lines from `Failed to execute goal` to the reference to help."""
    at = 0
    while at < len(log):
        match = GOAL.match(log[at])
        at += 1
        if match:
            block = [log[at - 1]]
            while not HELP.search(block[-1]) and at < len(log) and not GOAL.match(log[at]):
                block.append(log[at])
                at += 1
            yield match[1], block


def _of_block(module: str, block: list[str], log: list[str]) -> Failure:
    text = "\n".join(block)
    kind = kind_of(text, log)
    if kind == "dependency":
        return _of_resolution(module, text, block)
    told_elsewhere = kind == "memory" and not (GOAL.match(block[0]) and MEMORY.search(text))
    wanted = [line for line in log if MEMORY.search(line)] if told_elsewhere else []
    summary = (kind == "tests" and failed_tests(log)) or told_by(
        wanted or (block[-MAX_SUMMARY_LINES:] if block is log else block)
    )
    failure = _failure(kind, summary, module=module)
    if kind == "jdk":
        return failure._replace(next_step=_jdk_next(text))
    if kind == "tests" and GOODBYE in text:
        return failure._replace(next_step="find what ended the JVM of the tests: System.exit, or a crash")
    return failure


def _jdk_next(text: str) -> str:
    release = jdk_release(text)
    if not release:
        return NEXT_STEPS["jdk"]
    if release < OLDEST_JAVA_RELEASE:
        return f"ask for a newer release than {release} in the pom: no current JDK compiles for it"
    return (
        f"build with JDK {release} or newer (JAVA_{release}_HOME or JAVA_HOME), or ask for an older release in the pom"
    )


def _of_resolution(module: str, text: str, block: list[str]) -> Failure:
    transfer = is_transfer(text)
    cached = bool(CACHED.search(text))
    failure = _failure("dependency", told_by(block), module=module)
    for applies, step in (
        (cached, CACHED_NEXT),
        (transfer, RETRY_NEXT),
        (DENIED.search(text), DENIED_NEXT),
        (OFFLINE in text, OFFLINE_NEXT),
    ):
        if applies:
            return failure._replace(next_step=step, transfer=transfer, cached=cached)
    return failure


def _failure(kind: Kind, *summary: str, module: str = "") -> Failure:
    return Failure(kind, "\n".join(part for part in summary if part), module, NEXT_STEPS[kind])
