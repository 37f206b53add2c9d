"""Says why Maven failed, from its log: the kind of failure, the module, and what to do about it.

The signs and texts are in `formats/messages/maven.toml`. Tested with the recorded logs in tests/recorded/maven and the
texts in tests/cases/maven_failures.json.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from erp_build.formats.maven.causes import Cause, Kind, kind_of, kinds, says
from erp_build.formats.maven.log import (
    GOAL,
    HELP,
    MAX_SUMMARY_LINES,
    failed_tests,
    last_lines,
    plain,
    said_by_goal,
    shortened,
    told_by,
)

KILLED_CODES, TERMINATED_CODES = {137, -9}, {143, -15, 124}
"""By SIGKILL and SIGTERM, as a shell and as Python report them; 124 is the code of `timeout`."""

KILLED = "Maven was killed; most likely the machine ran out of memory"

OLDEST_JAVA_RELEASE = 8
CLASS_FILE_OFFSET = 44
"""A class file of version 65 is one of Java 21."""

PROJECT = re.compile(r"The project (?:[^\s:]{1,100}:([^\s:]{1,100}):\S{1,100})? ?\(.{0,200}\) has \d+ errors?")
RELEASE = re.compile(r"release version (\d+) not supported|invalid (?:target|source) release: (?:1\.)?(\d+)")
CLASS_FILE = re.compile(r"class file version (\d+)|class file has wrong version (\d+)")
UNKNOWN_COMPILATION = re.compile(r"An unknown compilation problem occurred")
GOODBYE = re.compile(r"terminated without properly saying goodbye")
FORK_EXIT = re.compile(r"Process Exit Code: \d")
FORK_TIMEOUT = re.compile(r"There was a timeout")

TOLD_ABOVE: tuple[Kind, ...] = ("check", "generate", "package", "other")
"""Kinds of which Maven's last word often says only that lines above it say why."""


class Failure(NamedTuple):
    """Why Maven failed.

    Attributes:
        kind: what sort of failure it is.
        what: what happened, in a few words.
        summary: the lines that tell it, without levels, colours and repetitions.
        module: the project that failed, empty when Maven names none.
        next_step: what the reader does now.
        transfer: a repository or the connection to it failed: worth one more attempt.
        cached: Maven did not ask the repository, because it failed earlier: worth one more attempt with `-U`.
    """

    kind: Kind
    what: str
    summary: str
    module: str
    next_step: str
    transfer: bool = False
    cached: bool = False

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
        ended = kinds()["timeout"].default
        return (_failure(ended, f"{ended.what}\n{last_lines(log)}"),)
    if exit_code in KILLED_CODES:
        killed = kinds()["memory"].default._replace(what=KILLED)
        return (_failure(killed, f"{KILLED}\n{last_lines(log)}"),)
    if found := tuple(_of_block(module, block, log) for module, block in _blocks(log)):
        return found
    errors = [line for line in log if line.startswith(("[ERROR]", "[FATAL]"))]
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
    text, goal = "\n".join(block), block[0] if GOAL.match(block[0]) else ""
    kind = _kind_of(text, goal, log)
    summary = _summary(kind, block, log)
    if kind == "tests" or kind in TOLD_ABOVE:
        # The last words of these may say nothing of what failed.
        text = f"{text}\n{summary}"
    cause = kinds()[kind].cause(text, goal)
    failure = _failure(cause, summary, module)
    is_own_release = kind == "jdk" and cause is kinds()[kind].default
    next_step = _jdk_next(text) if is_own_release else ""
    return failure._replace(next_step=next_step) if next_step else failure


def _summary(kind: Kind, block: list[str], log: list[str]) -> str:
    signs = kinds()[kind].signs
    if kind == "memory" and not (GOAL.match(block[0]) and says("\n".join(block), signs)):
        return told_by([line for line in log if says(line, signs)] or block)
    if kind == "tests" and (told := failed_tests(log)):
        return told
    if kind == "settings" and block is log:
        # Maven shows its usage first.
        return told_by([line for line in log if says(line, signs)])
    told = told_by(block[-MAX_SUMMARY_LINES:] if block is log else block)
    above = said_by_goal(block[0], log) if kind in TOLD_ABOVE else []
    return shortened(list(dict.fromkeys((*told.splitlines(), *above)))) if above else told


def _kind_of(text: str, goal: str, log: list[str]) -> Kind:
    if GOODBYE.search(text) and not FORK_EXIT.search(text):
        return "memory"
    # A javac without memory prints its stack, which Maven reports as an unknown compilation problem.
    if UNKNOWN_COMPILATION.search(text) and says("\n".join(log), kinds()["memory"].signs):
        return "memory"
    kind = kind_of(text, goal)
    return "timeout" if kind == "tests" and FORK_TIMEOUT.search(text) else kind


def _jdk_next(text: str) -> str:
    """What to do where the text tells which release of Java is asked for; else empty."""
    release = 0
    if match := RELEASE.search(text):
        release = int(match[1] or match[2])
    elif match := CLASS_FILE.search(text):
        release = int(match[1] or match[2]) - CLASS_FILE_OFFSET
    if not release:
        return ""
    if release < OLDEST_JAVA_RELEASE:
        return f"ask for a newer release than {release} in the pom: no current JDK compiles for it"
    return (
        f"build with JDK {release} or newer (JAVA_{release}_HOME or JAVA_HOME), or ask for an older release in the pom"
    )


def _failure(cause: Cause, summary: str, module: str = "") -> Failure:
    transfer, cached = cause.again == "transfer", cause.again == "update"
    return Failure(cause.kind, cause.what, summary.strip(), module, cause.next_step, transfer, cached)
