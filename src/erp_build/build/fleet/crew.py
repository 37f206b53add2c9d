"""Workers of one run: started, looked at with one call for all, and stopped; what one did not make goes elsewhere.

No service is given on before its worker has ended: two builds of one content must not go on at once. Whether a worker
says that it succeeded does not count. What counts is the registry, which is asked when it has ended.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from erp_build.clients.clock import Deadline
from erp_build.clients.effects import WorkerRequest
from erp_build.clients.site import Site
from erp_build.errors import BuildFailed, ConfigurationError, ErpBuildError, FleetFull, attempt, combine, told
from erp_build.model.images.fleet import AGAIN, Worker, WorkerEnd, WorkerLook, WorkerRest, WorkerState

LOOK_EVERY_S = 10.0
"""Seconds between two looks, each of which is one call for a hundred workers."""

STOP_S = 120.0
"""Seconds in which a worker that was stopped has to end."""

WORKERS_PER_SERVICE = 2
"""Workers that may try a service before it is built here."""

LOOKS_UNSEEN = 3
"""Looks in a row that do not find a worker: after the first ones CodeBuild may not know a new build yet."""

ENDS: Mapping[WorkerState, WorkerEnd] = {
    "succeeded": "done",
    "failed": "failed",
    "broken": "broken",
    "timed out": "timed out",
    "stopped": "stopped",
}


class Part(NamedTuple):
    """Services for one worker, and how many workers they had, this one included."""

    names: tuple[str, ...]
    workers: int = 1


@dataclass
class Watched:
    """A worker that has not ended, as far as anybody knows."""

    build: str
    part: Part
    commit: str
    began: float
    time: Deadline
    stopping: Deadline | None = None
    stopped_as: WorkerEnd = "hung"
    unseen: int = 0
    log: str = ""
    ready: float = 0.0


class Crew:
    """The workers of a run.

    Args:
        site: where it runs.
        project: the project of CodeBuild whose builds they are.
        fleet: what tells this release's workers from others of the project.
        request: makes what a worker is asked for, from the names of its services.
        find: asks the registry for the images of these names, and returns the names that have one.
        timeout: seconds that a worker has, its time in the queue included.
        require_ours: raises where this run may not go on: its lock is lost, its time is over.
        note: takes all workers so far, whenever one of them has ended.
    """

    def __init__(
        self,
        site: Site,
        *,
        project: str,
        fleet: str,
        request: Callable[[tuple[str, ...]], WorkerRequest],
        find: Callable[[Sequence[str]], Sequence[str]],
        timeout: float,
        require_ours: Callable[[], object],
        note: Callable[[tuple[Worker, ...]], object],
    ) -> None:
        self._site, self._clock = site, site.clients.clock
        self._project, self._fleet = project, fleet
        self._request, self._find, self._timeout = request, find, timeout
        self._require_ours, self._note = require_ours, note
        self._start_of_all = self._clock.monotonic()
        self._waiting: deque[Part] = deque()
        self._watched: dict[str, Watched] = {}
        self._workers: list[Worker] = []
        self._here: dict[str, str] = {}
        self._stuck: list[ErpBuildError] = []
        self._is_full = self._is_unclear = False

    def end_former(self) -> bool:
        """Stop the workers that a killed run of this release has left, and wait for their end.

        Returns whether there were any; raises `BuildFailed` where one does not end.
        """
        left = self._unfinished()
        for build in left:
            self._site.say(f"worker {build} of an earlier run is stopped")
            self._site.clients.effects.stop_worker(build)
        deadline, former = Deadline(self._clock, STOP_S), bool(left)
        while left:
            self._require_ours()
            if deadline.is_over:
                raise _stuck(", ".join(left), (), "it belongs to an earlier run, and was stopped")
            deadline.pause(LOOK_EVERY_S)
            looks = self._site.clients.fleet.look(left)
            left = tuple(build for build in left if build in looks and looks[build].state == "running")
        return former

    def work(self, shares: Sequence[tuple[str, ...]]) -> Mapping[str, str]:
        """Have the shares built; returns what is left to be built here, each with the reason.

        Raises `BuildFailed` with the services of a worker that cannot be stopped. However it ends, no worker goes on.
        """
        self._waiting.extend(Part(names) for names in shares)
        try:
            while self._waiting or self._watched:
                self._require_ours()
                self._start_waiting()
                if self._watched:
                    Deadline(self._clock, LOOK_EVERY_S).pause(LOOK_EVERY_S)
                    self._look()
        finally:
            self._leave()
        if self._stuck:
            raise combine(self._stuck)
        return self._here

    def _start_waiting(self) -> None:
        while self._waiting and not self._is_full:
            part = self._waiting[0]
            request = self._request(part.names)
            try:
                build = self._site.clients.effects.start_worker(request)
            except FleetFull as error:
                self._is_full = bool(self._watched)
                self._site.say(f"CodeBuild takes no further worker now: {told(error)}")
                if not self._is_full:
                    self._build_waiting_here(error)
            except (BuildFailed, ConfigurationError) as error:
                # Whether a build was begun is not known where no answer came.
                self._is_unclear = self._is_unclear or error.passes
                self._build_waiting_here(error)
            else:
                self._waiting.popleft()
                now = self._clock.monotonic()
                self._watched[build] = Watched(build, part, request.commit, now, Deadline(self._clock, self._timeout))
                self._site.say(f"worker {build} builds {', '.join(part.names)}")

    def _build_waiting_here(self, error: ErpBuildError) -> None:
        why = f"no worker could be started: {told(error)}"
        self._site.say(f"{why}; what is left is built here")
        for part in self._waiting:
            self._here.update(dict.fromkeys(part.names, why))
        self._waiting.clear()

    def _look(self) -> None:
        # Where the run's own time is over, no worker is said to have taken too long.
        self._clock.require_time()
        try:
            looks = self._site.clients.fleet.look(tuple(self._watched))
        except ErpBuildError as error:
            if not error.passes:
                raise
            # Workers go on while nobody looks, and each has its own time.
            self._site.say(f"the workers cannot be looked at now: {told(error)}")
            looks = {build: WorkerLook(state="running") for build in self._watched}
        for watched in tuple(self._watched.values()):
            self._judge(watched, looks.get(watched.build))

    def _judge(self, watched: Watched, look: WorkerLook | None) -> None:
        if look is None:
            watched.unseen += 1
            if watched.unseen >= LOOKS_UNSEEN:
                self._stop(watched.build)
                self._ended(watched, "lost", "CodeBuild does not know the build any more")
            return
        watched.unseen = 0
        watched.log, watched.ready = look.log or watched.log, look.ready or watched.ready
        astray = "" if look.commit in ("", watched.commit) else f"its source is {look.commit}, not {watched.commit}"
        if look.state != "running":
            end = watched.stopped_as if watched.stopping else ENDS[look.state]
            self._ended(watched, "astray" if astray else end, astray or look.why)
        elif watched.stopping is None and (astray or watched.time.is_over):
            watched.stopped_as = "astray" if astray else "hung"
            why = astray or f"it takes longer than {self._timeout:.0f} s"
            self._site.say(f"worker {watched.build} is stopped: {why}")
            self._stop(watched.build)
            watched.stopping = Deadline(self._clock, STOP_S)
        elif watched.stopping is not None and watched.stopping.is_over:
            why = f"{astray or f'it took longer than {self._timeout:.0f} s'}, and was stopped {STOP_S:.0f} s ago"
            self._stuck.append(_stuck(watched.build, watched.part.names, why))
            self._record(watched, watched.stopped_as, (), why, "nobody")

    def _ended(self, watched: Watched, end: WorkerEnd, why: str) -> None:
        """Ask the registry what it has made, and give the rest to another worker or to this machine."""
        names = watched.part.names
        made = tuple(self._find(names))
        left = tuple(name for name in names if name not in made)
        if end == "done" and left:
            why = "it succeeded, but the registry has no image with the key of the plan"
        is_again = end in AGAIN and watched.part.workers < WORKERS_PER_SERVICE
        rest: WorkerRest = "another worker" if is_again else "the run"
        self._record(watched, end, made, why if left else "", rest if left else "")
        if not left:
            return
        told_why = f"worker {watched.build} {end}" + (f": {why}" if why else "")
        if is_again:
            self._site.say(f"{told_why}; {', '.join(left)} go to another worker")
            self._waiting.append(Part(left, watched.part.workers + 1))
        else:
            self._site.say(f"{told_why}; {', '.join(left)} are built here")
            self._here.update(dict.fromkeys(left, told_why))

    def _record(self, watched: Watched, end: WorkerEnd, made: tuple[str, ...], why: str, rest: WorkerRest) -> None:
        del self._watched[watched.build]
        self._is_full = False
        self._workers.append(
            Worker(
                build=watched.build,
                targets=watched.part.names,
                made=made,
                end=end,
                began=watched.began - self._start_of_all,
                seconds=self._clock.monotonic() - watched.began,
                why=why,
                log=watched.log,
                rest=rest,
                ready=watched.ready,
            )
        )
        self._note(tuple(self._workers))

    def _leave(self) -> None:
        """Stop what still runs; nothing here keeps the run's own end from being told."""
        for watched in tuple(self._watched.values()):
            self._stop(watched.build)
            self._record(watched, "left", (), "the run ended before it, and stopped it", "nobody")
        if self._is_unclear and (error := attempt(self._stop_unknown)):
            self._site.say(f"whether a worker goes on is not known: {told(error)}")

    def _stop_unknown(self) -> None:
        """Stop the workers whose start had no answer."""
        for build in self._unfinished():
            self._stop(build)

    def _stop(self, build: str) -> None:
        if error := attempt(lambda: self._site.clients.effects.stop_worker(build)):
            self._site.say(f"worker {build} was not stopped: {told(error)}")

    def _unfinished(self) -> tuple[str, ...]:
        return self._site.clients.fleet.unfinished(self._project, self._fleet)


def _stuck(build: str, names: tuple[str, ...], why: str) -> BuildFailed:
    error = BuildFailed(
        "a worker does not end",
        where=", ".join(names) or build,
        why=f"{build}: {why}; what it builds is not built a second time beside it",
        next_step="stop the build in CodeBuild, then run again: what has an image by then is taken",
    )
    error.targets = frozenset(names)
    return error
