"""The fence around effects that are asked for again: a further attempt is fenced like the first one."""

import pytest

from erp_build.clients.effects import UpgradeRequest
from erp_build.errors import Locked, OutOfReach
from erp_build.model.effect import EffectKind
from tests.fakes.world import FakeWorld
from tests.unit.deployment.test_fence import MOVES, take, upgrade

REPEATED = {
    EffectKind.UPDATE_FUNCTION: "update_function",
    EffectKind.PUBLISH: "publish",
    EffectKind.UPGRADE_RELEASE: "upgrade_release",
    EffectKind.ROLLBACK_RELEASE: "rollback_release",
    EffectKind.UNINSTALL_RELEASE: "uninstall_release",
    EffectKind.TAG: "tag",
}


@pytest.mark.parametrize("kind", REPEATED)
def test_an_attempt_that_is_repeated_asks_for_the_lock_again(
    world: FakeWorld, kind: EffectKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    attempts: list[object] = []

    def lose(*arguments: object) -> None:
        attempts.append(arguments)
        world.leases.is_held(alive=True)
        raise OutOfReach("no answer", where="erp-dev")

    monkeypatch.setattr(world.effects, REPEATED[kind], lose)
    lock = take(world)
    with pytest.raises(Locked, match="another run deploys"):
        MOVES[kind](lock.site, world)
    assert len(attempts) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_upgrade_whose_answer_was_lost_is_not_taken_for_somebody_elses(
    world: FakeWorld, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    real, lost = world.effects.upgrade_release, ["once"]

    def lose(request: UpgradeRequest) -> None:
        if when == "after" or not lost:
            real(request)
        if lost:
            lost.pop()
            raise OutOfReach("no answer", where="erp-dev")

    monkeypatch.setattr(world.effects, "upgrade_release", lose)
    lock = take(world)
    count = len(world.helm.revisions)
    upgrade(lock.site, world)
    lock.require_undisturbed()
    assert len(world.helm.revisions) == count + 1


def test_a_revision_of_somebody_else_between_two_attempts_ends_the_run(
    world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()

    def overtaken(request: UpgradeRequest) -> None:
        world.helm.was_deployed(request.values.read_text(encoding="utf-8"), "by hand")
        raise OutOfReach("no answer", where="erp-dev")

    monkeypatch.setattr(world.effects, "upgrade_release", overtaken)
    lock = take(world)
    with pytest.raises(Locked, match="somebody else has changed the release"):
        upgrade(lock.site, world)


def test_a_removal_whose_answer_was_lost_has_removed_the_release(
    world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    lost = ["once"]

    def lose(_: object) -> None:
        world.helm.revisions.clear()
        if lost:
            lost.pop()
            raise OutOfReach("no answer", where="erp-dev")

    monkeypatch.setattr(world.effects, "uninstall_release", lose)
    lock = take(world)
    lock.site.clients.effects.uninstall_release(lock.site.release)
    lock.require_undisturbed()
