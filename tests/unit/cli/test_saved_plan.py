"""A plan that is saved before anything is built, and what the command line refuses of saved plans."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from erp_build.changes.live_state import read_live_state
from erp_build.cli.saved_plan import UnitPlan, load_plan, save_live
from erp_build.errors import ConfigurationError, PlanMoved, ReleaseFailed
from erp_build.formats.frozen_plan import SealedPlan
from erp_build.model.releases.frozen_plan import FrozenChoice
from erp_build.run_options import Options
from tests.fakes.world import FakeWorld
from tests.support.cli import CommandLine
from tests.support.git import Checkout
from tests.support.samples import CHART, EMPLOYEE, NOTIFICATION

ONLY = FrozenChoice(only=(NOTIFICATION,))


def planned(world: FakeWorld, folder: Path, choice: FrozenChoice = FrozenChoice()) -> SealedPlan:  # noqa: B008 - frozen
    """What `plan --live --save` writes for the world as it is."""
    world.rehearse(Options(only=choice.only))
    assert world.report.plan
    world.checkout.git("reset", "--quiet", "--hard")
    site, file = world.site(), folder / "out" / "plan.json"
    saved = save_live(str(file), [UnitPlan(site, read_live_state(site), world.report.plan)], choice, world.secrets)
    assert load_plan(file, {}) == saved
    return saved


def test_a_plan_without_images_is_built_and_deployed_as_it_says(world: FakeWorld, tmp_path: Path) -> None:
    head = world.change(NOTIFICATION, EMPLOYEE, CHART)
    saved = planned(world, tmp_path)
    assert saved.plan.stage == "planned"
    (release,) = saved.plan.units
    assert release.changes
    assert "(known after the build)" in release.changes.values
    world.run(Options(saved=saved))
    assert world.verbs().count("build_image") == 2
    assert world.cluster.running()[NOTIFICATION] == head[:7]


def test_what_was_built_since_is_another_plan(world: FakeWorld, tmp_path: Path) -> None:
    world.change(NOTIFICATION)
    saved = planned(world, tmp_path)
    world.build()
    with pytest.raises(PlanMoved, match="the saved plan does not hold") as caught:
        world.run(Options(saved=saved))
    assert f"action for {NOTIFICATION}: build in the plan, now reuse" in caught.value.why


def test_a_plan_of_a_part_says_what_was_chosen(world: FakeWorld, tmp_path: Path) -> None:
    world.change(NOTIFICATION, EMPLOYEE)
    saved = planned(world, tmp_path, ONLY)
    assert saved.plan.choice == ONLY
    with pytest.raises(PlanMoved, match="the saved plan does not hold") as caught:
        world.run(Options(saved=saved))
    assert f"whether {EMPLOYEE} is chosen: no in the plan, now yes" in caught.value.why
    world.run(Options(saved=saved, only=saved.plan.choice.only))
    assert world.actions() == {NOTIFICATION: "build"}


def test_a_plan_with_nothing_to_do_is_saved_and_done(world: FakeWorld, tmp_path: Path) -> None:
    saved = planned(world, tmp_path)
    assert saved.plan.is_empty
    world.run(Options(saved=saved))
    assert world.report.outcome == "nothing"


def test_a_plan_of_a_checkout_that_is_not_committed_is_not_saved(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.uncommitted = {"backend/notification-service/src/App.java": "class App { int other; }"}
    with pytest.raises(ConfigurationError, match="a plan is saved of a commit") as caught:
        world.run(Options(until="cleared"))
    assert "not committed: backend/notification-service/src/App.java" in caught.value.why
    assert world.verbs() == []


def test_a_plan_of_a_release_that_is_not_at_rest_is_not_saved(world: FakeWorld) -> None:
    world.change(NOTIFICATION)
    world.helm.is_pending("2026-01-01T01:00:00Z")
    with pytest.raises(ReleaseFailed, match="in the middle of an operation") as caught:
        world.run(Options(until="cleared"))
    assert "pending-upgrade" in caught.value.why
    assert world.verbs() == []


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("run --until cleared", "--until and --save belong together"),
        ("run --save plan.json", "--until and --save belong together"),
        ("run --until cleared --save plan.json --rehearse", "a rehearsal has no images"),
        ("run --plan plan.json --only a", "--plan and --only exclude each other"),
        ("run --plan plan.json --until cleared --save b.json", "--plan and --until exclude each other"),
        ("run --plan absent.json", "the saved plan cannot be read"),
        ("plan --save plan.json", "only a plan of the checkout"),
        ("plan --live --head HEAD --save plan.json", "only a plan of the checkout"),
        ("run --until proven", "invalid choice"),
    ],
)
def test_what_does_not_go_together_is_a_mistake_of_the_caller(
    words: str, what: str, erp: Checkout, erp_build: CommandLine
) -> None:
    answer = erp_build(*words.split(), "--repo", erp.root)
    assert answer.code == 2
    assert what in answer.err


def test_a_file_that_was_changed_ends_with_thirteen_and_a_report(
    erp: Checkout, erp_build: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    file.write_text('{"schema": 1, "digest": "sha256:0"}', encoding="utf-8")
    answer = erp_build("run", "--plan", file, "--repo", erp.root, "--json")
    assert answer.code == 13
    assert "the file of the plan is not as it was written" in answer.err
    document = json.loads(answer.out)
    assert (document["outcome"], document["exit_code"]) == ("failed", 13)
    assert document["error"]["where"] == str(file)


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_directory(path: Path) -> None:
    path.mkdir()


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to("absent")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (a_pipe, "it is a pipe, not a file"),
        (a_directory, "it is a directory, not a file"),
        (a_link_to_nothing, "No such file or directory"),
    ],
)
def test_what_is_no_file_is_not_waited_for(
    make: Callable[[Path], None], why: str, erp: Checkout, erp_build: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    make(file)
    answer = erp_build("run", "--plan", file, "--repo", erp.root)
    assert answer.code == 2
    assert "the saved plan cannot be read" in answer.err
    assert why in answer.err
    assert str(file) in answer.err


def test_what_a_file_says_does_not_move_the_cursor(erp: Checkout, erp_build: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"schema": 1, "digest": "\x1b]0;title\x07\ud800\u202e"}), encoding="utf-8")
    answer = erp_build("run", "--plan", file, "--repo", erp.root)
    assert answer.code == 13
    assert "its digest says" in answer.err
    assert answer.err.replace("\n", "").isprintable()
