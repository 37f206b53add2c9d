"""The fence: no effect that changes what runs without a look at the lock, and a comparison around each."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from erp_build.clients.effects import EditRequest, Effects, UpgradeRequest
from erp_build.clients.site import Site
from erp_build.deployment.claim import Claim
from erp_build.deployment.fencing.effects import FencedEffects
from erp_build.deployment.lock import Lock, take_lock
from erp_build.errors import FunctionChanged, FunctionUpdateFailed, Locked, NewerDeployed, OutOfReach
from erp_build.model.effect import EffectKind
from erp_build.model.images.image import StoredImage
from erp_build.model.project import DeployPolicy
from erp_build.model.releases.lambda_function import FunctionState
from erp_build.run_options import Options
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, FakeWorld
from tests.support.samples import EMPLOYEE, NOTIFICATION

CLAIM = Claim(holder="me/1", commit="a" * 40, build="erp-unified-build:2", seconds=30.0)


def take(world: FakeWorld) -> Lock:
    lock = take_lock(world.site(), CLAIM)
    lock.builds_on(world.helm.revisions[-1] if world.helm.revisions else None)
    return lock


def image_of(world: FakeWorld, commit: str) -> StoredImage:
    return world.registry.images[world.registry.push(FUNCTION_REPOSITORY, commit[:7], commit)]


def upgrade(site: Site, world: FakeWorld, description: str = "ours") -> None:
    request = UpgradeRequest(
        release=site.release, chart=world.values.parent, values=world.values, description=description, timeout=1.0
    )
    site.clients.effects.upgrade_release(request)


MOVES: dict[EffectKind, Callable[[Site, FakeWorld], object]] = {
    EffectKind.UPDATE_FUNCTION: lambda site, world: site.clients.effects.update_function(
        world.functions.states[FUNCTION], f"host/{FUNCTION_REPOSITORY}@sha256:{'1' * 64}"
    ),
    EffectKind.PUBLISH: lambda site, world: site.clients.effects.publish(world.functions.states[FUNCTION], ""),
    EffectKind.UPGRADE_RELEASE: upgrade,
    EffectKind.ROLLBACK_RELEASE: lambda site, world: site.clients.effects.rollback_release(site.release, 1, 1.0),  # noqa: ARG005
    EffectKind.UNINSTALL_RELEASE: lambda site, world: site.clients.effects.uninstall_release(site.release),  # noqa: ARG005
    EffectKind.TAG: lambda site, world: site.clients.effects.tag(image_of(world, "1" * 40), "latest"),
    EffectKind.WRITE_FILE: lambda site, world: site.clients.effects.write_file(world.values, b""),
    EffectKind.EDIT_BRANCH: lambda site, world: site.clients.effects.edit_branch(  # noqa: ARG005
        EditRequest(branch="main", path="values", change=bytes.upper, message="")
    ),
}
FENCED = [kind for kind in EffectKind if kind.moves_what_runs or kind.says_what_runs]


@pytest.mark.parametrize("kind", FENCED)
def test_no_effect_that_changes_or_says_what_runs_is_performed_after_a_lost_lock(
    world: FakeWorld, kind: EffectKind
) -> None:
    lock = take(world)
    world.effects.branches["main"] = b"old"

    def seen() -> list[object]:
        names = [world.functions.states[FUNCTION].image, world.values.read_bytes(), world.latest()]
        return [*names, list(world.functions.versions), list(world.helm.revisions), dict(world.effects.branches)]

    before = seen()
    world.leases.is_held(alive=True)
    with pytest.raises(Locked, match="another run deploys"):
        MOVES[kind](lock.site, world)
    assert seen() == before


def test_the_fence_has_every_effect(world: FakeWorld) -> None:
    effects = take(world).site.clients.effects
    assert isinstance(effects, FencedEffects)
    names = {name for name, _ in inspect.getmembers(Effects, inspect.isfunction) if not name.startswith("_")}
    assert {name for name in names if not callable(getattr(effects, name, None))} == set()
    assert {*MOVES} == {*FENCED}


def test_a_revision_of_somebody_else_ends_an_upgrade_before_it_begins(world: FakeWorld) -> None:
    world.run()
    lock = take(world)
    world.helm.was_deployed(world.values.read_text(encoding="utf-8"), "by hand")
    with pytest.raises(Locked, match="somebody else has changed the release") as caught:
        upgrade(lock.site, world)
    assert "revision 2: by hand" in caught.value.why
    assert len(world.helm.revisions) == 2


def test_a_revision_that_came_between_the_look_and_the_upgrade_is_seen_behind_it_and_named(world: FakeWorld) -> None:
    world.run()
    lock = take(world)
    text = world.values.read_text(encoding="utf-8")
    real = world.effects.upgrade_release

    def paused(request: UpgradeRequest) -> None:
        world.helm.was_deployed(text, "erp_build newer")
        real(request)

    world.effects.upgrade_release = paused  # type: ignore[method-assign]
    with pytest.raises(Locked, match="somebody else has changed the release") as caught:
        upgrade(lock.site, world)
    assert caught.value.code == 11
    assert "revision 2: erp_build newer\nrevision 3: ours" in caught.value.why
    assert "replaced what came before it: run that commit again" in caught.value.next_step
    with pytest.raises(Locked, match="somebody else has changed the release"):
        lock.site.clients.effects.update_function(world.functions.states[FUNCTION], "host/a@sha256:1")


def test_a_lock_that_is_lost_to_a_hand_at_the_release_is_freed_all_the_same(world: FakeWorld) -> None:
    world.run()
    lock = take(world)
    world.helm.was_deployed(world.values.read_text(encoding="utf-8"), "by hand")
    with pytest.raises(Locked, match="somebody else has changed the release"), lock:
        upgrade(lock.site, world)
    assert world.leases.lease is not None
    assert world.leases.lease.holder == ""


def test_latest_that_somebody_moved_behind_our_write_is_seen(world: FakeWorld) -> None:
    lock = take(world)
    other = image_of(world, "2" * 40)
    real = world.effects.tag

    def overtaken(image: StoredImage, tag: str) -> None:
        real(image, tag)
        world.registry.tags[image.repository, tag] = other.digest

    world.effects.tag = overtaken  # type: ignore[method-assign]
    with pytest.raises(Locked, match="somebody else has moved `latest`") as caught:
        lock.site.clients.effects.tag(image_of(world, "1" * 40), "latest")
    assert other.digest in caught.value.why


def test_the_lock_is_asked_again_before_each_attempt_to_push(world: FakeWorld) -> None:
    lock = take(world)
    world.effects.branches["main"] = b"old"

    def change(content: bytes) -> bytes:
        world.leases.is_held(alive=True)
        return content.upper()

    request = EditRequest(branch="main", path="values", change=change, message="")
    with pytest.raises(Locked, match="another run deploys"):
        lock.site.clients.effects.edit_branch(request)
    with pytest.raises(Locked, match="another run deploys"):
        lock.site.clients.effects.edit_branch(replace(request, change=bytes.lower))
    assert world.effects.branches["main"] == b"OLD"


def test_a_function_whose_settings_changed_is_read_again_and_updated(world: FakeWorld) -> None:
    world.run()
    head = world.change(EMPLOYEE)
    changed: list[str] = []
    real = world.functions.update

    def settings_change(state: FunctionState, image: str) -> None:
        if not changed:
            changed.append(image)
            raise FunctionChanged("the function was changed in the meantime", where=FUNCTION)
        real(state, image)

    world.functions.update = settings_change  # type: ignore[method-assign]
    world.run()
    assert world.registry.revisions[world.functions.states[FUNCTION].digest] == head
    assert "it was changed in the meantime, its image not: trying again" in "\n".join(world.progress.lines)


def test_an_update_names_the_revision_that_was_read(world: FakeWorld) -> None:
    world.run()
    read = world.functions.states[FUNCTION]
    world.functions.is_being_updated(FUNCTION, reads=0)
    world.functions.state(FUNCTION)
    with pytest.raises(FunctionUpdateFailed, match="was changed in the meantime"):
        world.functions.update(read, "host/a@sha256:1")


def test_a_cluster_that_does_not_answer_is_no_loss_while_nobody_else_may_take_the_lock(world: FakeWorld) -> None:
    lock = take(world)
    world.leases.troubles.append(OutOfReach("no answer", where="erp-dev"))
    lock.require_held()
    world.clock.sleep(CLAIM.seconds)
    world.leases.troubles += [OutOfReach("no answer", where="erp-dev")] * 1000
    with pytest.raises(OutOfReach, match="no answer"):
        lock.require_held()


def test_an_error_whose_cause_is_a_newer_run_ends_with_11_and_takes_nothing_back(world: FakeWorld) -> None:
    world.run()
    world.change(NOTIFICATION, EMPLOYEE)

    def fail(state: FunctionState, image: str) -> None:  # noqa: ARG001 - as the real one
        world.leases.is_held(alive=True)
        raise FunctionUpdateFailed("the function is gone", where=FUNCTION)

    world.functions.update = fail  # type: ignore[method-assign]
    with pytest.raises(Locked, match="another run deploys") as caught:
        world.run()
    assert "this run saw it as:\nthe function is gone" in caught.value.why
    assert "what runs now:" in caught.value.why
    assert "take back" not in [stage.name for stage in world.report.stages]


def test_what_runs_is_said_when_the_lock_is_lost_after_something_moved(world: FakeWorld) -> None:
    world.run()
    world.change(NOTIFICATION, EMPLOYEE)
    real = world.functions.update

    def lose(state: FunctionState, image: str) -> None:
        real(state, image)
        world.leases.is_held(alive=True)

    world.functions.update = lose  # type: ignore[method-assign]
    with pytest.raises(Locked, match="another run deploys") as caught:
        world.run()
    assert f"{EMPLOYEE}: {world.functions.states[FUNCTION].digest}" in caught.value.why


def test_nothing_to_do_that_a_newer_run_has_overtaken_ends_with_11(world: FakeWorld, tmp_path: Path) -> None:
    world.run()
    older = world.checkout.head()
    newer = world.change(NOTIFICATION, EMPLOYEE)
    other = world.beside(tmp_path / "other", newer)
    world.checkout.git("reset", "--quiet", "--hard", older)
    real, looks = world.registry.stored, list[str]()

    def stored(repository: str, reference: str) -> StoredImage | None:
        looks.append(reference)
        if len(looks) == 2:
            other.run()
        return real(repository, reference)

    world.registry.stored = stored  # type: ignore[method-assign]
    with pytest.raises(NewerDeployed, match="newer commit is already deployed"):
        world.run()


def test_a_write_back_that_finds_the_lock_lost_is_no_warning(world: FakeWorld) -> None:
    world.project = world.project._replace(deploy=DeployPolicy(write_back="branch", branch="release"))
    world.effects.branches["release"] = world.values.read_bytes()
    world.change(NOTIFICATION)
    real = world.effects.edit_branch

    def lose(request: EditRequest) -> str | None:
        world.leases.is_held(alive=True)
        return real(request)

    world.effects.edit_branch = lose  # type: ignore[method-assign]
    with pytest.raises(Locked, match="another run deploys"):
        world.run(Options())
