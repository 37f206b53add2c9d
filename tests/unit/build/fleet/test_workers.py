"""Images that workers make: who builds what, and what becomes of a worker that does not do it."""

import pytest

from erp_build.build.fleet.crew import LOOK_EVERY_S
from erp_build.errors import BuildFailed, ErpBuildError, FleetFull, Locked
from erp_build.model.build_options import FanOut
from erp_build.model.images.fleet import Worker
from erp_build.run_options import Options
from tests.fakes.fleet import SECONDS_EACH, Way, refusal
from tests.unit.build.fleet.conftest import PROJECT, SERVICES, FleetWorld


def by_end(workers: tuple[Worker, ...]) -> list[str]:
    return [worker.end for worker in workers]


def test_three_workers_build_everything_and_the_run_deploys_it(crowd: FleetWorld) -> None:
    report = crowd.go()
    assert report.outcome == "deployed"
    assert crowd.built_here() == []
    assert by_end(report.workers) == ["done"] * 3
    assert sorted(name for worker in report.workers for name in worker.made) == sorted(crowd.names)
    assert len([proof for proof in report.proofs if proof.holds]) == SERVICES
    assert crowd.wrongs() == []


def test_the_workers_get_the_commit_the_keys_and_whom_they_work_for(crowd: FleetWorld) -> None:
    report = crowd.go()
    assert report.plan is not None
    keys = {step.target.name: step.key for step in report.plan.steps}
    for one in crowd.fleet.builds.values():
        assert (one.request.project, one.request.commit) == (PROJECT, report.plan.head)
        assert one.request.fleet == "erp-dev/erp-dev/erp-microservices"
        assert all(image.key == keys[image.target.name] for image in one.request.images)


def test_it_takes_as_long_as_the_longest_worker(crowd: FleetWorld) -> None:
    crowd.go()
    assert crowd.seconds("build on workers") == pytest.approx(SERVICES / 3 * SECONDS_EACH, abs=2 * LOOK_EVERY_S)


def test_all_workers_are_looked_at_with_one_call(crowd: FleetWorld) -> None:
    crowd.go()
    assert crowd.fleet.looked <= SERVICES / 3 * SECONDS_EACH / LOOK_EVERY_S + 2


@pytest.mark.parametrize("options", [{"workers": 0}, {"least": SERVICES + 1}])
def test_without_workers_or_with_too_few_builds_everything_is_built_here(
    options: dict[str, int], crowd: FleetWorld
) -> None:
    crowd.fan_out(**options)
    crowd.go()
    assert len(crowd.built_here()) == SERVICES
    assert crowd.fleet.builds == {}


def test_fan_out_is_off_by_default() -> None:
    assert FanOut().workers == 0


def test_the_project_is_that_of_the_run_where_no_other_is_named(crowd: FleetWorld) -> None:
    crowd.fan_out(project="")
    crowd.go(variables={"CODEBUILD_BUILD_ID": "erp-unified-build:7"})
    assert {one.request.project for one in crowd.fleet.builds.values()} == {"erp-unified-build"}


@pytest.mark.parametrize(
    "variables",
    [{}, {"CODEBUILD_BUILD_ID": "erp-unified-build:7", "CODEBUILD_INITIATOR": "codepipeline/erp-unified-pipeline"}],
    ids=["a laptop", "a pipeline"],
)
def test_where_no_build_can_be_begun_it_is_said_and_built_here(variables: dict[str, str], crowd: FleetWorld) -> None:
    crowd.fan_out(project="")
    report = crowd.go(variables=variables)
    assert len(crowd.built_here()) == SERVICES
    assert report.plan is not None
    assert any(warning.startswith("[build.fan_out]: no project of CodeBuild") for warning in report.plan.warnings)


def test_what_is_rebuilt_on_purpose_or_has_no_key_is_built_here(crowd: FleetWorld) -> None:
    first, second = crowd.project.services[:2]
    crowd.uncommitted = {f"{second.path}/src/App.java": "class App { int other; }"}
    crowd.go(rebuild=(first.name,))
    assert sorted(crowd.built_here()) == [first.name, second.name]
    assert crowd.wrongs() == []


