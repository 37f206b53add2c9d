"""Several releases: each is deployed by itself, and what ends one leaves the others alone."""

from pathlib import Path

import pytest

from erp_build.clients.clock import SimulatedClock
from erp_build.deployment.ledger import read_entries
from erp_build.errors import ConfigurationError, GateBlocked, PartlyDeployed, PushFailed
from erp_build.report.document import report_document
from erp_build.report.html.page import html_page
from erp_build.report.markdown import report_markdown
from erp_build.report.text.run import report_text
from erp_build.run_options import Options
from tests.fakes.deployments import NEVER_READY
from tests.fakes.registry import scan
from tests.fakes.several import SeveralReleases, several_releases
from tests.fakes.world import FUNCTION, Killed
from tests.support.samples import EMPLOYEE

ALL = tuple(f"service-{name}" for name in "abcde")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> SeveralReleases:
    """Five releases that were deployed, made once."""
    return several_releases(tmp_path_factory.mktemp("several") / "world")


@pytest.fixture
def world(template: SeveralReleases, tmp_path: Path) -> SeveralReleases:
    """Five releases that were deployed."""
    return template.copy_to(tmp_path / "world")


def test_the_first_run_deploys_every_release(world: SeveralReleases) -> None:
    assert set(world.running()) == set(ALL)
    assert {name: len(helm.revisions) for name, helm in world.helms.items()} == dict.fromkeys(world.helms, 1)
    assert world.run().outcome == "nothing"


def test_only_the_release_of_a_change_gets_a_revision(world: SeveralReleases) -> None:
    head = world.change("service-b", "c")
    assert world.run().outcome == "deployed"
    assert [name for name, helm in world.helms.items() if len(helm.revisions) > 1] == ["release-b", "release-c"]
    assert world.running()["service-b"] == head[:7]
    assert world.helms["release-c"].charted["templates/hpa.yaml"] == "changed\n"
    assert world.outcomes() == {"a": "nothing", "b": "deployed", "c": "deployed", "d": "nothing", "e": "nothing"}


def test_five_releases_of_which_three_fail_each_by_its_own_reason(world: SeveralReleases) -> None:
    before = world.digests()
    head = world.change(*ALL)
    world.registry.answers("erp/service-a", scan(CRITICAL=1))
    world.registry.repositories.remove("erp/service-b")
    world.clusters["release-c"].troubles["service-c"] = NEVER_READY
    with pytest.raises(PartlyDeployed, match="3 of 5 releases were not deployed") as caught:
        world.run()
    assert caught.value.code == 12
    assert world.report.outcome == "partly"
    assert world.codes() == {"a": 6, "b": 5, "c": 9}
    assert {one for one in world.running().values() if one == head[:7]} == {head[:7]}
    assert {name for name, tag in world.running().items() if tag == head[:7]} == {"service-d", "service-e"}
    now = world.digests()
    assert {name for name in before if before[name] == now[name]} == {"service-a", "service-b", "service-c", FUNCTION}
    assert world.is_free()
    for line in ("a: ", "b: ", "c: ", "deployed: d, e"):
        assert line in caught.value.why
    assert {proof.target for proof in world.report.proofs if proof.holds} >= {"service-d", "service-e"}


def test_the_reports_tell_of_each_release(world: SeveralReleases) -> None:
    world.change("service-a", "service-b")
    world.registry.answers("erp/service-a", scan(CRITICAL=1))
    with pytest.raises(PartlyDeployed, match="1 of 5 releases"):
        world.run()
    document = report_document(world.report)
    assert (document["outcome"], document["exit_code"]) == ("partly", 12)
    units = {one["name"]: (one["outcome"], one["exit_code"]) for one in document["units"]}
    assert units["a"] == ("failed", 6)
    assert units["b"] == ("deployed", 0)
    assert [one["name"] for one in document["targets"]][-5:] == ["a", "b", "c", "d", "e"]
    assert "partly deployed" in report_markdown(document)
    assert "<h2>Units</h2>" in html_page(document)
    assert "Outcome: partly" in report_text(world.report)


def test_where_nothing_was_deployed_the_exit_code_is_the_first_release_s(world: SeveralReleases) -> None:
    world.change("service-a", "service-b")
    world.registry.answers("erp/service-a", scan(CRITICAL=1))
    world.registry.repositories.remove("erp/service-b")
    with pytest.raises(GateBlocked) as caught:
        world.run()
    assert "b: " in caught.value.why
    assert world.report.outcome == "failed"


