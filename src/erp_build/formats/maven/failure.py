"""Says why Maven failed, from its log: the kind of failure, the module, and what to do about it.

The signs and texts of its messages are in `formats/messages/maven.toml`. Tested with the recorded logs in
tests/recorded/maven.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from erp_build.formats.maven.log import GOAL, HELP, MAX_SUMMARY_LINES, failed_tests, last_lines, plain, told_by
from erp_build.formats.messages import catalogue

Kind = Literal["compile", "tests", "dependency", "memory", "disk", "jdk", "pom", "timeout", "other"]
Detail = Literal["cached", "denied", "transfer", "offline", "parent", "goodbye", "fork_exit", "fork_timeout", "killed"]
Message = Kind | Detail | Literal["unknown_compilation"]
"""The entries of the catalogue."""

REPOSITORY: tuple[Message, ...] = ("cached", "denied", "transfer", "offline")
"""Why a repository did not give an artifact; the first whose signs are there says what to do."""

KILLED_CODES, TERMINATED_CODES = {137, -9}, {143, -15, 124}
"""By SIGKILL and SIGTERM, as a shell and as Python report them; 124 is the code of `timeout`."""

OLDEST_JAVA_RELEASE = 8
CLASS_FILE_OFFSET = 44
"""A class file of version 65 is one of Java 21."""

PROJECT = re.compile(r"The project (?:[^\s:]{1,100}:([^\s:]{1,100}):\S{1,100})? ?\(.{0,200}\) has \d+ errors?")
RELEASE = re.compile(r"release version (\d+) not supported|invalid (?:target|source) release: (?:1\.)?(\d+)")
CLASS_FILE = re.compile(r"class file version (\d+)|class file has wrong version (\d+)")


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
        killed = _what("killed")
        return killed if self.summary.startswith(killed) else _what("transfer" if self.transfer else self.kind)

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
        return (_failure("timeout", f"{_what('timeout')}\n{last_lines(log)}"),)
    if exit_code in KILLED_CODES:
        return (_failure("memory", f"{_what('killed')}\n{last_lines(log)}"),)
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
    kind = _kind_of(text, log)
    if kind == "dependency":
        cause = next((message for message in REPOSITORY if _says(text, message)), kind)
        failure = _failure(kind, told_by(block), module, cause)
        # A sign-in that failed is no failed transfer: another attempt would fail as well.
        transfer = _says(text, "transfer") and not _says(text, "denied")
        return failure._replace(transfer=transfer, cached=_says(text, "cached"))
    told_elsewhere = kind == "memory" and not (GOAL.match(block[0]) and _says(text, "memory"))
    wanted = [line for line in log if _says(line, "memory")] if told_elsewhere else []
    summary = (kind == "tests" and failed_tests(log)) or told_by(
        wanted or (block[-MAX_SUMMARY_LINES:] if block is log else block)
    )
    failure = _failure(kind, summary, module, "goodbye" if kind == "tests" and _says(text, "goodbye") else kind)
    if kind == "jdk" and (next_step := _jdk_next(text)):
        return failure._replace(next_step=next_step)
    return failure


def _kind_of(text: str, log: list[str]) -> Kind:
    """Return the kind of a failure: the first that matches its text, in the order of certainty."""
    if _is_memory(text, log):
        return "memory"
    if _says(text, "disk"):
        return "disk"
    if RELEASE.search(text) or CLASS_FILE.search(text) or _says(text, "jdk"):
        return "jdk"
    if _says(text, "parent") and not any(_says(text, message) for message in REPOSITORY):
        return "pom"
    kinds: tuple[Kind, ...] = ("dependency", "pom", "compile", "tests")
    kind: Kind = next((kind for kind in kinds if _says(text, kind)), "other")
    return "timeout" if kind == "tests" and _says(text, "fork_timeout") else kind


def _is_memory(text: str, log: list[str]) -> bool:
    if _says(text, "goodbye") and not _says(text, "fork_exit"):
        return True
    # A javac without memory prints its stack, which Maven reports as an unknown compilation problem.
    return _says("\n".join(log) if _says(text, "unknown_compilation") else text, "memory")


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


def _failure(kind: Kind, summary: str, module: str = "", cause: Message | None = None) -> Failure:
    """A failure of a kind, with the next step for its cause."""
    return Failure(kind, summary.strip(), module, str(catalogue("maven")[cause or kind]["next_step"]))


def _says(text: str, message: Message) -> bool:
    """Whether a text has one of the signs of a message."""
    return any(re.search(sign, text) for sign in catalogue("maven")[message]["signs"])


def _what(message: Message) -> str:
    return str(catalogue("maven")[message]["what"])