def test_what_is_rebuilt_for_its_base_is_built_by_workers(crowd: FleetWorld) -> None:
    base, old, new = "eclipse-temurin:17-jre", "sha256:" + "b" * 64, "sha256:" + "c" * 64
    crowd.assembly.bases[base] = old
    crowd.commit({f"{target.path}/Dockerfile": f"FROM {base}\n" for target in crowd.project.image_targets})
    crowd.go()
    crowd.assembly.bases[base] = new
    report = crowd.go(stale=True)
    assert crowd.built_here() == []
    assert sorted(name for worker in report.workers for name in worker.made) == sorted(crowd.names)
    assert crowd.wrongs() == []


@pytest.mark.parametrize("way", ["breaks", "lost", "stopped"])
def test_what_a_machine_did_not_make_another_worker_makes(way: Way, crowd: FleetWorld) -> None:
    crowd.fleet.ways, crowd.fleet.fails_at = [way], 1
    report = crowd.go()
    assert crowd.built_here() == []
    ends = {"breaks": "broken"}.get(way, way)
    assert sorted(by_end(report.workers)) == sorted([ends, "done", "done", "done"])
    broken = next(worker for worker in report.workers if worker.end == ends)
    assert broken.made == broken.targets[:1]
    assert crowd.wrongs() == []


def test_what_two_workers_did_not_make_is_built_here(crowd: FleetWorld) -> None:
    crowd.fleet.ways = ["breaks", "breaks", "breaks", "breaks", "breaks", "breaks"]
    report = crowd.go()
    assert by_end(report.workers) == ["broken"] * 6
    assert sorted(crowd.built_here()) == sorted(crowd.names)


def test_what_does_not_compile_there_is_built_here_so_that_its_error_is_told(crowd: FleetWorld) -> None:
    bad = crowd.project.services[4].name
    crowd.fleet.broken_names = {bad}
    crowd.effects.does_not_compile(bad)
    with pytest.raises(BuildFailed, match="Maven failed") as caught:
        crowd.go()
    assert caught.value.where == bad
    assert sorted(by_end(crowd.report.workers)) == ["done", "done", "failed"]
    assert crowd.built_here() == []
    assert crowd.wrongs() == []


def test_a_worker_that_hangs_is_stopped_and_its_rest_goes_on_only_when_it_has_ended(crowd: FleetWorld) -> None:
    crowd.fleet.ways, crowd.fleet.fails_at = ["hangs"], 2
    report = crowd.go()
    assert sorted(by_end(report.workers)) == ["done", "done", "done", "hung"]
    assert crowd.fleet.stops == [f"{PROJECT}:1"]
    assert crowd.wrongs() == []


def test_services_of_a_worker_that_does_not_end_fail_by_name_and_the_others_are_finished(crowd: FleetWorld) -> None:
    crowd.fleet.ways = ["deaf"]
    with pytest.raises(BuildFailed, match="a worker does not end") as caught:
        crowd.go()
    deaf = crowd.fleet.builds[f"{PROJECT}:1"]
    assert caught.value.targets == set(deaf.request.names)
    assert sorted(by_end(crowd.report.workers)) == ["done", "done", "hung"]
    assert crowd.fleet.overlaps() == []
    assert crowd.verbs().count("build_image") == 0


def test_an_image_under_another_key_is_not_taken(crowd: FleetWorld) -> None:
    crowd.fleet.ways = ["another base"]
    report = crowd.go()
    odd = next(worker for worker in report.workers if not worker.made)
    assert odd.why == "it succeeded, but the registry has no image with the key of the plan"
    assert sorted(crowd.built_here()) == sorted(odd.targets)


def test_a_worker_that_is_not_known_at_once_is_not_lost(crowd: FleetWorld) -> None:
    crowd.fleet.ways = ["late", "late"]
    assert by_end(crowd.go().workers) == ["done"] * 3


def test_no_room_for_all_makes_the_others_wait_for_it(crowd: FleetWorld) -> None:
    crowd.fleet.room = 1
    report = crowd.go()
    assert by_end(report.workers) == ["done"] * 3
    assert crowd.built_here() == []


