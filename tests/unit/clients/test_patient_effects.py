"""An effect whose answer was lost is read back before it is repeated."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.clients.effects import UpgradeRequest
from erp_build.clients.patience import PATIENCE_AFTER_MOVE_S, Patience
from erp_build.clients.patient_effects import PatientEffects
from erp_build.errors import OutOfReach, ReleaseFailed
from erp_build.model.releases.lease import Lease
from erp_build.model.releases.release import Release
from tests.fakes.deployments import Deployments
from tests.fakes.effects import FakeEffects
from tests.fakes.functions import FakeFunctions
from tests.fakes.helm import FakeHelm, values_text
from tests.fakes.leases import FakeLeases
from tests.fakes.registry import HOST, FakeRegistry

RELEASE = Release("erp-dev", "erp-dev", "erp-microservices")
NAME = "employee"
OLD, NEW = (f"{HOST}/erp/employee@sha256:{digit * 64}" for digit in "12")
DESCRIPTION = "erp_build " + "a" * 40


class World:
    """The fakes behind patient effects, whose answers are lost as often as a test says: `before` or `after`."""

    def __init__(self, folder: Path) -> None:
        self.clock = SimulatedClock()
        deployments = Deployments(self.clock)
        self.registry, self.functions = FakeRegistry(["erp/a"]), FakeFunctions()
        self.helm, self.leases = FakeHelm(deployments), FakeLeases(self.clock)
        self.live = FakeEffects(self.registry, self.functions, self.helm, self.leases)
        self.lost: list[str] = []
        self.patience = Patience(self.clock)
        self.effects = PatientEffects(
            _Losing(self.live, self.lost), self.patience, functions=self.functions, helm=self.helm, leases=self.leases
        )
        self.functions.create(NAME, f"{HOST}/erp/employee:x", OLD.partition("@")[2])
        values = folder / "values.yaml"
        values.write_text(values_text({"a": f"{HOST}/erp/a"}), encoding="utf-8")
        self.request = UpgradeRequest(
            release=RELEASE, chart=folder, values=values, description=DESCRIPTION, timeout=300
        )

    def behind(self, upgrade: Callable[[UpgradeRequest], None]) -> PatientEffects:
        """Patient effects whose upgrade is this one."""
        live: Any = self.live
        live.upgrade_release = upgrade
        return PatientEffects(live, self.patience, functions=self.functions, helm=self.helm, leases=self.leases)

    def revisions(self) -> list[str]:
        """The statuses of the release's revisions."""
        return [one.status for one in self.helm.revisions]


class _Losing:
    def __init__(self, live: FakeEffects, lost: list[str]) -> None:
        self._live, self._lost = live, lost

    def __getattr__(self, name: str) -> Any:
        perform = getattr(self._live, name)

        def call(*args: object) -> Any:
            when = self._lost.pop(0) if self._lost else ""
            if when == "before":
                raise OutOfReach("no answer", where=name)
            made = perform(*args)
            if when == "after":
                raise OutOfReach("no answer", where=name)
            return made

        return call


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


LOST = pytest.mark.parametrize("lost", [["before"], ["after"], ["before", "after"], ["before", "before"]])


@LOST
def test_an_upgrade_makes_one_revision(world: World, lost: list[str]) -> None:
    world.lost += lost
    world.effects.upgrade_release(world.request)
    assert world.revisions() == ["deployed"]


@LOST
def test_a_rollback_makes_one_revision(world: World, lost: list[str]) -> None:
    world.live.upgrade_release(world.request)
    world.live.upgrade_release(world.request)
    world.lost += lost
    world.effects.rollback_release(RELEASE, 1, 300)
    assert world.revisions() == ["superseded", "superseded", "deployed"]


@LOST
def test_a_removal_of_what_is_gone_is_done(world: World, lost: list[str]) -> None:
    world.helm.is_pending()
    world.lost += lost
    world.effects.uninstall_release(RELEASE)
    assert world.revisions() == []


