"""Classifies a failure of Maven by its text, with the wording of Maven 3.8 and 3.9 for dependency resolution."""

import re
from typing import Literal

Kind = Literal["compile", "tests", "dependency", "memory", "disk", "jdk", "pom", "timeout", "other"]

CLASS_FILE_OFFSET = 44
"""A class file of version 65 is one of Java 21."""

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


def kind_of(text: str, log: list[str]) -> Kind:
    """Return the kind of a failure: the first that matches its text, in the order of certainty.

    Args:
        text: what Maven says of the failure.
        log: all lines of the run.
    """
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
    # A javac without memory prints its stack, which Maven reports as an unknown compilation problem.
    return bool(MEMORY.search("\n".join(log) if UNKNOWN_COMPILATION in text else text))


def is_transfer(text: str) -> bool:
    """Whether a repository or the connection to it failed, and not the sign-in."""
    return bool(TRANSFER.search(text)) and not DENIED.search(text)


def jdk_release(text: str) -> int:
    """The release of Java that is asked for; 0 where the text does not tell."""
    if match := RELEASE.search(text):
        return int(match[1] or match[2])
    if match := CLASS_FILE.search(text):
        return int(match[1] or match[2]) - CLASS_FILE_OFFSET
    return 0
