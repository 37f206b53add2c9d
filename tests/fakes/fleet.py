"""CodeBuild in memory: builds that push to the fake registry as time passes, each as a test has scripted it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from erp_build.changes.content_key import content_of
from erp_build.clients.clock import Clock
from erp_build.clients.effects import ImageRequest, WorkerRequest
from erp_build.errors import BuildFailed, ErpBuildError, FleetFull
from erp_build.model.codepipeline import BuildProject
from erp_build.model.images.fleet import WorkerLook, WorkerState
from erp_build.model.images.image import KEY_TAG
from tests.fakes.registry import FakeRegistry

Way = Literal["works", "fails", "breaks", "hangs", "deaf", "lost", "late", "another base", "stopped", "astray"]
"""How a worker goes: `deaf` hears no stop, `late` is not known at first, `another base` pushes under other keys,
`astray` has another commit."""

SECONDS_EACH = 30.0
"""What an image takes on a worker."""

STOP_TAKES_S = 15.0
ANOTHER_COMMIT = "f" * 40
ENDS: Mapping[Way, WorkerState] = {"breaks": "broken", "lost": "broken", "stopped": "stopped"}


@dataclass
class Building:
    """A build that was begun."""

    request: WorkerRequest
    way: Way
    began: float
    each: float
    fails_at: int
    pushed: list[str] = field(default_factory=list)
    state: WorkerState = "running"
    ended: float = 0.0
    stop_at: float | None = None
    looks: int = 0


class FakeFleet:
    """Builds of CodeBuild.

    Args:
        clock: of the world; nothing happens but when somebody looks.
        registry: where the images go.

    `ways` is taken from for each build that is begun, and the rest of them work; `refusals` are raised before, and
    `unanswered` starts begin a build and say nothing. `room` is how many builds go on at once; `broken_names` fail on
    every worker. `home` is their project, or why it cannot be looked at. `blind` is raised by the next looks, and
    nothing is stopped while the fleet `is_out_of_reach`.
    """

    def __init__(self, clock: Clock, registry: FakeRegistry) -> None:
        self.ways: list[Way] = []
        self.refusals: list[ErpBuildError] = []
        self.blind: list[BaseException] = []
        self.unanswered = 0
        self.room = 60
        self.fails_at = 0
        self.each = SECONDS_EACH
        self.broken_names: set[str] = set()
        self.builds: dict[str, Building] = {}
        self.tokens: dict[str, str] = {}
        self.stops: list[str] = []
        self.looked = 0
        self.home: BuildProject | ErpBuildError | None = BuildProject(
            name="", role="", privileged=False, timeout=3600.0, source="GITHUB"
        )
        self.asked_for: list[str] = []
        self.is_out_of_reach = False
        self._clock, self._registry = clock, registry

    @property
    def going_on(self) -> tuple[str, ...]:
        """The builds that have not ended and were not asked to."""
        self._pass_time()
        return tuple(build for build, one in self.builds.items() if one.state == "running" and one.stop_at is None)

    def start(self, request: WorkerRequest) -> str:
        """Begin a build, as StartBuild does; the same token begins no second one."""
        self._pass_time()
        if self.refusals:
            raise self.refusals.pop(0)
        if request.token in self.tokens:
            return self._answered(self.tokens[request.token])
        if sum(one.state == "running" for one in self.builds.values()) >= self.room:
            raise FleetFull("no room", where=request.project)
        build = f"{request.project}:{len(self.builds) + 1}"
        way = self.ways.pop(0) if self.ways else "works"
        self.builds[build] = Building(request, way, self._clock.monotonic(), self.each, self.fails_at)
        self.tokens[request.token] = build
        return self._answered(build)

    def project(self, name: str) -> BuildProject | None:
        """The project that every build belongs to, unless a test has taken it away."""
        self.asked_for.append(name)
        if isinstance(self.home, ErpBuildError):
            raise self.home
        return replace(self.home, name=name) if self.home else None

    def look(self, builds: Sequence[str]) -> Mapping[str, WorkerLook]:
        """How builds stand."""
        self.looked += 1
        if self.blind:
            raise self.blind.pop(0)
        self._pass_time()
        return {build: self._seen(build) for build in builds if self._is_known(build)}

    def unfinished(self, project: str, fleet: str) -> tuple[str, ...]:
        """Builds of a release that have not ended."""
        self._pass_time()
        return tuple(
            build
            for build, one in self.builds.items()
            if one.state == "running" and (one.request.project, one.request.fleet) == (project, fleet)
        )

    def stop(self, build: str) -> None:
        """Ask a build to end."""
        if self.is_out_of_reach:
            raise BuildFailed("nobody can stop anything")
        self._pass_time()
        self.stops.append(build)
        one = self.builds.get(build)
        if one and one.state == "running" and one.way != "deaf" and one.stop_at is None:
            one.stop_at = self._clock.monotonic() + STOP_TAKES_S

    def overlaps(self) -> list[tuple[str, str, str]]:
        """Pairs of builds that made one content at the same time, and its key."""
        self._pass_time()
        spans = [
            (image.key, build, one.began, one.ended if one.state != "running" else self._clock.monotonic())
            for build, one in self.builds.items()
            for image in one.request.images
        ]
        return [
            (key, first, second)
            for place, (key, first, begin, end) in enumerate(spans)
            for other, second, begin_other, end_other in spans[place + 1 :]
            if key == other and first != second and begin < end_other and begin_other < end
        ]

    def _answered(self, build: str) -> str:
        if self.unanswered:
            self.unanswered -= 1
            raise refusal(passes=True)
        return build

    def _is_known(self, build: str) -> bool:
        one = self.builds.get(build)
        if one is None or (one.way == "lost" and one.state != "running"):
            return False
        one.looks += 1
        return not (one.way == "late" and one.looks == 1)

    def _seen(self, build: str) -> WorkerLook:
        one = self.builds[build]
        why = "BUILD: COMMAND_EXECUTION_ERROR" if one.state == "failed" else ""
        commit = ANOTHER_COMMIT if one.way == "astray" else one.request.commit
        return WorkerLook(state=one.state, why=why, log=f"https://logs.example/{build}", commit=commit)

    def _pass_time(self) -> None:
        for one in self.builds.values():
            if one.state == "running":
                self._go_on(one)

    def _go_on(self, one: Building) -> None:
        now = self._clock.monotonic()
        until = min(now, one.stop_at) if one.stop_at is not None else now
        images = one.request.images
        stuck_at = one.fails_at if one.way in ("breaks", "hangs", "deaf", "lost", "stopped") else len(images)
        for place, image in enumerate(images[:stuck_at]):
            if one.began + one.each * (place + 1) <= until and image.target.name not in one.pushed:
                one.pushed.append(image.target.name)
                if image.target.name not in self.broken_names and not (one.way == "fails" and place == one.fails_at):
                    self._push(image, one.way)
        end = one.began + one.each * (stuck_at + (one.way in ("breaks", "stopped", "lost")))
        if one.way in ("hangs", "deaf"):
            end = float("inf")
        if one.stop_at is not None and now >= one.stop_at and one.stop_at <= end:
            one.state, one.ended = "stopped", one.stop_at
        elif now >= end:
            one.state, one.ended = self._end_of(one), end

    def _end_of(self, one: Building) -> WorkerState:
        if one.way == "fails" or self.broken_names & set(one.request.names):
            return "failed"
        return ENDS.get(one.way, "succeeded")

    def _push(self, image: ImageRequest, way: Way) -> None:
        key = f"{content_of(image.key)}-{'0' * 12}" if way == "another base" else image.key
        digest = self._registry.push(image.repository, image.tag, image.commit, key)
        for name in dict.fromkeys((key, content_of(key))):
            self._registry.put_tag(self._registry.images[digest], f"{KEY_TAG}{name}")


def refusal(*, passes: bool = False) -> BuildFailed:
    """What CodeBuild says where it begins no build."""
    return BuildFailed("codebuild:StartBuild failed", why="AccessDenied").passing(if_so=passes)
