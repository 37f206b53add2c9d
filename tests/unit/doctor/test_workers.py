"""The project of workers where all is well, and on what its role is asked."""

import pytest

from erp_build.doctor.max_run_time import longest_run
from erp_build.errors import ConfigurationError
from erp_build.model.permission import WORKER
from tests.fakes.clinic import PIPELINE, PROJECT, ROLE, WORKERS, Clinic


def test_a_project_that_is_as_it_should_be_is_ok(clinic: Clinic) -> None:
    clinic.fans_out(at_once=8)
    found = clinic.find("workers")
    assert (found.state, found.looked_at) == ("ok", f"the build project {WORKERS} of [build.fan_out]")
    assert found.found == "source GITHUB, 8 at once, BUILD_GENERAL1_SMALL, the image of the run"
    assert clinic.find("worker-permissions").state == "ok"


@pytest.mark.parametrize(
    "location",
    ["https://github.com/kim/erp", "https://github.com/KIM/ERP.git", "git@github.com:kim/erp.git", ""],
)
def test_a_repository_is_known_by_any_of_its_addresses(location: str, clinic: Clinic) -> None:
    clinic.fans_out(location=location)
    assert clinic.find("workers").state == "ok"


def test_without_workers_nothing_is_asked_and_nothing_is_wrong(clinic: Clinic) -> None:
    for check in ("workers", "worker-permissions"):
        assert clinic.find(check).found == "it is off: a run begins no workers"
    assert clinic.policies.calls == 0


def test_the_role_of_workers_is_asked_for_what_a_worker_does_and_no_more(clinic: Clinic) -> None:
    clinic.fans_out()
    assert clinic.find("worker-permissions").state == "ok"
    asked = set().union(*clinic.policies.asked.values())
    assert asked == {one.action for one in WORKER if not one.only and not one.action.startswith("codestar")}
    assert not any(action.startswith(("lambda:", "eks:", "sns:", "codebuild:")) for action in asked)
    assert any(f"log-group:/aws/codebuild/{WORKERS}:" in resource for resource in clinic.policies.asked)


def test_workers_with_the_role_of_the_runs_are_not_asked_about_twice(clinic: Clinic) -> None:
    clinic.fans_out(role=ROLE)
    found = clinic.find("worker-permissions")
    assert (found.state, "one of its own could do less" in found.found) == ("ok", True)
    assert clinic.policies.calls == 0


def test_where_the_project_of_the_runs_is_not_known_nothing_is_said_of_workers(clinic: Clinic) -> None:
    clinic.fans_out()
    del clinic.delivery.projects[PROJECT]
    assert clinic.find("workers").state == "unknown"
    assert clinic.find("worker-permissions").state == "unknown"


def test_a_build_without_a_pipeline_is_compared_with_no_repository(clinic: Clinic) -> None:
    clinic.fans_out(location="https://github.com/kim/shop")
    del clinic.delivery.pipelines[PIPELINE]
    clinic.variables = {"CODEBUILD_BUILD_ID": f"{PROJECT}:0a1b"}
    assert clinic.find("workers").state == "ok"


def test_without_credentials_it_is_unknown(clinic: Clinic) -> None:
    clinic.fans_out()
    clinic.no_account = ConfigurationError("there are no AWS credentials")
    assert clinic.find("workers").state == "unknown"


def test_a_run_may_wait_for_two_workers_that_hang(clinic: Clinic) -> None:
    without = longest_run(clinic.world.project)
    clinic.fans_out()
    workers = longest_run(clinic.world.project)
    assert {name: workers[name] for name in workers if name not in without} == {"workers": 120 + 2 * (3600 + 120)}
