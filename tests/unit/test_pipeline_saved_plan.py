"""A run of a saved plan does exactly what the plan says, or refuses with exit code 13 and says what has moved."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from erp_build.deployment.preview import values_diff
from erp_build.errors import PlanMoved
from erp_build.formats.frozen_plan import SealedPlan
from erp_build.run_options import Options
from tests.fakes.world import FakeWorld
from tests.support.plan_moves import MOVES, WAIVERS
from tests.support.samples import CHART, EMPLOYEE, ERP, NOTIFICATION
from tests.support.saved_plans import saved_by

ALIASED = ERP._replace(functions=(ERP.functions[0]._replace(publish=True, alias="live"),))


@pytest.fixture
def changed(world: FakeWorld) -> FakeWorld:
    """A world in which a service, the function and the chart have changed since the deployment."""
    world.project = ALIASED._replace(gate=ERP.gate._replace(waivers="waivers.toml"))
    world.commit({"waivers.toml": WAIVERS})
    world.run()
    world.change(NOTIFICATION, EMPLOYEE, CHART)
    return world


def run(world: FakeWorld, saved: SealedPlan) -> None:
    world.run(Options(saved=saved))


def state(world: FakeWorld) -> tuple[object, ...]:
    """What runs, and what could be run."""
    return (
        dict(world.functions.states),
        dict(world.functions.aliases),
        world.cluster.running(),
        list(world.helm.revisions),
        dict(world.registry.tags),
    )


def test_a_run_until_cleared_changes_nothing_that_runs(changed: FakeWorld, tmp_path: Path) -> None:
    before = state(changed)[:4]
    saved = saved_by(changed, tmp_path)
    assert state(changed)[:4] == before
    assert changed.report.outcome == "cleared"
    assert changed.moved() == set()
    assert saved.plan.stage == "cleared"
    assert [stage.name for stage in changed.report.stages][-3:] == ["clear images", "check plan", "freeze plan"]


def test_an_unmoved_plan_is_done_to_the_letter(changed: FakeWorld, tmp_path: Path) -> None:
    saved = saved_by(changed, tmp_path)
    (release,) = saved.plan.units
    preview = release.changes
    assert preview
    content = changed.values.read_bytes()
    changed.rehearse(Options(saved=saved))
    assumed = changed.done()
    run(changed, saved)
    assert changed.done() == assumed
    assert changed.report.outcome == "deployed"
    assert "build_image" not in changed.verbs()
    # What was written is what was previewed, byte for byte.
    assert values_diff(content, changed.values.read_bytes(), "helm-chart/values-dev.yaml") == preview.values
    assert changed.report.preview == preview
    images = {target.name: target.image for target in release.targets if target.image}
    assert images.keys() == {NOTIFICATION, EMPLOYEE}
    assert {proof.target: proof.running for proof in changed.report.proofs if proof.target in images} == images


def test_the_plan_of_one_process_is_done_by_another_with_a_checkout_of_its_own(
    changed: FakeWorld, tmp_path: Path
) -> None:
    saved = saved_by(changed, tmp_path)
    other = changed.beside(tmp_path / "other", saved.plan.head)
    run(other, saved)
    assert other.report.outcome == "deployed"
    assert other.cluster.running()[NOTIFICATION] == saved.plan.head[:7]


@contextmanager
def refused(world: FakeWorld) -> Iterator[pytest.ExceptionInfo[PlanMoved]]:
    """The block is refused, and what runs stays as it was."""
    before = state(world)[:4]
    with pytest.raises(PlanMoved, match="the saved plan does not hold any more") as caught:
        yield caught
    assert state(world)[:4] == before
    assert world.moved() == set()


@pytest.mark.parametrize("what", MOVES)
def test_what_has_moved_is_said_and_nothing_is_deployed(changed: FakeWorld, tmp_path: Path, what: str) -> None:
    saved = saved_by(changed, tmp_path)
    move, line = MOVES[what]
    move(changed)
    with refused(changed) as caught:
        run(changed, saved)
    assert line in caught.value.why
    assert caught.value.code == 13
    assert "make the plan anew" in caught.value.next_step
    assert caught.value.where.startswith(f"{tmp_path}/plan.json, {saved.digest[:19]}")


def with_password(world: FakeWorld, value: str) -> None:
    """The chart makes an object with a secret's name in it."""
    settings = {"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"DB_PASSWORD": value}}
    world.helm.makes = lambda _: [settings]


def test_no_secret_is_in_the_file_and_one_that_changes_is_seen_all_the_same(changed: FakeWorld, tmp_path: Path) -> None:
    with_password(changed, "before-the-plan")
    changed.run()
    changed.change(NOTIFICATION, text="again")
    with_password(changed, "hunter2")
    saved = saved_by(changed, tmp_path)
    text = Path(saved.where).read_text(encoding="utf-8")
    assert "data.DB_PASSWORD" in text
    for secret in ("hunter2", "before-the-plan"):
        digests = {getattr(hashlib, name)(secret.encode()).hexdigest() for name in ("md5", "sha1", "sha256")}
        hidden = {secret, base64.b64encode(secret.encode()).decode(), secret.encode().hex(), *digests}
        assert [one for one in hidden if one in text] == []
    with_password(changed, "hunter3")
    with refused(changed) as caught:
        run(changed, saved)
    assert "objects: a value that is not shown" in caught.value.why
    assert "hunter" not in caught.value.why


def forged(saved: SealedPlan, *, image: str = "", tag: str = "") -> SealedPlan:
    """The plan of somebody who names something else for a service, and knows how a digest is made."""
    (release,) = saved.plan.units
    targets = tuple(
        replace(one, image=image or one.image, tag=tag or one.tag) if one.name == NOTIFICATION else one
        for one in release.targets
    )
    return saved._replace(plan=replace(saved.plan, units=(replace(release, targets=targets),)))


def test_no_file_brings_an_image_of_another_content_or_under_another_tag(changed: FakeWorld, tmp_path: Path) -> None:
    saved = saved_by(changed, tmp_path)
    old = changed.registry.tags[f"erp/{NOTIFICATION}", "latest"]
    with refused(changed) as caught:
        run(changed, forged(saved, image=old))
    assert f"image of {NOTIFICATION}: {old} has not the content " in caught.value.why
    with refused(changed) as caught:
        run(changed, forged(saved, tag="latest"))
    assert f"image of {NOTIFICATION}: the tag latest is not that of the commit" in caught.value.why


@pytest.mark.parametrize("behind", ["-by-hand", "-2@sha256:" + "0" * 64, "-101", "-02", "-dirty"])
def test_a_tag_is_one_that_a_run_of_the_commit_gives(changed: FakeWorld, tmp_path: Path, behind: str) -> None:
    saved = saved_by(changed, tmp_path)
    tag = f"{saved.plan.head[:7]}{behind}"
    with refused(changed) as caught:
        run(changed, forged(saved, tag=tag))
    assert f"image of {NOTIFICATION}: the tag {tag} is not that of the commit" in caught.value.why


def test_a_unit_of_the_plan_that_the_project_has_no_more_is_said(changed: FakeWorld, tmp_path: Path) -> None:
    saved = saved_by(changed, tmp_path)
    plan = saved.plan
    more = saved._replace(plan=replace(plan, units=(*plan.units, replace(plan.units[0], name="billing"))))
    with refused(changed) as caught:
        run(changed, more)
    assert caught.value.why == "unit: billing is not in the project any more"


def test_of_several_releases_each_is_held_to_its_part(changed: FakeWorld, tmp_path: Path) -> None:
    saved = saved_by(changed, tmp_path)
    plan = saved.plan
    other = saved._replace(plan=replace(plan, units=(replace(plan.units[0], name="billing"),)))
    with refused(changed) as caught:
        run(changed, other)
    assert f"unit: {CHART} was not in the plan" in caught.value.why


def test_a_plan_is_done_once(changed: FakeWorld, tmp_path: Path) -> None:
    saved = saved_by(changed, tmp_path)
    run(changed, saved)
    with refused(changed) as caught:
        run(changed, saved)
    assert f"what runs of {NOTIFICATION}: " in caught.value.why
