"""A check that runs before an image is built."""

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
