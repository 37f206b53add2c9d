"""Why Maven failed, read from its log: what sort of failure, in which module, and what to do about it.

Held to the recorded logs of tests/recorded/maven; the words of dependency resolution are those of Maven 3.8 and 3.9.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from erp_build.formats.maven_log import LEVEL, plain

Kind = Literal["compile", "tests", "dependency", "memory", "disk", "jdk", "pom", "timeout", "other"]

KILLED, TERMINATED = {137, -9}, {143, -15, 124}
SUMMARY_LINES, LAST_LINES, LINE_LENGTH = 8, 3, 600
OLDEST_RELEASE = 8
CLASS_FILE_OFFSET = 44
"""A class file of version 65 is one of Java 21."""

GOAL = re.compile(r"\[ERROR\] Failed to execute goal (?:\S+ )?(?:\(\S+\) )?on project ([^\s:]+): ?(.*)")
PROJECT = re.compile(r"The project (?:[^\s:]+:([^\s:]+):\S+)? ?\(.*\) has \d+ errors?")
NOISE = re.compile(
    r"Compilation failure(?:: Compilation failure: ?)?$|COMPILATION ERROR|Please refer to |Command was |\[Help \d"
    r"|Some problems were encountered|The build could not read|The project .* has \d+ errors?$|Child module .* @$"
)
AFTER = ("To see the full stack trace", "at org.apache.maven", "org.apache.maven.", "Re-run Maven")
RESOLVING = re.compile(
    r"^Could not resolve dependencies for project \S+: "
    r"(?:Failed to .*: (?=Could not )|(?=Could not |Cannot |\S+ was not ))?"
)
HELP = re.compile(r" ?-> \[Help \d+\]\s*$")

MEMORY = re.compile(
    r"OutOfMemoryError|GC overhead limit exceeded|Java heap space|insufficient memory for the Java Runtime"
    r"|Could not reserve enough space|Process Exit Code: 137\b|Cannot allocate memory",
)
GOODBYE = "terminated without properly saying goodbye"
FORK_EXIT = re.compile(r"Process Exit Code: (\d+)")
DISK = re.compile(r"No space left on device|Disk quota exceeded")
RELEASE = re.compile(r"release version (\d+) not supported|invalid (?:target|source) release: (?:1\.)?(\d+)")
CLASS_FILE = re.compile(r"class file version (\d+)|class file has wrong version (\d+)")
JDK = re.compile(
    r"Unsupported class file major version|UnsupportedClassVersionError"
    r"|(?:Source|Target) option \S+ is no longer supported"
    r"|JDK version \S+ is not in the allowed range|No compiler is provided in this environment|TypeTag :: UNKNOWN"
    r"|JAVA_HOME environment variable is not defined|NoSuchFieldError: \S* ?\S*JCTree",
)
RESOLUTION = re.compile(
    r"Could not resolve dependencies|or one of its dependencies could not be resolved|No plugin found for prefix"
    r"|Non-resolvable (?:parent|import) POM|Could not (?:transfer|find) (?:artifact|metadata)|Failure to find"
    r"|Error resolving version"
)
TRANSFER = re.compile(
    r"status(?: code)?: (?:408|429|5\d\d)|timed out|Connection (?:reset|refused)|Connect to \S+ .*failed"
    r"|Name or service not known|Unknown host|name resolution|Network is unreachable|No route to host|handshake"
    r"|Premature end of|Checksum validation failed|Broken pipe|Unexpected end of file|No response received",
    re.IGNORECASE,
)
CACHED = re.compile(r"cached in the local repository|resolution (?:is|will) not (?:be )?reattempted")
OFFLINE = "in offline mode"
DENIED = re.compile(r"status(?: code)?: 40[137]|authentication failed|authorization failed")
PARENT = re.compile(r"Non-resolvable (?:parent|import) POM")
POM = re.compile(
    r"Non-(?:parseable|readable) POM|The build could not read|no POM in this directory|Child module .* does not exist"
    r"|problems were encountered while processing the POMs"
)
TESTS = re.compile(r"There (?:are|were) test failures|maven-(?:surefire|failsafe)-plugin|forked (?:VM|process)")
FORK_TIMEOUT = "There was a timeout"
COMPILE = re.compile(r"Compilation failure|COMPILATION ERROR|Fatal error compiling")
UNKNOWN_COMPILATION = "An unknown compilation problem occurred"

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

NEXT: Mapping[Kind, str] = {
    "compile": "correct the source; the same error comes with mvn compile in the service's directory",
    "tests": "correct the test or what it tests; the reports lie in target/surefire-reports",
    "dependency": "correct its coordinates in the pom, or add the repository that has it",
    "memory": "give Maven more memory (MAVEN_OPTS=-Xmx...), build fewer services at once, or take a larger machine",
    "disk": "make room on the disk of the build, or take a machine with a larger one",
    "jdk": "build with the JDK that the pom asks for: set JAVA_HOME, or the JAVA_<release>_HOME of that release",
    "pom": "correct the pom",
    "timeout": "look at the last lines for what it waited for; give it more time if it was still at work",
    "other": "run the same command by hand with -e",
}
RETRY_NEXT = "run again: the repository or the way to it failed, not the source"
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
        transfer: a repository or the way to it failed: worth one more try.
        cached: Maven did not ask the repository, because it had failed before: worth one more try with `-U`.
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
        """Whether only a transfer failed, which says nothing of the sources."""
        return self.transfer or self.cached


def classify(lines: Iterable[str], exit_code: int | None) -> Failure:
    """Say why a run failed: the first of its `failures`."""
    return failures(lines, exit_code)[0]


def failures(lines: Iterable[str], exit_code: int | None) -> tuple[Failure, ...]:
    """Say why a run failed, once for each module that did; at least one.

    Args:
        lines: all of the log, colours or not.
        exit_code: of Maven, negative for a signal; None when it was ended because its time was over.
    """
    log = [plain(line) for line in lines]
    if exit_code is None or exit_code in TERMINATED:
        return (_failure("timeout", WHAT["timeout"], _last(log)),)
    if exit_code in KILLED:
        return (_failure("memory", KILLED_WHAT, _last(log)),)
    if found := tuple(_of_block(module, block, log) for module, block in _blocks(log)):
        return found
    errors = [line for line in log if line.startswith("[ERROR]")]
    module = next((match[1] or "" for line in errors if (match := PROJECT.search(line))), "")
    # A JVM that cannot start, and the script before it, know no levels.
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
    kind = _kind(text, log)
    if kind == "dependency":
        return _of_resolution(module, text, block)
    told_elsewhere = kind == "memory" and not (GOAL.match(block[0]) and MEMORY.search(text))
    wanted = [line for line in log if MEMORY.search(line)] if told_elsewhere else []
    summary = (kind == "tests" and _test_lines(log)) or _told(
        wanted or (block[-SUMMARY_LINES:] if block is log else block)
    )
    failure = _failure(kind, summary, module=module)
    if kind == "jdk":
        return failure._replace(next_step=_jdk_next(text))
    if kind == "tests" and GOODBYE in text:
        return failure._replace(next_step="find what ended the JVM of the tests: System.exit, or a crash")
    return failure


def _kind(text: str, log: list[str]) -> Kind:
    if _is_memory(text, log):
        return "memory"
    if DISK.search(text):
        return "disk"
    if RELEASE.search(text) or CLASS_FILE.search(text) or JDK.search(text):
        return "jdk"
    if PARENT.search(text) and not (
        TRANSFER.search(text) or CACHED.search(text) or DENIED.search(text) or OFFLINE in text
    ):
        return "pom"
    for pattern, kind in ((RESOLUTION, "dependency"), (POM, "pom"), (COMPILE, "compile"), (TESTS, "tests")):
        if pattern.search(text):
            return "timeout" if kind == "tests" and FORK_TIMEOUT in text else kind  # type: ignore[return-value]
    return "other"


def _is_memory(text: str, log: list[str]) -> bool:
    if GOODBYE in text and not FORK_EXIT.search(text):
        return True
    # javac in want of memory prints its stack, and Maven calls that an unknown compilation problem.
    return bool(MEMORY.search("\n".join(log) if UNKNOWN_COMPILATION in text else text))


def _of_resolution(module: str, text: str, block: list[str]) -> Failure:
    transfer = bool(TRANSFER.search(text)) and not DENIED.search(text)
    cached = bool(CACHED.search(text))
    failure = _failure("dependency", _told(block), module=module)
    for applies, step in (
        (cached, CACHED_NEXT),
        (transfer, RETRY_NEXT),
        (DENIED.search(text), DENIED_NEXT),
        (OFFLINE in text, OFFLINE_NEXT),
    ):
        if applies:
            return failure._replace(next_step=step, transfer=transfer, cached=cached)
    return failure


def _jdk_next(text: str) -> str:
    release = 0
    if match := RELEASE.search(text):
        release = int(match[1] or match[2])
    elif match := CLASS_FILE.search(text):
        release = int(match[1] or match[2]) - CLASS_FILE_OFFSET
    if not release:
        return NEXT["jdk"]
    if release < OLDEST_RELEASE:
        return f"ask for a newer release than {release} in the pom: no JDK of today compiles for it"
    return (
        f"build with JDK {release} or newer (JAVA_{release}_HOME or JAVA_HOME), or ask for an older release in the pom"
    )


def _failure(kind: Kind, *summary: str, module: str = "") -> Failure:
    return Failure(kind, "\n".join(part for part in summary if part), module, NEXT[kind])


def _told(block: list[str]) -> str:
    """What a block says, each thing once, without what Maven says after and before every failure."""
    match = GOAL.match(block[0])
    told = list[str]()
    for line in [match[2], *block[1:]] if match else block:
        text = RESOLVING.sub("", HELP.sub("", LEVEL.sub("", LEVEL.sub("", line)))).strip()
        if text.startswith(AFTER):
            break
        if text and text not in told and not NOISE.match(text):
            told.append(text)
    return _short(told or [match[2] if match else "Maven failed"])


def _test_lines(log: list[str]) -> str:
    """The tests that surefire lists below its results."""
    told, inside = list[str](), False
    for line in log:
        text = LEVEL.sub("", line)
        if line.startswith("[ERROR] ") and text.strip() in ("Failures:", "Errors:"):
            inside = True
        elif inside and not text.startswith(" "):
            inside = False
        elif inside and text.strip():
            told.append(text.strip())
    return _short(told)


def _short(told: list[str]) -> str:
    kept = [line[:LINE_LENGTH] for line in told[:SUMMARY_LINES]]
    more = [f"and {len(told) - SUMMARY_LINES} lines more"] if len(told) > SUMMARY_LINES else []
    return "\n".join((*kept, *more))


def _last(log: list[str]) -> str:
    told = [LEVEL.sub("", line) for line in log]
    return _short([line for line in told if line.strip("- ")][-LAST_LINES:])
