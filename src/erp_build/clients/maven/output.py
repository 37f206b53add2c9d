"""Follows Maven's output line by line: which module it builds, and which services' jars are complete."""

import re
from collections.abc import Callable, Collection

from erp_build.clients.clock import Clock
from erp_build.clients.maven.checkout import Project
from erp_build.clients.maven.hand_over import OnJar
from erp_build.clients.maven.jar import jar_of, jars_of
from erp_build.clients.maven.reactor import Member, Reactor
from erp_build.errors import BuildFailed
from erp_build.formats.maven.log import plain

PROJECT_LINE = re.compile(r"\[INFO\] -*< ([^:\s]{1,200}):(\S{1,200}) >-*$")
"""The line that Maven 3 and 4 print before they build a module of the reactor."""

SKIPPING_LINE = re.compile(r"\[INFO\] Skipping \S")
GOAL_LINE = re.compile(r"\[INFO\] (?:---|>>>) \S.{0,300} @ (\S{1,200}) (?:---|>>>)$")
AT_ONCE_LINE = re.compile(r"\[INFO\] Using the \S{1,100} implementation with a thread count of ")
END_LINES = ("[INFO] Reactor Summary", "[INFO] BUILD ")
FAILURE_LINE = "[INFO] BUILD FAILURE"


class MavenOutput:
    """The output of one call of Maven.

    A service's jar is complete when Maven begins the next module, and the last one's when Maven prints its summary,
    before its JVM ends. If Maven builds several modules at once, that is known only at its end. A module may still turn
    out to have failed when Maven ends.

    Attributes:
        complete: the services whose jars were handed over.
        troubles: why no jar of a service was handed over.
        begun: the modules that Maven has built, or has tried to build.
    """

    def __init__(self, reactor: Reactor, clock: Clock, detail: Callable[[str, str], None], on_jar: OnJar) -> None:
        self._members = reactor.members
        self._names = {project: member.name for member in self._members for project in member.projects}
        self._before = {member: jars_of(member.module) for member in self._members}
        self._only = self._members[0].name if len(self._members) == 1 else ""
        self._one_by_one = True
        self._clock = clock
        self._detail = detail
        self._on_jar = on_jar
        self._current: Project | None = None
        self._since = clock.monotonic()
        self.complete: set[Member] = set()
        self.troubles: dict[Member, BuildFailed] = {}
        self.begun: set[Project] = set()

    def read(self, line: str) -> None:
        """Take a line; called from the threads that read Maven's streams."""
        text = plain(line)
        if found := PROJECT_LINE.match(text):
            self._leave()
            self._current = Project(found[1], found[2])
        elif text.startswith(END_LINES) or SKIPPING_LINE.match(text):
            # No line announces a module that Maven skips, so this one ends the module before it.
            self._leave(hands_over=not text.startswith(FAILURE_LINE))
        elif AT_ONCE_LINE.match(text) or self._is_of_another(text):
            self._one_by_one = False
        name = self._only or (self._names.get(self._current) if self._current else None)
        self._detail(text, name or (self._current.artifact if self._current else "maven"))

    def close(self, failed: Collection[str] | None) -> None:
        """Maven ended; hand over what was not handed over yet.

        Args:
            failed: the artifacts of the modules that failed; None: Maven itself did, and nothing is certain.
        """
        self._current = None
        for member in self._members if failed is not None else ():
            was_built = not failed or bool(member.projects and member.projects <= self.begun)
            is_whole = not any(project.artifact in (failed or ()) for project in member.projects)
            if member not in self.complete and was_built and is_whole:
                self._hand_over(member)

    def _is_of_another(self, text: str) -> bool:
        """Whether Maven works on another module than the one that it has announced last."""
        goal = GOAL_LINE.match(text) if self._current else None
        return bool(goal and self._current and goal[1] != self._current.artifact)

    def _leave(self, *, hands_over: bool = True) -> None:
        project, self._current = self._current, None
        if project is None:
            return
        self.begun.add(project)
        for member in self._members if self._one_by_one and hands_over else ():
            if project in member.projects and member.projects <= self.begun and member not in self.complete:
                self._hand_over(member)

    def _hand_over(self, member: Member) -> None:
        try:
            jar = jar_of(member.module, self._before[member])
        except BuildFailed as trouble:
            self.troubles[member] = trouble
            return
        now = self._clock.monotonic()
        seconds, self._since = now - self._since, now
        self.complete.add(member)
        self._on_jar(member.name, jar, seconds)