def test_a_revision_that_failed_on_the_way_is_followed_by_another_one(world: World) -> None:
    world.helm.failures["upgrade"] = OutOfReach("etcdserver: leader changed", where="erp")

    class Recovering(SimulatedClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            world.helm.failures.clear()

    patience = Patience(Recovering())
    effects = PatientEffects(world.live, patience, functions=world.functions, helm=world.helm, leases=world.leases)
    effects.upgrade_release(world.request)
    assert world.revisions() == ["superseded", "deployed"] or world.revisions() == ["failed", "deployed"]


def test_a_revision_that_helm_could_not_end_is_left_to_the_rollback(world: World) -> None:
    world.live.upgrade_release(world.request)

    def cut_off(_: UpgradeRequest) -> None:
        world.helm.is_pending()
        world.helm.revisions[-1] = replace(world.helm.revisions[-1], description=DESCRIPTION)
        raise OutOfReach("connection refused", where="erp")

    with pytest.raises(ReleaseFailed, match="before it could end its revision") as caught:
        world.behind(cut_off).upgrade_release(world.request)
    assert caught.value.why == "revision 2 is pending-upgrade"


def test_a_revision_of_somebody_else_is_not_taken_for_ours(world: World) -> None:
    def overtaken(_: UpgradeRequest) -> None:
        world.helm.was_deployed(world.request.values.read_text(encoding="utf-8"), "by hand")
        raise OutOfReach("connection refused", where="erp")

    with pytest.raises(ReleaseFailed, match="somebody else changed the release") as caught:
        world.behind(overtaken).upgrade_release(world.request)
    assert caught.value.why == "revision 1 is deployed: by hand"


@LOST
def test_a_function_is_updated_once(world: World, lost: list[str]) -> None:
    state = world.functions.states[NAME]
    world.lost += lost
    world.effects.update_function(state, NEW)
    assert world.functions.updates == [NEW]


@LOST
def test_a_version_is_made_once(world: World, lost: list[str]) -> None:
    world.lost += lost
    assert world.effects.publish(world.functions.states[NAME], "live") == "1"
    assert world.functions.versions == [OLD.partition("@")[2]]


@LOST
def test_a_lease_is_known_again_by_what_was_sent(world: World, lost: list[str]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    wanted = Lease().taken_by("me", "a" * 40, "build:1", 30.0, now)
    world.lost += lost
    taken = world.effects.write_lease(RELEASE, wanted)
    assert taken
    assert (taken.holder, taken.version) == ("me", "1")
    world.lost += lost
    freed = world.effects.write_lease(RELEASE, taken.freed())
    assert freed
    assert (freed.holder, freed.version) == ("", "2")


def test_a_lease_that_somebody_else_wrote_meanwhile_is_not_ours(world: World) -> None:
    world.lost.append("before")
    world.leases.is_held(alive=True)
    wanted = Lease().taken_by("me", "a" * 40, "build:1", 30.0, datetime(2026, 1, 1, tzinfo=UTC))
    assert world.effects.write_lease(RELEASE, wanted) is None


MOVES: dict[str, Callable[[World], object]] = {
    "upgrade_release": lambda world: world.effects.upgrade_release(world.request),
    "update_function": lambda world: world.effects.update_function(world.functions.states[NAME], NEW),
    "publish": lambda world: world.effects.publish(world.functions.states[NAME], ""),
}


@pytest.mark.parametrize("move", MOVES)
def test_after_a_move_a_question_is_asked_for_minutes(world: World, move: str) -> None:
    MOVES[move](world)
    began = world.clock.monotonic()
    with pytest.raises(OutOfReach, match="no"):
        world.patience.ask(_away)
    assert world.clock.monotonic() - began >= PATIENCE_AFTER_MOVE_S


def _away() -> None:
    raise OutOfReach("no", where="erp-dev")