@pytest.mark.parametrize("error", [FleetFull("no room"), refusal()], ids=["no room at all", "no right"])
def test_where_no_worker_begins_everything_is_built_here(error: ErpBuildError, crowd: FleetWorld) -> None:
    crowd.fleet.refusals = [error]
    report = crowd.go()
    assert report.workers == ()
    assert len(crowd.built_here()) == SERVICES
    assert report.plan is not None
    assert "built here: no worker could be started" in report.plan.builds[0].because[-1].rule


def test_a_throttled_start_is_asked_again(crowd: FleetWorld) -> None:
    crowd.fleet.refusals = [refusal(passes=True), refusal(passes=True)]
    report = crowd.go()
    assert by_end(report.workers) == ["done"] * 3


def test_a_start_whose_answer_never_came_leaves_no_worker(crowd: FleetWorld) -> None:
    crowd.fleet.unanswered = 100
    crowd.go()
    assert len(crowd.fleet.builds) == 1
    assert crowd.fleet.going_on == ()
    assert len(crowd.built_here()) == SERVICES


def test_workers_that_cannot_be_looked_at_for_a_while_go_on(crowd: FleetWorld) -> None:
    crowd.fleet.blind = [refusal(passes=True) for _ in range(8)]
    assert by_end(crowd.go().workers) == ["done"] * 3


def test_a_look_that_is_not_allowed_ends_the_run_and_the_workers(crowd: FleetWorld) -> None:
    crowd.fleet.blind = [refusal()]
    with pytest.raises(BuildFailed, match="StartBuild"):
        crowd.go()
    assert crowd.wrongs() == []
    assert by_end(crowd.report.workers) == ["left"] * 3


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Locked("the lock is lost")], ids=["Ctrl-C", "a lost lock"])
def test_a_run_that_ends_stops_its_workers(error: BaseException, crowd: FleetWorld) -> None:
    crowd.fleet.blind = [error]
    with pytest.raises(type(error)):
        crowd.go()
    assert len(crowd.fleet.stops) == 3
    assert crowd.wrongs() == []
    assert by_end(crowd.report.workers) == ["left"] * 3


def test_a_run_whose_time_is_over_stops_its_workers(crowd: FleetWorld) -> None:
    crowd.clock.limit(60.0)
    with pytest.raises(ErpBuildError, match="the time of the run is over"):
        crowd.go()
    assert len(crowd.fleet.stops) == 3
    assert crowd.wrongs() == []


def test_the_workers_of_a_killed_run_are_stopped_and_what_they_made_is_taken(crowd: FleetWorld) -> None:
    crowd.fleet.blind = [SystemExit()]
    crowd.fleet.is_out_of_reach = True
    with pytest.raises(SystemExit):
        crowd.go()
    crowd.leases.is_held(alive=False)
    former = crowd.fleet.going_on
    assert len(former) == 3
    crowd.fleet.is_out_of_reach = False
    crowd.clock.sleep(SECONDS_EACH * 1.5)
    report = crowd.go()
    assert set(former) <= set(crowd.fleet.stops)
    assert report.outcome == "deployed"
    assert len([proof for proof in report.proofs if proof.holds]) == SERVICES
    assert crowd.wrongs() == []


def test_a_second_run_finds_the_images_and_begins_no_worker(crowd: FleetWorld) -> None:
    crowd.go()
    crowd.fleet.builds.clear()
    crowd.run(Options())
    assert crowd.report.outcome == "nothing"
    assert crowd.fleet.builds == {}


def test_long_services_are_spread_by_what_they_took_before(crowd: FleetWorld) -> None:
    slow = [service.name for service in crowd.project.services[:3]]
    crowd.go(seconds={**dict.fromkeys(crowd.names, 10.0), **dict.fromkeys(slow, 500.0)})
    shares = [one.request.names for one in crowd.fleet.builds.values()]
    assert [len(set(slow) & set(share)) for share in shares] == [1, 1, 1]


def test_a_rehearsal_assumes_the_workers(crowd: FleetWorld) -> None:
    report = crowd.rehearse()
    assert report.outcome == "rehearsed"
    assert crowd.fleet.builds == {}
    assert [effect.state for effect in report.effects if effect.name == "start_worker"] == ["assumed"] * 3
    assert crowd.built_here() == []
