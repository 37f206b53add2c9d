"""A pipeline with stages of a caller: where they run, what they get, and what is refused."""

import re
from pathlib import Path

import pytest

from erp_build import pipeline as runs
from erp_build.changes.baselines import find_head
from erp_build.clients.clock import SimulatedClock
from erp_build.errors import BuildFailed, ConfigurationError
from erp_build.model.stages.hooks import Pipeline
from erp_build.model.stages.stage import STAGES
from erp_build.run_record import Run
from scripts import stage_table
from tests.fakes.world import FakeWorld
from tests.support.samples import NOTIFICATION

SOURCES = Path(runs.__file__).parent


def build_images(commit: str, *, layers: int = 1) -> str:
    return f"{commit} in {layers}"


def recording(pipeline: Pipeline) -> Run:
    return Run(clock=SimulatedClock(), on_stage=lambda _: None, pipeline=pipeline)


def test_what_is_put_before_and_after_runs_in_the_order_in_which_it_was_put_there() -> None:
    seen: list[str] = []

    def look(commit: str, *, layers: int = 1) -> None:
        seen.append(f"before {commit} {layers}")

    def look_again(*_: object, **__: object) -> None:
        seen.append("before again")

    def keep(image: str, commit: str, *, layers: int = 1) -> None:
        seen.append(f"after {image}, {commit} {layers}")

    place = Pipeline().at(build_images).before(look).at(build_images).after(keep).at(build_images)
    run = recording(place.before(look_again))
    assert run.stage(build_images, "abc", layers=2) == "abc in 2"
    assert seen == ["before abc 2", "before again", "after abc in 2, abc 2"]
    assert [stage.name for stage in run.report().stages] == ["look", "look again", "build images", "keep"]


def test_the_last_one_in_place_of_a_stage_does_its_work_under_its_name() -> None:
    def first(commit: str, *, layers: int = 1) -> str:
        return f"first {commit} {layers}"

    def second(commit: str, *, layers: int = 1) -> str:
        return f"second, not {first(commit, layers=layers)}"

    run = recording(Pipeline().at(build_images).replace(first).at(build_images).replace(second))
    assert run.stage(build_images, "abc") == "second, not first abc 1"
    assert [stage.name for stage in run.report().stages] == ["build images"]


def test_what_fails_before_a_stage_keeps_it_from_running() -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BuildFailed("not today")

    run = recording(Pipeline().at(build_images).before(refuse))
    with pytest.raises(BuildFailed, match="not today"):
        run.stage(build_images, "abc")
    assert [(stage.name, stage.status) for stage in run.report().stages] == [("refuse", "failed")]


def test_an_object_that_can_be_called_is_a_stage_too() -> None:
    class Look:
        def __call__(self, *_: object, **__: object) -> None:
            """See nothing."""

    run = recording(Pipeline().at(build_images).before(Look()))
    run.stage(build_images, "abc")
    assert run.report().stages[0].name == "Look"


def test_a_change_makes_a_new_pipeline() -> None:
    plain = Pipeline()
    plain.at(build_images).before(lambda *_, **__: None)
    assert plain == Pipeline()


def test_stages_know_when_they_began() -> None:
    clock = SimulatedClock()
    run = Run(clock=clock, on_stage=lambda _: None)
    clock.sleep(2)
    run.stage(clock.sleep, 3)
    run.stage(clock.sleep, 4)
    assert [(stage.began, stage.seconds) for stage in run.report().stages] == [(2, 3), (5, 4)]


def test_a_place_that_no_run_comes_to_is_refused_before_anything_is_read(world: FakeWorld) -> None:
    def judge_image(*_: object) -> None:
        """Is not called."""

    world.pipeline = Pipeline().at(judge_image).before(judge_image)
    with pytest.raises(ConfigurationError, match="`judge_image` is no stage of a run") as caught:
        world.run()
    assert caught.value.next_step == "did you mean `judge_images`?"
    assert world.report.stages == ()
    world.pipeline = Pipeline().at(find_head).before(lambda *_, **__: None)
    with pytest.raises(ConfigurationError, match="`find_head` is no stage"):
        world.run()


def test_every_stage_of_the_sources_is_run_somewhere() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    called = set(re.findall(r"\brun\.(?:stage|beside)[(,]\s*(\w+)", texts))
    assert called - {"run"} == {stage.__name__ for stage in STAGES}
    assert len(called) > 20


def test_the_page_lists_every_stage_of_today() -> None:
    assert stage_table.PAGE.read_text(encoding="utf-8") == stage_table.page(), "make generated writes it anew"
    rows = stage_table.table().splitlines()[2:]
    assert {row.split("|")[1].strip().replace(" ", "_") for row in rows} == {stage.__name__ for stage in STAGES}


def test_every_stage_that_a_run_comes_to_can_be_watched(world: FakeWorld) -> None:
    seen: list[str] = []
    for stage in STAGES:
        world.pipeline = world.pipeline.at(stage).before(lambda *_, name=stage.__name__, **__: seen.append(name))
    world.change(NOTIFICATION)
    report = world.run()
    assert len(seen) == 20
    assert [stage.name.replace(" ", "_") for stage in report.stages if stage.name != "<lambda>"] == seen
