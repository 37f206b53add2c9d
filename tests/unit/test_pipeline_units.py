"""Functions apart: each is gated, deployed, proven and rolled back by itself, beside the releases."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from erp_build.cli.verbs.rollback import roll_back
from erp_build.deployment.status import past_deployments, read_standing, read_status
from erp_build.errors import NewerDeployed, PartlyDeployed
from erp_build.model.project import DeployPolicy
from erp_build.model.releases.units import name_of, units_of
from erp_build.report.document import report_document
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY
from tests.fakes.registry import scan
from tests.fakes.several import PAYROLL, SeveralReleases, several_releases
from tests.fakes.world import FUNCTION, FUNCTION_REPOSITORY, Killed
from tests.support.samples import EMPLOYEE

UNITS = [EMPLOYEE, "a", PAYROLL.name, "b"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> SeveralReleases:
    """Two releases and two functions that were deployed, made once."""
    return several_releases(tmp_path_factory.mktemp("units") / "world", ("a", "b"), "apart")


@pytest.fixture
def world(template: SeveralReleases, tmp_path: Path) -> SeveralReleases:
    """Two releases and two functions that were deployed."""
    return template.copy_to(tmp_path / "world")


def changed(world: SeveralReleases, before: dict[str, str]) -> set[str]:
    """The services and functions that run another image than before."""
    return {name for name, digest in world.digests().items() if before.get(name) != digest}


def test_each_function_is_deployed_before_its_release_under_a_lock_and_a_ledger_of_its_own(
    world: SeveralReleases,
) -> None:
    assert [name_of(unit) for unit in units_of(world.project)] == UNITS
    for place in ("release-a", "release-b", FUNCTION, PAYROLL.function):
        assert [one.outcome for one in world.ledger(place)] == ["deployed"]
    assert world.run().outcome == "nothing"
    assert world.is_free()


def test_a_blocked_function_stays_as_it_runs_and_holds_nobody(world: SeveralReleases) -> None:
    before = world.digests()
    world.change(EMPLOYEE, PAYROLL.name, "service-a", "b")
    world.registry.answers(FUNCTION_REPOSITORY, scan(CRITICAL=1))
    with pytest.raises(PartlyDeployed, match="1 of 4 releases and functions were not deployed") as caught:
        world.run()
    assert caught.value.code == 12
    assert caught.value.where == EMPLOYEE
    assert world.outcomes() == {EMPLOYEE: "failed", "a": "deployed", PAYROLL.name: "deployed", "b": "deployed"}
    assert world.codes() == {EMPLOYEE: 6}
    assert changed(world, before) == {"service-a", PAYROLL.function}
    assert world.is_free()
    units = {one["name"]: (one["kind"], one["exit_code"]) for one in report_document(world.report)["units"]}
    assert units == {EMPLOYEE: ("function", 6), "a": ("release", 0), PAYROLL.name: ("function", 0), "b": ("release", 0)}


def test_a_release_that_is_rolled_back_leaves_its_function_deployed(world: SeveralReleases) -> None:
    before = world.digests()
    head = world.change(EMPLOYEE, "service-a")
    world.clusters["release-a"].troubles["service-a"] = NEVER_READY
    with pytest.raises(PartlyDeployed, match="1 of 4"):
        world.run()
    assert world.codes() == {"a": 9}
    assert changed(world, before) == {FUNCTION}
    assert (world.ledger(FUNCTION)[-1].commit, world.ledger(FUNCTION)[-1].outcome) == (head, "deployed")
    assert world.ledger("release-a")[-1].outcome == "taken back"
    assert world.ledger("release-a")[-1].functions == {}


def test_a_function_whose_update_fails_is_rolled_back_alone(world: SeveralReleases) -> None:
    before = world.digests()
    world.change(EMPLOYEE, "service-a")
    world.functions.fails_to_update(FUNCTION, "ImageAccessDenied", times=1)
    with pytest.raises(PartlyDeployed, match="1 of 4"):
        world.run()
    assert world.codes() == {EMPLOYEE: 8}
    assert changed(world, before) == {"service-a"}
    assert [one.outcome for one in world.ledger(FUNCTION)] == ["deployed", "taken back"]
    assert [line.partition(":")[0] for line in world.report.taken_back] == [EMPLOYEE]
    assert world.run().outcome == "deployed"
    assert changed(world, before) == {"service-a", FUNCTION}


def test_who_holds_the_lock_of_a_function_or_of_a_release_holds_up_nobody_else(world: SeveralReleases) -> None:
    before = world.digests()
    world.change(EMPLOYEE, PAYROLL.name, "service-a", "service-b")
    world.all_leases[FUNCTION].is_held(alive=True)
    world.all_leases["release-b"].is_held(alive=True)
    with pytest.raises(PartlyDeployed, match="2 of 4"):
        world.run()
    assert world.codes() == {EMPLOYEE: 11, "b": 11}
    assert changed(world, before) == {PAYROLL.function, "service-a"}


def test_a_run_that_was_killed_at_a_function_is_taken_up_by_the_next_one(world: SeveralReleases) -> None:
    head = world.change(EMPLOYEE, "service-a")
    entries = world.ledger("release-a")
    world.is_killed("update_function", 1, "after")
    with pytest.raises(Killed, match="after update_function"):
        world.run()
    assert not world.is_free()
    assert world.ledger(FUNCTION)[-1].outcome == "begun"
    world.killed = None
    assert world.run().outcome == "deployed"
    assert world.outcomes()["a"] == "deployed"
    assert (world.ledger(FUNCTION)[-1].commit, world.ledger(FUNCTION)[-1].outcome) == (head, "deployed")
    assert len(world.ledger("release-a")) == len(entries) + 1
    assert world.is_free()
    assert world.run().outcome == "nothing"


def test_a_function_that_fails_after_a_killed_run_goes_back_to_what_was_proven(world: SeveralReleases) -> None:
    before = world.digests()
    world.change(EMPLOYEE)
    world.is_killed("update_function", 1, "after")
    with pytest.raises(Killed, match="after update_function"):
        world.run()
    world.killed = None
    world.change(EMPLOYEE, "service-a", text="newer")
    world.functions.fails_to_update(FUNCTION, "ImageAccessDenied", times=1, after=1)
    with pytest.raises(PartlyDeployed, match="1 of 4"):
        world.run()
    assert changed(world, before) == {"service-a"}


def test_a_rollback_by_hand_of_a_function_or_a_release_leaves_the_other(world: SeveralReleases) -> None:
    before = world.digests()
    world.change(EMPLOYEE, "service-a")
    world.run()
    assert [proof.target for proof in roll_back(world.unit(EMPLOYEE), None, 0.0) if proof.holds] == [EMPLOYEE]
    assert changed(world, before) == {"service-a"}
    assert [proof.target for proof in roll_back(world.unit("a"), None, 0.0) if proof.holds] == ["service-a"]
    assert changed(world, before) == set()
    assert world.ledger(FUNCTION)[-1].outcome == world.ledger("release-a")[-1].outcome == "rolled back"
    assert world.is_free()


def test_a_rollback_of_a_function_to_a_commit_takes_one_that_was_proven_of_it(world: SeveralReleases) -> None:
    first = world.change(EMPLOYEE)
    world.run()
    digest = world.functions.states[FUNCTION].digest
    world.change(EMPLOYEE, "service-a", text="newer")
    world.run()
    roll_back(world.unit(EMPLOYEE), first[:9], 0.0)
    assert world.functions.states[FUNCTION].digest == digest


def test_status_and_history_of_a_function_tell_of_it_alone(world: SeveralReleases) -> None:
    head = world.change(EMPLOYEE, "service-a")
    world.run()
    site = world.unit(EMPLOYEE)
    standing = read_standing(site, site.clients.helm.history(site.release), past_deployments(site))
    assert standing.runs
    assert standing.runs.commit == head
    by_hand = world.registry.push(FUNCTION_REPOSITORY, "by-hand-again", None)
    world.functions.create(FUNCTION, f"host/{FUNCTION_REPOSITORY}:by-hand-again", by_hand)
    live = world.live(EMPLOYEE)
    assert live.revision is None
    assert list(read_status(site, live)) == [EMPLOYEE]
    assert read_status(site, live)[EMPLOYEE].drift
    assert read_standing(site, (), past_deployments(site)).runs is None


def test_an_older_run_takes_back_no_function_and_no_release_that_is_newer(
    world: SeveralReleases, tmp_path: Path
) -> None:
    older = world.change(EMPLOYEE, "service-a")
    world.change(EMPLOYEE, text="newer")
    world.run()
    late = world.beside(tmp_path / "late", older)
    assert isinstance(late, SeveralReleases)
    before = world.digests()
    with pytest.raises(NewerDeployed, match="a newer commit"):
        late.run()
    assert set(late.codes().values()) == {11}
    assert EMPLOYEE in late.codes()
    assert changed(world, before) == set()


def test_a_part_may_be_a_function(world: SeveralReleases) -> None:
    before = world.digests()
    world.change(EMPLOYEE, PAYROLL.name, "service-a")
    world.run(Options(only=(EMPLOYEE,)))
    assert world.outcomes() == {EMPLOYEE: "deployed", "a": "left out", PAYROLL.name: "left out", "b": "left out"}
    assert changed(world, before) == {FUNCTION}


def test_a_rehearsal_assumes_each_function_and_release(world: SeveralReleases) -> None:
    before = world.digests()
    world.change(EMPLOYEE, "service-b")
    assert world.rehearse().outcome == "rehearsed"
    assert world.outcomes() == {EMPLOYEE: "rehearsed", "a": "nothing", PAYROLL.name: "nothing", "b": "rehearsed"}
    assert changed(world, before) == set()


def test_a_plan_of_the_run_names_services_then_functions_then_charts(world: SeveralReleases) -> None:
    world.change(EMPLOYEE, "service-a")
    world.run()
    assert world.report.plan is not None
    names = [step.target.name for step in world.report.plan.steps]
    assert names == ["service-a", "service-b", EMPLOYEE, PAYROLL.name, "a", "b"]
    assert world.report.plan.unowned == ()


def test_a_file_of_a_unit_that_is_newer_already_is_not_nobody_s(world: SeveralReleases) -> None:
    world.change(EMPLOYEE, "service-a")
    world.registry.answers(FUNCTION_REPOSITORY, scan(CRITICAL=1))
    with pytest.raises(PartlyDeployed, match="1 of 4"):
        world.run()
    world.registry.scans.clear()
    world.commit({"notes/a.txt": "x"})
    assert world.run().outcome == "deployed"
    assert world.report.plan is not None
    assert world.report.plan.unowned == ("notes/a.txt",)


def test_the_account_and_its_parameters_are_asked_once_for_all_units(world: SeveralReleases) -> None:
    asked: Counter[str] = Counter()

    def counted(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def answer(*arguments: Any) -> Any:
            asked[name] += 1
            return ask(*arguments)

        return answer

    world.identity.account = counted("account", world.identity.account)  # type: ignore[method-assign]
    world.parameters.read = counted("read", world.parameters.read)  # type: ignore[method-assign]
    world.change(EMPLOYEE, "service-b")
    assert world.run().outcome == "deployed"
    assert asked == {"account": 1, "read": 1}


def test_one_release_and_its_functions_may_be_apart_as_well(tmp_path: Path) -> None:
    world = several_releases(tmp_path / "one", ("a",), "apart")
    before = world.digests()
    world.change(EMPLOYEE, PAYROLL.name, "service-a")
    world.registry.repositories.remove(f"erp/{PAYROLL.repository}")
    with pytest.raises(PartlyDeployed, match="1 of 3 releases and functions"):
        world.run()
    assert world.codes() == {PAYROLL.name: 5}
    assert changed(world, before) == {"service-a", FUNCTION}


def test_functions_that_are_set_apart_later_have_nothing_to_do_and_go_back_to_what_ran(tmp_path: Path) -> None:
    world = several_releases(tmp_path / "later", ("a", "b"))
    before = world.digests()
    world.project = world.project._replace(deploy=DeployPolicy(units="apart"))
    assert world.run().outcome == "nothing"
    world.change(EMPLOYEE, "service-a")
    world.functions.fails_to_update(FUNCTION, "ImageAccessDenied", times=1)
    with pytest.raises(PartlyDeployed, match="1 of 3"):
        world.run()
    assert changed(world, before) == {"service-a"}
    world.project = world.project._replace(deploy=DeployPolicy())
    assert world.run().outcome == "deployed"
    assert changed(world, before) == {"service-a", FUNCTION}
    site = world.unit("a")
    assert read_standing(site, site.clients.helm.history(site.release), past_deployments(site)).runs
