"""What CodeBuild answers about workers: the fake fleet, and the sandbox's CodeBuild in the place of the real one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import uuid4

from erp_build.clients.effects import ImageRequest, WorkerRequest
from erp_build.errors import FleetFull
from erp_build.model.images.fleet import WorkerLook
from erp_build.model.project import Service

PROJECT = "erp-workers"
BROKEN = "broken"
"""A service that no worker can build."""

Way = Literal["breaks", "hangs", "lost"]
"""How a worker goes behind its first image: its machine dies, it hangs, or nobody knows it any more."""


class Builds(Protocol):
    """Begins builds of CodeBuild, looks at them, and stops them."""

    def start(self, request: WorkerRequest) -> str: ...

    def look(self, builds: Sequence[str]) -> Mapping[str, WorkerLook]: ...

    def unfinished(self, project: str, fleet: str) -> tuple[str, ...]: ...

    def stop(self, build: str) -> None: ...


@dataclass(frozen=True)
class Place:
    """A project whose builds make nothing at first.

    Attributes:
        builds: its builds.
        project: its name.
        commit: that has services of any name.
        script: lets the next build go this way; the others work.
        limit: lets no more builds go on at once.
        made: the names of the services whose images are there.
        pass_time: waits for a moment.
    """

    builds: Builds
    project: str
    commit: str
    script: Callable[[Way], object]
    limit: Callable[[int], object]
    made: Callable[[], set[str]]
    pass_time: Callable[[], object]

    def request(self, *names: str, fleet: str = "ours") -> WorkerRequest:
        return WorkerRequest(
            project=self.project,
            fleet=fleet,
            commit=self.commit,
            images=tuple(map(self._image, names)),
            timeout=600.0,
            token=uuid4().hex,
        )

    def start(self, *names: str, fleet: str = "ours") -> str:
        return self.builds.start(self.request(*names, fleet=fleet))

    def look(self, build: str) -> WorkerLook:
        return self.builds.look([build])[build]

    def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(600):
            if holds():
                return
            self.pass_time()
        raise AssertionError("it was waited for in vain")

    def end(self, build: str) -> WorkerLook:
        """Wait for the end of a build."""
        self.until(lambda: self.look(build).state != "running")
        return self.look(build)

    def _image(self, name: str) -> ImageRequest:
        service = Service(name, f"backend/{name}", name, f"services.{name}")
        return ImageRequest(target=service, repository=f"erp/{name}", tag="1", commit=self.commit, key="1" * 40)


def a_worker_makes_what_it_was_asked_for_and_has_a_log(place: Place) -> None:
    build = place.start("a", "b")
    assert place.look(build).state == "running"
    assert place.end(build).state == "succeeded"
    assert place.made() == {"a", "b"}
    assert place.look(build).log


def the_same_token_begins_no_second_build(place: Place) -> None:
    request = place.request("a")
    build = place.builds.start(request)
    assert place.builds.start(request) == build
    assert place.builds.unfinished(place.project, "ours") == (build,)
    place.end(build)
    assert place.builds.start(request) == build


def beyond_the_limit_no_build_begins_until_another_one_has_ended(place: Place) -> None:
    place.limit(1)
    first = place.start("a")
    try:
        second = place.start("b")
    except FleetFull:
        second = ""
    assert not second
    place.end(first)
    assert place.end(place.start("b")).state == "succeeded"
    assert place.made() == {"a", "b"}


def a_command_that_fails_says_so_and_the_rest_is_made(place: Place) -> None:
    look = place.end(place.start("a", BROKEN, "c"))
    assert look.state == "failed"
    assert look.why.startswith("BUILD: ")
    assert place.made() == {"a", "c"}


def a_machine_that_dies_is_no_failure_of_the_command(place: Place) -> None:
    place.script("breaks")
    assert place.end(place.start("a", "b")).state == "broken"
    assert place.made() == {"a"}


def a_worker_that_hangs_goes_on_until_it_is_stopped(place: Place) -> None:
    place.script("hangs")
    build = place.start("a", "b")
    place.until(lambda: place.made() == {"a"})
    for _ in range(20):
        place.pass_time()
    assert place.look(build).state == "running"
    place.builds.stop(build)
    assert place.end(build).state == "stopped"
    assert place.builds.unfinished(place.project, "ours") == ()
    place.builds.stop(build)
    assert place.look(build).state == "stopped"
    assert place.made() == {"a"}


def a_worker_that_is_stopped_at_once_makes_nothing(place: Place) -> None:
    build = place.start("a", "b")
    place.builds.stop(build)
    assert place.end(build).state == "stopped"
    assert place.made() == set()


def a_build_that_is_lost_is_not_known_any_more(place: Place) -> None:
    place.script("lost")
    build = place.start("a", "b")
    place.until(lambda: not place.builds.look([build]))
    assert place.made() == {"a"}
    assert place.builds.unfinished(place.project, "ours") == ()
    place.builds.stop(build)


def what_was_never_begun_is_missing_and_need_not_be_stopped(place: Place) -> None:
    build = place.start("a")
    never = f"{place.project}:0"
    assert set(place.builds.look([never, build])) == {build}
    place.builds.stop(never)
    assert place.end(build).state == "succeeded"


def the_workers_of_a_release_are_found_while_they_go_on(place: Place) -> None:
    ours, theirs = place.start("a"), place.start("b", fleet="theirs")
    assert place.builds.unfinished(place.project, "ours") == (ours,)
    assert place.builds.unfinished(place.project, "theirs") == (theirs,)
    assert place.builds.unfinished(place.project, "nobody's") == ()
    for build in (ours, theirs):
        place.end(build)
    assert place.builds.unfinished(place.project, "ours") == ()


CONTRACT: tuple[Callable[[Place], None], ...] = (
    a_worker_makes_what_it_was_asked_for_and_has_a_log,
    the_same_token_begins_no_second_build,
    beyond_the_limit_no_build_begins_until_another_one_has_ended,
    a_command_that_fails_says_so_and_the_rest_is_made,
    a_machine_that_dies_is_no_failure_of_the_command,
    a_worker_that_hangs_goes_on_until_it_is_stopped,
    a_worker_that_is_stopped_at_once_makes_nothing,
    a_build_that_is_lost_is_not_known_any_more,
    what_was_never_begun_is_missing_and_need_not_be_stopped,
    the_workers_of_a_release_are_found_while_they_go_on,
)
