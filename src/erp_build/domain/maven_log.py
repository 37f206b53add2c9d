"""What Maven's output says of a failure: its kind, the lines that name it, and whether another attempt may help."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

Kind = Literal["killed", "memory", "transfer", "cached", "dependency", "jdk", "compile", "tests", "pom", "other"]

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
ON_PROJECT = re.compile(r"on project (?P<artifact>[\w.-]+)")
SHOWN = 12
"""Lines of an error that are shown; the rest is in the kept output."""

SIGNS: tuple[tuple[Kind, str], ...] = (
    ("memory", r"OutOfMemoryError|GC overhead limit exceeded|insufficient memory for the Java Runtime"),
    ("memory", r"forked VM terminated without (?:properly )?saying"),
    (
        "cached",
        r"(?:was not found|not found) in .* during a previous attempt|resolution (?:is|will) not be reattempted",
    ),
    ("transfer", r"status code: (?:429|50\d)|(?:429|50[0234]) (?:Too Many|Internal|Bad Gateway|Service Un|Gateway)"),
    ("transfer", r"Connection (?:reset|refused|timed out)|connect timed out|Read timed out|Premature end of"),
    ("transfer", r"Unknown host|Temporary failure in name resolution|Remote host terminated|Connection to .* failed"),
    ("jdk", r"release version \S+ not supported|invalid target release|class file version \d|Unsupported class file"),
    ("tests", r"There (?:are|were) test failures|Tests run: .*(?:Failures: [1-9]|Errors: [1-9])"),
    ("compile", r"COMPILATION ERROR|Compilation failure"),
    ("dependency", r"Could not resolve dependencies|Could not find artifact|Non-resolvable|could not be resolved"),
    ("pom", r"Non-parseable POM|Malformed POM|The build could not read|'[\w.]+' (?:for \S+ )?is missing"),
)
"""The first that matches is the kind: what a machine lacks comes before what the sources lack."""

SUMMARIES: dict[Kind, tuple[str, str]] = {
    "killed": ("Maven was killed, most likely because memory ran out", "give the build more memory"),
    "memory": ("Maven ran out of memory", "give the build more memory, or set MAVEN_OPTS=-Xmx..."),
    "transfer": ("Maven could not transfer an artifact", "look at the network and at Maven's repositories; run again"),
    "cached": ("Maven remembers that an artifact could not be had", "run Maven by hand with -U"),
    "dependency": ("a dependency cannot be resolved", "correct the dependency in the pom, or the repository it is in"),
    "jdk": ("the JDK does not fit the pom", "install the JDK that the pom asks for and set JAVA_HOME"),
    "compile": ("the sources do not compile", "correct the lines that are named"),
    "tests": ("tests failed", "run the tests by hand; see target/surefire-reports"),
    "pom": ("the pom cannot be read", "correct the pom"),
    "other": ("Maven failed", "run Maven by hand: mvn clean package"),
}  # fmt: skip
"""Kind -> what happened, and what to do."""

KILLED = (137, -9)


class Failure(NamedTuple):
    """A failure of Maven: its kind, and the lines that name it."""

    kind: Kind
    lines: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """What happened, in a few words."""
        return SUMMARIES[self.kind][0]

    @property
    def next_step(self) -> str:
        """What a reader does now."""
        return SUMMARIES[self.kind][1]

    @property
    def is_worth_another_try(self) -> bool:
        """Whether only a transfer failed, which says nothing of the sources."""
        return self.kind in ("transfer", "cached")


def classify(lines: Sequence[str], code: int, artifact: str = "", folder: str = "") -> Failure:
    """What failed.

    Args:
        lines: Maven's output, the last thousands of lines will do.
        code: its exit code; negative: the signal.
        artifact: of the project that is asked about, in the output of several.
        folder: of that project.
    """
    plain = [stripped(line) for line in lines]
    errors = [line for line in plain if line.startswith("[ERROR]") and line.strip() != "[ERROR]"]
    own = [line for line in errors if _is_of(line, artifact, folder)] or errors
    shown = tuple(own[:SHOWN]) or tuple(line for line in plain if line.strip())[-SHOWN:]
    if code in KILLED:
        return Failure("killed", shown)
    kind = _kind("\n".join(own or plain), SIGNS)
    if kind == "other":  # a JVM without memory says so without Maven's [ERROR]
        kind = _kind("\n".join(plain), tuple(sign for sign in SIGNS if sign[0] == "memory"))
    return Failure(kind, shown)


def failed_artifacts(lines: Sequence[str]) -> set[str]:
    """The projects of a build of several that Maven names in an error."""
    named = (ON_PROJECT.search(stripped(line)) for line in lines if "[ERROR]" in line or "ERROR" in line)
    return {match["artifact"] for match in named if match}


def _kind(text: str, signs: Sequence[tuple[Kind, str]]) -> Kind:
    for kind, sign in signs:
        if re.search(sign, text):
            return kind
    return "other"


def stripped(line: str) -> str:
    """A line without colours."""
    return COLOURS.sub("", line) if "\x1b" in line else line


def _is_of(line: str, artifact: str, folder: str) -> bool:
    project = ON_PROJECT.search(line)
    return bool((project and project["artifact"] == artifact) or (folder and folder in line))
