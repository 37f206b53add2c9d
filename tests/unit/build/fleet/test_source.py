"""Whose builds are workers, and that they build the commit of the run and no other."""

import pytest

from erp_build.build.fleet.commit import require_planned_commit
from erp_build.errors import ConfigurationError
from erp_build.model.codepipeline import BuildProject
from tests.fakes.fleet import ANOTHER_COMMIT, refusal
from tests.unit.build.fleet.conftest import PROJECT, SERVICES, FleetWorld


def home(source: str, at_once: int | None = None) -> BuildProject:
    return BuildProject(name=PROJECT, role="", privileged=False, timeout=3600.0, source=source, at_once=at_once)


def fan_out_warnings(crowd: FleetWorld) -> list[str]:
    assert crowd.report.plan is not None
    return [one for one in crowd.report.plan.warnings if one.startswith("[build.fan_out]")]


@pytest.mark.parametrize(
    "source", ["GITHUB", "GITHUB_ENTERPRISE", "BITBUCKET", "GITLAB", "GITLAB_SELF_MANAGED", "CODECOMMIT", "NEW_KIND"]
)
def test_the_builds_of_a_project_with_a_repository_are_workers(source: str, crowd: FleetWorld) -> None:
    crowd.fleet.home = home(source)
    crowd.go()
    assert len(crowd.fleet.builds) == 3
    assert crowd.fleet.asked_for == [PROJECT]
    assert fan_out_warnings(crowd) == []


@pytest.mark.parametrize(
    ("project", "why"),
    [
        (None, "there is no project"),
        (home("CODEPIPELINE"), "its source is a pipeline's"),
        (home("NO_SOURCE"), "it has no source"),
        (home("S3"), "no commit"),
    ],
    ids=["missing", "pipeline", "no source", "S3"],
)
def test_a_project_that_cannot_take_a_commit_is_refused_before_anything_is_begun(
    project: BuildProject | None, why: str, crowd: FleetWorld
) -> None:
    crowd.fleet.home = project
    crowd.go()
    assert crowd.fleet.builds == {}
    assert len(crowd.built_here()) == SERVICES
    (warning,) = fan_out_warnings(crowd)
    assert why in warning
    assert "MakeWorkers=true" in warning


def test_a_project_that_may_not_be_looked_at_is_tried(crowd: FleetWorld) -> None:
    crowd.fleet.home = refusal()
    assert [worker.end for worker in crowd.go().workers] == ["done"] * 3


def test_no_more_workers_are_begun_than_the_project_takes_at_once(crowd: FleetWorld) -> None:
    crowd.fleet.home = home("GITHUB", at_once=2)
    crowd.go()
    assert [len(one.request.names) for one in crowd.fleet.builds.values()] == [SERVICES / 2] * 2


def test_where_too_little_can_be_handed_over_it_is_said(crowd: FleetWorld) -> None:
    crowd.fan_out(least=SERVICES)
    service = crowd.project.services[0]
    crowd.uncommitted = {f"{service.path}/src/App.java": "class App { int other; }"}
    crowd.go()
    assert crowd.fleet.builds == {}
    assert fan_out_warnings(crowd)[0].startswith(f"[build.fan_out]: {SERVICES - 1} of {SERVICES} builds can be")


def test_a_worker_whose_source_is_another_commit_is_stopped_and_its_services_are_built_here(crowd: FleetWorld) -> None:
    crowd.fleet.ways = ["astray"]
    report = crowd.go()
    (astray,) = [worker for worker in report.workers if worker.end == "astray"]
    assert report.plan is not None
    assert astray.why == f"its source is {ANOTHER_COMMIT}, not {report.plan.head}"
    assert crowd.fleet.stops == [astray.build]
    assert sorted(crowd.built_here()) == sorted(astray.targets)
    assert crowd.wrongs() == []


def test_a_worker_says_that_it_builds_the_planned_commit(crowd: FleetWorld) -> None:
    head = crowd.checkout.git("rev-parse", "HEAD").strip()
    require_planned_commit(crowd.clients(), head, {"ERP_BUILD_COMMIT": head})
    require_planned_commit(crowd.clients(), head, {})
    assert [line for line in crowd.progress.lines if "worker of a run" in line] == [
        f"worker of a run: the commit is {head}, as the run has planned it"
    ]


@pytest.mark.parametrize("planned", [ANOTHER_COMMIT, "main", ANOTHER_COMMIT[:7]])
def test_a_worker_of_another_commit_builds_nothing(planned: str, crowd: FleetWorld) -> None:
    with pytest.raises(ConfigurationError, match="not the commit that the run has planned"):
        crowd.build(variables={"ERP_BUILD_COMMIT": planned})
    assert crowd.verbs() == []