def test_a_release_whose_lock_is_held_does_not_hold_up_the_others(world: SeveralReleases) -> None:
    head = world.change(*ALL)
    world.all_leases["release-b"].is_held(alive=True)
    with pytest.raises(PartlyDeployed, match="1 of 5 releases"):
        world.run()
    assert world.codes() == {"b": 11}
    assert {name for name, tag in world.running().items() if tag != head[:7]} == {"service-b"}


def test_a_function_is_taken_back_with_the_release_that_it_is_deployed_with(world: SeveralReleases) -> None:
    before = world.functions.states[FUNCTION].digest
    head = world.change(EMPLOYEE, "service-a", "service-b")
    world.clusters["release-a"].troubles["service-a"] = NEVER_READY
    with pytest.raises(PartlyDeployed, match="1 of 5 releases"):
        world.run()
    assert world.functions.states[FUNCTION].digest == before
    assert world.running()["service-b"] == head[:7]


def test_the_ledger_of_each_release_is_its_own(world: SeveralReleases) -> None:
    head = world.change("service-b")
    world.run()
    commits = {
        name: [entry.commit for entry in read_entries(one.lease.record if one.lease else "")]
        for name, one in world.all_leases.items()
    }
    assert [name for name, found in commits.items() if head in found] == ["release-b"]


def test_a_part_names_targets_of_any_release(world: SeveralReleases) -> None:
    head = world.change(*ALL)
    world.run(Options(only=("service-b", "d"), rebuild=()))
    assert {name for name, tag in world.running().items() if tag == head[:7]} == {"service-b"}
    assert world.outcomes() == {"a": "left out", "b": "deployed", "c": "left out", "d": "nothing", "e": "left out"}
    with pytest.raises(ConfigurationError, match="--only service-f: there is no such target"):
        world.run(Options(only=("service-f",)))


def test_a_shared_input_builds_the_services_of_every_release(world: SeveralReleases) -> None:
    head = world.commit({"backend/proto/a.proto": "changed"})
    world.run()
    assert set(world.running().values()) == {head[:7]}
    assert world.report.plan is not None
    assert world.report.plan.unowned == ()


def test_a_file_of_another_release_belongs_to_somebody(world: SeveralReleases) -> None:
    world.commit({"backend/service-b/src/App.java": "changed", "notes/a.txt": "x"})
    world.run()
    assert world.report.plan is not None
    assert world.report.plan.unowned == ("notes/a.txt",)


def test_a_signal_ends_all_of_them(world: SeveralReleases) -> None:
    world.change("service-a", "service-b")
    world.is_killed("upgrade_release", 1, "after")
    with pytest.raises(Killed, match="after upgrade_release"):
        world.run()
    assert list(world.outcomes()) == ["a"]


def test_a_bug_in_one_release_is_told_and_leaves_the_others_alone(world: SeveralReleases) -> None:
    head = world.change("service-a", "service-b")
    world.helms["release-a"].failures["render"] = KeyError("surprise")
    with pytest.raises(PartlyDeployed, match="1 of 5 releases"):
        world.run()
    assert world.codes() == {"a": 70}
    assert world.running()["service-b"] == head[:7]


def test_the_time_of_the_run_counts_for_all_releases_together(world: SeveralReleases) -> None:
    """The proof of one lifts the limit for what follows it, and for nothing more."""
    world.change(*ALL)
    assert isinstance(world.clock, SimulatedClock)
    world.clock.limit(20.0)
    world.clusters["release-a"].troubles["service-a"] = NEVER_READY
    with pytest.raises(PartlyDeployed, match="releases were not deployed"):
        world.run()
    assert set(world.codes()) > {"a"}
    assert set(world.codes().values()) == {9}


def test_a_rehearsal_of_several_releases_assumes_each(world: SeveralReleases) -> None:
    before = world.running()
    world.change("service-a", "service-b")
    report = world.rehearse()
    assert report.outcome == "rehearsed"
    assert {name: len(helm.revisions) for name, helm in world.helms.items()} == dict.fromkeys(world.helms, 1)
    assert world.running() == before
    assert world.outcomes()["a"] == world.outcomes()["b"] == "rehearsed"


def test_a_missing_repository_stops_its_release_alone(world: SeveralReleases) -> None:
    world.registry.repositories.remove("erp/service-e")
    world.change("service-e")
    with pytest.raises(PushFailed, match="1 repositories do not exist"):
        world.run()
    assert world.outcomes() == {"a": "nothing", "b": "nothing", "c": "nothing", "d": "nothing", "e": "failed"}
