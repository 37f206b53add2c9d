"""The checks that run before an image is built, and their outcomes."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

MAVENS = ("mvn", "mvnw", "mvnd")
"""Programs that use Maven's local repository, as the first word of a command or behind `sh`."""


class Check(NamedTuple):
    """A check of each changed service before its image is built: a `[[check]]` table.

    Attributes:
        name: unique, also the name of a folder.
        maven: goals and options for Maven; empty where `command` is given.
        command: argument vector of a program, run in the service's directory.
        blocks: whether a failure stops the run; otherwise it is a warning.
        timeout: seconds for one service.
        targets: names of the services and functions that it is for; empty: all.
        reports: patterns below the service's directory of files to keep, such as JUnit or SARIF.
        secrets: (environment variable, parameter of type SecureString); relative to `parameters` without a leading `/`.
        quality_gate: whose judgement decides besides how the program ended: `sonarqube` waits for the quality gate of
            what the check's scanner has sent, with the SONAR_TOKEN of its secrets.
        alone: whether it runs on one service at a time, because it uses something that there is only once, such as a
            port; Mavens always do.
    """

    name: str
    maven: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    blocks: bool = True
    timeout: float = 600.0
    targets: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    quality_gate: Literal["none", "sonarqube"] = "none"
    alone: bool = False

    def is_for(self, target: str) -> bool:
        """Whether a target is checked by it."""
        return not self.targets or target in self.targets

    @property
    def takes_turns(self) -> bool:
        """Whether it runs on one service at a time."""
        return self.alone or bool(self.maven) or any(word.rpartition("/")[2] in MAVENS for word in self.command[:2])


Outcome = Literal["passed", "failed", "inconclusive"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRun:
    """How a check of one target ended.

    Attributes:
        outcome: passed, failed, or inconclusive (it did not finish).
        why: the end of what it printed, or why it did not run.
        seconds: how long it took.
        reports: (path below the target's directory, content) of the files that are kept.
    """

    outcome: Outcome
    why: str = ""
    seconds: float = 0.0
    reports: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """A check, the name of its target, and its outcome."""

    check: Check
    target: str
    run: CheckRun

    @property
    def stops(self) -> bool:
        """Whether this outcome stops the build."""
        return self.check.blocks and self.run.outcome != "passed"

    @property
    def word(self) -> Literal["passed", "failed", "inconclusive", "warning"]:
        """The outcome in one word; a check that does not block can only warn."""
        if self.run.outcome == "passed" or self.check.blocks:
            return self.run.outcome
        return "warning"
